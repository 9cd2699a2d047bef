"""What `kernel.Kernel` needs for derivatives besides the forward direction: arrays around the compiled drivers.

All of it is float64, whatever the kernel's dtype: sums over moments with adjoints cancel digits as the change of basis
does. A pair's tangents, and the adjoints of its variables, are one record of FIELDS numbers each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from anisoap_opt.arrays import Array, Floats
from anisoap_opt.kernels.contract import Tangents
from anisoap_opt.kernels.numba.layout import FIELDS, aligned


def pair_records(tangents: Tangents) -> Array:
    """Tangents of r_ij, C and log w as one array, shape [pairs · FIELDS]."""
    r_dot, c_dot, log_w_dot = tangents
    records = np.empty((len(r_dot), FIELDS))
    records[:, :3], records[:, 3:9], records[:, 9] = r_dot, c_dot, log_w_dot
    return records.reshape(-1)


def split_records(records: Floats) -> tuple[Floats, Floats, Floats]:
    """Adjoints of r_ij, C and log w, views of [(pairs + 1) · FIELDS]."""
    table = records.reshape(-1, FIELDS)[:-1]
    return table[:, :3], table[:, 3:9], table[:, 9]


def adjoint_table(adjoints: Sequence[Any], columns: int) -> Floats:
    """Adjoints of all coefficients of a segment side by side, shape [(segments + 1) · columns], zeros at the end."""
    num_segments = len(adjoints[0])
    flat = aligned((num_segments + 1) * columns, np.float64)
    table, done = flat.reshape(-1, columns), 0
    table[-1] = 0
    for one in adjoints:
        width = one.shape[1] * one.shape[2]
        table[:-1, done : done + width] = np.asarray(one).reshape(num_segments, width)
        done += width
    table[:, done:] = 0
    return flat
