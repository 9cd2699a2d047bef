"""Drives a kernel over the blocks of centres, a bounded number of segments at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np

from anisoap_opt.pairs import CenterBlock, Neighborhoods, Pairs

CHUNK_BYTES = 1 << 22
"""What a kernel holds for all segments of a chunk has at most this size."""


def map_chunks(
    function: Callable[[CenterBlock, slice, Pairs], Any],
    kernel: Any,
    neighborhoods: Neighborhoods,
    *,
    show_progress: bool = False,
) -> Iterator[tuple[CenterBlock, slice, Any]]:
    """Call a function for runs of whole centres of one type, one after the other or on a kernel's own threads.

    Parameters
    ----------
    function : callable
        Takes the block, which of its centres (rows ascend without gaps), and the pairs of their segments, one segment
        per neighbour type of the block and centre.
    kernel : Kernel of a backend
        Says how many numbers it holds per segment. Its `map`, if it has one, is used in place of Python's: results
        come in order.
    neighborhoods : Neighborhoods
    show_progress : bool
        Draw a bar that counts centres.

    Yields
    ------
    block : CenterBlock
    rows : slice
    result
        What the function returned.
    """
    max_segments = max(1, CHUNK_BYTES // (8 * kernel.values_per_segment))
    cuts = [(block, *cut) for block in neighborhoods.blocks for cut in block.chunks(max_segments)]

    def run(cut: tuple[CenterBlock, slice, int, int]) -> tuple[CenterBlock, slice, Any]:
        block, rows, first, last = cut
        return block, rows, function(block, rows, neighborhoods.pairs.segments(first, last))

    with _progress_bar(neighborhoods) if show_progress else nullcontext() as bar:
        for block, rows, result in getattr(kernel, "map", map)(run, cuts):
            yield block, rows, result
            if bar is not None:
                bar.update(rows.stop - rows.start)


def expand(
    kernel: Any, neighborhoods: Neighborhoods, *, show_progress: bool = False
) -> list[tuple[CenterBlock, list[Any]]]:
    """Expansion coefficients of all centres.

    Parameters
    ----------
    kernel, neighborhoods, show_progress
        As for `map_chunks`.

    Returns
    -------
    list of (block, coefficients)
        Per block a list of ndarray, the l-th of shape [centers, 2l+1, n_l · neighbor types]; n is slow, the neighbour
        type fast.
    """

    def coefficients(block: CenterBlock, rows: slice, pairs: Pairs) -> list[Any]:
        return [to_numpy(to_centers(c, len(block.neighbor_types))) for c in kernel.coefficients(pairs)]

    return join_chunks(map_chunks(coefficients, kernel, neighborhoods, show_progress=show_progress))


def join_chunks(chunks: Iterable[tuple[CenterBlock, slice, list[Any]]]) -> list[tuple[CenterBlock, list[Any]]]:
    """Join the chunks of each block: lists of arrays [rows, …] along the rows."""
    parts: dict[int, tuple[CenterBlock, list[list[Any]]]] = {}
    for block, _, arrays in chunks:
        parts.setdefault(block.center_type, (block, []))[1].append(arrays)
    return [(block, [np.concatenate(one) for one in zip(*many, strict=True)]) for block, many in parts.values()]


def to_centers(coefficients: Any, num_types: int) -> Any:
    """[centers · types, 2l+1, n] → [centers, 2l+1, n · types]; NumPy or Torch."""
    _, components, num_radial = coefficients.shape
    if num_types == 1:
        return coefficients
    grouped = coefficients.reshape(-1, num_types, components, num_radial)
    return grouped.swapaxes(1, 2).swapaxes(2, 3).reshape(-1, components, num_radial * num_types)


def to_numpy(array: Any) -> Any:
    """A NumPy array from a backend's own."""
    return array.detach().cpu().numpy() if hasattr(array, "detach") else array


def _progress_bar(neighborhoods: Neighborhoods) -> Any:
    from tqdm.auto import tqdm

    total = sum(len(block.centers) for block in neighborhoods.blocks)
    return tqdm(total=total, desc="AniSOAP", unit="centre")
