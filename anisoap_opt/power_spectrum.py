"""The power spectrum: each l's coefficients coupled with themselves, and its sum or mean over a frame's centres.

The equation is that of `anisoap_opt.basis.coupling`. The arrays may be NumPy's or Torch's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from anisoap_opt.arrays import Floats, Ints
from anisoap_opt.basis.coupling import count_features, features_of_types, scale, upper_triangle, upper_triangles
from anisoap_opt.chunks import fill_blocks, map_chunks, to_centers, to_numpy
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.kernels.contract import FrameSums, Kernel
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
    sizes = [c.shape[2] for c in coefficients]
    blocks = [
        (scale(l) * (c.swapaxes(1, 2) @ c)).reshape(len(c), a**2)
        for l, (c, a) in enumerate(zip(coefficients, sizes, strict=True))
    ]
    if isinstance(blocks[0], np.ndarray):
        if symmetric:
            for l, (p, (columns, factors)) in enumerate(zip(blocks, map(upper_triangle, sizes), strict=True)):
                blocks[l] = p[:, columns]
                blocks[l] *= factors
        return np.concatenate(blocks, axis=1)
    import torch

    from anisoap_opt.kernels.device_memory import upload

    whole = torch.cat(blocks, dim=1)
    if not symmetric:
        return whole
    columns, factors = upper_triangles(tuple(sizes))
    return whole.index_select(1, upload(columns, whole.device)) * upload(factors, whole.device, whole.dtype)


def push_power_spectrum(
    coefficients: Sequence[Floats], tangents: Sequence[Floats], *, symmetric: bool = False
) -> Floats:
    """Tangents of the power spectrum from those of the coefficients.

    ṗ[a, b] = scale_l Σ_m (ċ[m, a] c[m, b] + c[m, a] ċ[m, b])

    Parameters
    ----------
    coefficients : list of ndarray, the l-th of shape [rows, 2l+1, a]
    tangents : list of ndarray, the l-th of shape [rows, directions, 2l+1, a]
    symmetric : bool
        See `power_spectrum`.

    Returns
    -------
    ndarray, shape [rows, directions, features]
    """
    blocks = []
    for l, (c, dots) in enumerate(zip(coefficients, tangents, strict=True)):
        rows, directions, components, size = dots.shape
        left = scale(l) * dots.swapaxes(2, 3).reshape(rows, directions * size, components)
        half = (left @ c).reshape(rows, directions, size, size)
        whole = (half + half.swapaxes(2, 3)).reshape(rows, directions, size**2)
        if symmetric:
            columns, factors = upper_triangle(size)
            whole = whole[:, :, columns] * factors
        blocks.append(whole)
    return np.concatenate(blocks, axis=2)


def reduced_power_spectrum(
    kernel: Kernel,
    batch: ParticleBatch,
    neighborhoods: Neighborhoods,
    dtype: str,
    *,
    reduce: str = "mean",
    symmetric: bool = False,
    show_progress: bool = False,
) -> Floats:
    """Mean or sum of the power spectrum over the centres of each frame, per centre type.

    Parameters
    ----------
    kernel : Kernel
    batch : ParticleBatch
    neighborhoods : Neighborhoods
        Of this batch.
    dtype : str
        Of the result.
    reduce : {"mean", "sum"}
    symmetric : bool
        See `power_spectrum`.
    show_progress : bool
        Draw a progress bar.

    Returns
    -------
    ndarray, shape [frames, features]
        The columns of the blocks follow each other; zero where a frame has no centre of the type.
    """
    blocks, columns = neighborhoods.blocks, columns_of_blocks(kernel, neighborhoods.blocks, symmetric)
    frame_of_particle = batch.frame_of_particle
    width = sum(width_of_block(kernel, block, symmetric) for block in blocks)
    rows_of_frames = np.zeros((batch.num_frames, width), dtype=dtype)

    def sums_of_frames(block: CenterBlock, rows: slice, pairs: Pairs) -> tuple[Any, Any]:
        frame = frame_of_particle[block.centers[rows]]  # ascending
        first = np.flatnonzero(np.diff(frame, prepend=-1))
        return frame[first], sum_by_kernel(kernel, pairs, block, first, symmetric=symmetric)

    for block, (frames, sums) in map_chunks(sums_of_frames, kernel, neighborhoods, show_progress=show_progress):
        rows_of_frames[frames, columns[block.center_type]] += sums
    if reduce == "mean":
        for block in blocks:
            counts = np.bincount(frame_of_particle[block.centers], minlength=batch.num_frames)
            rows_of_frames[:, columns[block.center_type]] /= np.maximum(counts, 1)[:, None].astype(dtype)
    return rows_of_frames


def mean_over_frames(found: FrameSums, num_radial: Sequence[int], *, symmetric: bool = False) -> None:
    """Divide sums over frames by the number of centres of each type, in place."""
    counts, first = np.maximum(found.counts, 1).astype(found.values.dtype), 0
    for t, width in enumerate(features_of_types(num_radial, found.met, symmetric=symmetric)):
        last = first + width
        found.values[:, first:last] /= counts[:, t, None]
        first = last


def center_power_spectra(
    kernel: Kernel, neighborhoods: Neighborhoods, dtype: str, *, symmetric: bool = False, show_progress: bool = False
) -> list[tuple[CenterBlock, Floats]]:
    """Power spectrum of every centre; parameters as for `reduced_power_spectrum`.

    Returns
    -------
    list of (block, ndarray of shape [centers, features])
    """

    def spectra(block: CenterBlock, pairs: Pairs) -> list[Floats]:
        every_center = np.arange(pairs.num_segments // len(block.neighbor_types))
        return [sum_by_kernel(kernel, pairs, block, every_center, symmetric=symmetric)]

    targets: list[list[Floats]] = [
        [np.empty((len(block.centers), width_of_block(kernel, block, symmetric)), dtype)]
        for block in neighborhoods.blocks
    ]
    filled = fill_blocks(spectra, targets, kernel, neighborhoods, show_progress=show_progress)
    return [(block, values) for block, (values,) in filled]


def split_blocks(
    kernel: Kernel, neighborhoods: Neighborhoods, rows: Floats, *, symmetric: bool = False
) -> list[tuple[CenterBlock, Floats]]:
    """The columns of each block of a `reduced_power_spectrum`, views."""
    columns = columns_of_blocks(kernel, neighborhoods.blocks, symmetric)
    return [(block, rows[:, columns[block.center_type]]) for block in neighborhoods.blocks]


def columns_of_blocks(kernel: Kernel, blocks: Sequence[CenterBlock], symmetric: bool) -> dict[int, slice]:
    """Columns of each centre type where the blocks follow each other."""
    ends = np.cumsum([0, *(width_of_block(kernel, block, symmetric) for block in blocks)]).tolist()
    return {block.center_type: slice(*ends[k : k + 2]) for k, block in enumerate(blocks)}


def width_of_block(kernel: Kernel, block: CenterBlock, symmetric: bool) -> int:
    """Columns of a block."""
    return count_features([n * len(block.neighbor_types) for n in kernel.basis.num_radial], symmetric=symmetric)


def sum_by_kernel(kernel: Kernel, pairs: Pairs, block: CenterBlock, start: Ints, *, symmetric: bool = False) -> Floats:
    """`sum_power_spectra` of some pairs of a block, by the kernel itself if it offers that; shape [runs, features]."""
    if len(start) == 0:
        return np.zeros((0, width_of_block(kernel, block, symmetric)))
    num_types = len(block.neighbor_types)
    if hasattr(kernel, "sum_power_spectra"):  # contract.Coupling, whose own test takes longer than a small frame
        return to_numpy(kernel.sum_power_spectra(pairs, num_types, start, symmetric=symmetric))
    return to_numpy(sum_power_spectra(kernel.coefficients(pairs), num_types, start, symmetric=symmetric))


def sum_power_spectra(coefficients: Sequence[Any], num_types: int, start: Ints, *, symmetric: bool = False) -> Any:
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

    from anisoap_opt.kernels.device_memory import upload

    run = upload(np.repeat(np.arange(len(start)), np.diff(start, append=len(rows))), rows.device)
    sums = torch.zeros((len(start), rows.shape[1]), dtype=rows.dtype, device=rows.device)
    return sums.index_add_(0, run, rows)
