"""The power spectrum: each l's coefficients coupled with themselves, and its mean over a frame's centres.

    p_l[a, b] = (-1)^l / sqrt(2l+1) Σ_m c_l[m, a] c_l[m, b],   a, b over (n, neighbour type), types fastest

The arrays may be NumPy's or Torch's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt


def power_spectrum(coefficients: list[Any]) -> Any:
    """Power spectrum of every centre.

    Parameters
    ----------
    coefficients : list of array, the l-th of shape [centers, 2l+1, a]
        NumPy or Torch.

    Returns
    -------
    array, shape [centers, Σ_l a_l²]
        Columns l = 0, 1, …; within an l the index a is slow and b fast.
    """
    blocks = []
    for l, c in enumerate(coefficients):
        scale = (-1) ** l / math.sqrt(2 * l + 1)
        blocks.append((scale * (c.swapaxes(1, 2) @ c)).reshape(len(c), c.shape[2] ** 2))
    if isinstance(blocks[0], np.ndarray):
        return np.concatenate(blocks, axis=1)
    import torch

    return torch.cat(blocks, dim=1)


def sum_rows(rows: Any, start: npt.NDArray[np.int64]) -> Any:
    """Sums over runs of rows.

    Parameters
    ----------
    rows : array, shape [rows, features]
        NumPy or Torch.
    start : ndarray of int, shape [runs]
        Ascending; run k holds the rows start[k] … start[k+1] - 1, none is empty, the last ends with the array.

    Returns
    -------
    array, shape [runs, features]
    """
    if isinstance(rows, np.ndarray):
        return np.add.reduceat(rows, start, axis=0)
    import torch

    run = torch.repeat_interleave(torch.as_tensor(np.diff(start, append=len(rows)), device=rows.device))
    sums = torch.zeros((len(start), rows.shape[1]), dtype=rows.dtype, device=rows.device)
    return sums.index_add_(0, run, rows)
