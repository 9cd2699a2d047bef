"""Drives a kernel over the blocks of centres, a bounded number of segments at a time, straight into the results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np

from anisoap_opt.arrays import Floats, Ints
from anisoap_opt.kernels.contract import Kernel
from anisoap_opt.pairs import CenterBlock, Neighborhoods, Pairs
from anisoap_opt.progress import progress_bar


def map_chunks(
    function: Callable[[CenterBlock, slice, Pairs], Any],
    kernel: Kernel,
    neighborhoods: Neighborhoods,
    *,
    max_segments: int | None = None,
    show_progress: bool = False,
) -> Iterator[tuple[CenterBlock, Any]]:
    """Call a function for runs of whole centres of one type, one after the other or on a kernel's own threads.

    Parameters
    ----------
    function : callable
        Takes the block, which of its centres (rows ascend without gaps), and the pairs of their segments, one segment
        per neighbour type of the block and centre.
    kernel : Kernel
        Says how many segments it likes at once, and may bring threads; results come in order all the same.
    neighborhoods : Neighborhoods
    max_segments : int, optional
        Of a run, if the function likes fewer than the kernel.
    show_progress : bool
        Draw a bar that counts centres.

    Yields
    ------
    block : CenterBlock
    result
        What the function returned.
    """
    most = kernel.segments_per_chunk if max_segments is None else min(max_segments, kernel.segments_per_chunk)
    cuts = [(block, *cut) for block in neighborhoods.blocks for cut in block.chunks(most)]

    def run(cut: tuple[CenterBlock, slice, int, int]) -> tuple[CenterBlock, slice, Any]:
        block, rows, first, last = cut
        pairs = neighborhoods.pairs.segments(first, last)
        with kernel.explained(pairs) if hasattr(kernel, "explained") else nullcontext():  # see contract.OnDevice
            return block, rows, function(block, rows, pairs)

    num_centers = sum(len(block.centers) for block in neighborhoods.blocks)
    with progress_bar(num_centers) if show_progress else nullcontext() as bar:
        for block, rows, result in getattr(kernel, "map_in_order", map)(run, cuts):  # see contract.Threaded
            yield block, result
            if bar is not None:
                bar.update(rows.stop - rows.start)


def fill_blocks(
    function: Callable[[CenterBlock, Pairs], Any],
    targets: list[list[Floats]],
    kernel: Kernel,
    neighborhoods: Neighborhoods,
    *,
    show_progress: bool = False,
) -> list[tuple[CenterBlock, list[Floats]]]:
    """Write what a function makes of the pairs of each run of centres into the arrays of its block.

    Parameters
    ----------
    function : callable
        Takes the block and the pairs, and returns one array [rows, …] for each array of the block.
    targets : list of list of ndarray
        For each block its arrays [centers, …]; written.
    kernel, neighborhoods, show_progress
        As for `map_chunks`.

    Returns
    -------
    list of (block, arrays)
    """
    blocks = neighborhoods.blocks
    arrays = {block.center_type: target for block, target in zip(blocks, targets, strict=True)}

    def write(block: CenterBlock, rows: slice, pairs: Pairs) -> None:
        for target, part in zip(arrays[block.center_type], function(block, pairs), strict=True):
            target[rows] = part

    for _ in map_chunks(write, kernel, neighborhoods, show_progress=show_progress):
        pass
    return list(zip(blocks, targets, strict=True))


def expand(
    kernel: Kernel, neighborhoods: Neighborhoods, dtype: str, *, show_progress: bool = False
) -> list[tuple[CenterBlock, list[Floats]]]:
    """Expansion coefficients of all centres.

    Parameters
    ----------
    kernel, neighborhoods, show_progress
        As for `map_chunks`.
    dtype : str
        Of the result.

    Returns
    -------
    list of (block, coefficients)
        Per block a list of ndarray, the l-th of shape [centers, 2l+1, n_l · neighbor types]; n is slow, the neighbour
        type fast.
    """

    def coefficients(block: CenterBlock, pairs: Pairs) -> list[Any]:
        return [to_numpy(to_centers(c, len(block.neighbor_types))) for c in kernel.coefficients(pairs)]

    targets = [
        [
            np.empty((len(block.centers), 2 * l + 1, n * len(block.neighbor_types)), dtype)
            for l, n in enumerate(kernel.basis.num_radial)
        ]
        for block in neighborhoods.blocks
    ]
    return fill_blocks(coefficients, targets, kernel, neighborhoods, show_progress=show_progress)


def expand_pairs(kernel: Kernel, pairs: Pairs, chosen: Ints, dtype: str) -> list[Floats]:
    """Expansion coefficients of single pairs.

    Parameters
    ----------
    kernel : Kernel
    pairs : Pairs
    chosen : ndarray of int, shape [chosen pairs]
    dtype : str
        Of the result.

    Returns
    -------
    list of ndarray, the l-th of shape [chosen pairs, 2l+1, n_l]
    """
    values = [np.empty((len(chosen), 2 * l + 1, n), dtype) for l, n in enumerate(kernel.basis.num_radial)]
    for first in range(0, len(chosen), kernel.segments_per_chunk):
        some = chosen[first : first + kernel.segments_per_chunk]
        weight = None if pairs.weight is None else pairs.weight[some]
        one_each = Pairs(pairs.j[some], pairs.r_ij[some], np.arange(len(some) + 1), weight)
        for target, part in zip(values, kernel.coefficients(one_each), strict=True):
            target[first : first + len(some)] = to_numpy(part)
    return values


def to_centers(coefficients: Any, num_types: int) -> Any:
    """[centers · types, 2l+1, n] → [centers, 2l+1, n · types]; NumPy or Torch."""
    _, components, num_radial = coefficients.shape
    if num_types == 1:
        return coefficients
    grouped = coefficients.reshape(-1, num_types, components, num_radial)
    return grouped.swapaxes(1, 2).swapaxes(2, 3).reshape(-1, components, num_radial * num_types)


def to_segments(coefficients: Any, num_types: int) -> Any:
    """Inverse of `to_centers`: [centers, 2l+1, n · types] → [centers · types, 2l+1, n]."""
    if num_types == 1:
        return coefficients
    num_centers, components, columns = coefficients.shape
    num_radial = columns // num_types
    grouped = coefficients.reshape(num_centers, components, num_radial, num_types)
    return grouped.swapaxes(2, 3).swapaxes(1, 2).reshape(num_centers * num_types, components, num_radial)


def to_numpy(array: Any) -> Any:
    """A NumPy array from a backend's own."""
    return array.detach().cpu().numpy() if hasattr(array, "detach") else array
