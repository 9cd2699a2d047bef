"""The power spectrum: each l's coefficients coupled with themselves, and its mean over a frame's centres.

    p_l[a, b] = (-1)^l / sqrt(2l+1) Σ_m c_l[m, a] c_l[m, b],   a, b over (n, neighbour type), types fastest

The arrays may be NumPy's or Torch's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from anisoap_opt.arrays import Array, Floats, Ints
from anisoap_opt.expansion import join_chunks, map_chunks, to_centers, to_numpy
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.pairs import CenterBlock, Neighborhoods, Pairs


def power_spectrum(coefficients: list[Any], *, symmetric: bool = False) -> Any:
    """Power spectrum of every centre.

    Parameters
    ----------
    coefficients : list of array, the l-th of shape [centers, 2l+1, a]
        NumPy or Torch.
    symmetric : bool
        p_l[a, b] = p_l[b, a]. True keeps a ≤ b only, off-diagonals times √2: inner products do not change.

    Returns
    -------
    array, shape [centers, Σ_l a_l²], or [centers, Σ_l a_l (a_l + 1)/2] if symmetric
        Columns l = 0, 1, …; within an l the index a is slow and b fast.
    """
    blocks = []
    for l, c in enumerate(coefficients):
        scale = (-1) ** l / math.sqrt(2 * l + 1)
        p = (scale * (c.swapaxes(1, 2) @ c)).reshape(len(c), c.shape[2] ** 2)
        if symmetric:
            columns, factors = upper_triangle(c.shape[2])
            p = p[:, columns]
            p *= factors if isinstance(p, np.ndarray) else p.new_tensor(factors)
        blocks.append(p)
    if isinstance(blocks[0], np.ndarray):
        return np.concatenate(blocks, axis=1)
    import torch

    return torch.cat(blocks, dim=1)


def count_features(sizes: list[int], *, symmetric: bool = False) -> int:
    """Number of columns of a power spectrum; `sizes` are the a_l = n_l · neighbor types."""
    return sum(a * (a + 1) // 2 if symmetric else a**2 for a in sizes)


@cache
def upper_triangle(size: int) -> tuple[Ints, Array]:
    """Which entries [a, b] of a flattened symmetric matrix to keep, and their factors: 1 for a = b, √2 for a < b.

    Parameters
    ----------
    size : int

    Returns
    -------
    columns : ndarray of int, shape [size (size + 1)/2]
        a · size + b for a ≤ b, ascending.
    factors : ndarray, shape [size (size + 1)/2]
    """
    a, b = np.triu_indices(size)
    return a * size + b, np.where(a == b, 1.0, math.sqrt(2))


def mean_power_spectrum(
    kernel: Any,
    batch: ParticleBatch,
    neighborhoods: Neighborhoods,
    num_radial: Sequence[int],
    dtype: str,
    *,
    symmetric: bool = False,
    show_progress: bool = False,
) -> Floats:
    """Mean of the power spectrum over the centres of each frame, per centre type.

    Parameters
    ----------
    kernel : Kernel of a backend
    batch : ParticleBatch
    neighborhoods : Neighborhoods
        Of this batch.
    num_radial : sequence of int
        n_l.
    dtype : str
        Of the result.
    symmetric : bool
        See `power_spectrum`.
    show_progress : bool
        Draw a progress bar.

    Returns
    -------
    ndarray, shape [frames, features]
        The columns of the blocks follow each other; zero where a frame has no centre of the type.
    """
    blocks = neighborhoods.blocks
    widths = [
        count_features([num * len(block.neighbor_types) for num in num_radial], symmetric=symmetric) for block in blocks
    ]
    ends = np.cumsum([0, *widths]).tolist()
    columns = {block.center_type: slice(*ends[k : k + 2]) for k, block in enumerate(blocks)}
    frame_of_particle = batch.frame_of_particle
    means = np.zeros((batch.num_frames, ends[-1]), dtype=dtype)

    def sums_of_frames(block: CenterBlock, rows: slice, pairs: Pairs) -> tuple[Any, Any]:
        frame = frame_of_particle[block.centers[rows]]  # ascending
        first = np.flatnonzero(np.diff(frame, prepend=-1))
        return frame[first], sum_by_kernel(kernel, pairs, len(block.neighbor_types), first, symmetric=symmetric)

    for block, _, (frames, sums) in map_chunks(sums_of_frames, kernel, neighborhoods, show_progress=show_progress):
        means[frames, columns[block.center_type]] += sums
    for block in blocks:
        counts = np.bincount(frame_of_particle[block.centers], minlength=batch.num_frames)
        means[:, columns[block.center_type]] /= np.maximum(counts, 1)[:, None].astype(means.dtype)
    return means


def center_power_spectra(
    kernel: Any, neighborhoods: Neighborhoods, dtype: str, *, symmetric: bool = False, show_progress: bool = False
) -> list[tuple[CenterBlock, Floats]]:
    """Power spectrum of every centre; parameters as for `mean_power_spectrum`.

    Returns
    -------
    list of (block, ndarray of shape [centers, features])
    """

    def spectra(block: CenterBlock, rows: slice, pairs: Pairs) -> list[Any]:
        every_center = np.arange(rows.stop - rows.start)
        values = sum_by_kernel(kernel, pairs, len(block.neighbor_types), every_center, symmetric=symmetric)
        return [values.astype(dtype, copy=False)]

    chunks = map_chunks(spectra, kernel, neighborhoods, show_progress=show_progress)
    return [(block, values) for block, (values,) in join_chunks(chunks)]


def sum_by_kernel(kernel: Any, pairs: Pairs, num_types: int, start: Ints, *, symmetric: bool = False) -> Floats:
    """`sum_power_spectra` of some pairs, by the kernel itself if it offers that; shape [runs, features]."""
    if len(start) == 0:
        features = count_features([n * num_types for n in kernel.basis.num_radial], symmetric=symmetric)
        return np.zeros((0, features))
    if hasattr(kernel, "sum_power_spectra"):
        return to_numpy(kernel.sum_power_spectra(pairs, num_types, start, symmetric=symmetric))
    return to_numpy(sum_power_spectra(kernel.coefficients(pairs), num_types, start, symmetric=symmetric))


def sum_power_spectra(coefficients: list[Any], num_types: int, start: Ints, *, symmetric: bool = False) -> Any:
    """Sums of the power spectra of runs of centres.

    Parameters
    ----------
    coefficients : list of array, the l-th of shape [centers · types, 2l+1, n_l]
        NumPy or Torch.
    num_types : int
        Segments, one a neighbour type, that make up a centre.
    start : ndarray of int, shape [runs]
        First centre of each run, ascending from 0; no run is empty.
    symmetric : bool
        See `power_spectrum`.

    Returns
    -------
    array, shape [runs, features]
    """
    per_center = power_spectrum([to_centers(c, num_types) for c in coefficients], symmetric=symmetric)
    return per_center if len(start) == len(per_center) else sum_rows(per_center, start)


def sum_rows(rows: Any, start: Ints) -> Any:
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
