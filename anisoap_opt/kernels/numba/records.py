"""The records of `anisoap_opt.gaussians`, made by a compiled loop: one frame of a few particles is the common call."""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any

import numpy as np

from anisoap_opt import gaussians
from anisoap_opt.kernels.numba.jit import compiled, entry_point

_product_gaussian = compiled(gaussians.product_gaussian)


def make_gaussians(rotations: Any, semiaxes: Any, precision: float) -> gaussians.Gaussians:
    """As `Gaussians.of`, by the same formula."""
    rotations, semiaxes = (np.ascontiguousarray(one, dtype=np.float64) for one in (rotations, semiaxes))
    records = np.empty((len(semiaxes), gaussians.RECORD))
    _fill(rotations, semiaxes, float(precision), records)
    return gaussians.Gaussians(records, precision)


@entry_point
def _fill(rotations, semiaxes, precision, records):
    for p in range(len(semiaxes)):
        R = rotations[p]
        rotation = ((R[0, 0], R[0, 1], R[0, 2]), (R[1, 0], R[1, 1], R[1, 2]), (R[2, 0], R[2, 1], R[2, 2]))
        axes = (semiaxes[p, 0], semiaxes[p, 1], semiaxes[p, 2])
        record = _product_gaussian(rotation, axes, precision)
        for k, value in enumerate(record):
            records[p, k] = value
