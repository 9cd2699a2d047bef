"""Drives a kernel over the blocks of centres, a bounded number of segments at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from anisoap_opt.pairs import CenterBlock, Neighborhoods, Pairs

CHUNK_BYTES = 1 << 23
"""What a kernel holds for all segments of a chunk has at most this size."""


def chunks(
    kernel: Any, neighborhoods: Neighborhoods, *, show_progress: bool = False
) -> Iterator[tuple[CenterBlock, slice, Pairs]]:
    """Cut the pairs into runs of whole centres of one type.

    Parameters
    ----------
    kernel : Kernel of a backend
        Says how many numbers it holds per segment.
    neighborhoods : Neighborhoods
    show_progress : bool
        Draw a bar that counts centres.

    Yields
    ------
    block : CenterBlock
    rows : slice
        Which of the block's centres; rows ascend without gaps.
    pairs : Pairs
        Their segments, one per neighbour type of the block and centre.
    """
    max_segments = max(1, CHUNK_BYTES // (8 * kernel.values_per_segment))
    with _progress_bar(neighborhoods) if show_progress else nullcontext() as bar:
        for block in neighborhoods.blocks:
            for rows, first, last in block.chunks(max_segments):
                yield block, rows, neighborhoods.pairs.segments(first, last)
                if bar is not None:
                    bar.update(rows.stop - rows.start)


def expand(
    kernel: Any, neighborhoods: Neighborhoods, *, show_progress: bool = False
) -> Iterator[tuple[CenterBlock, list[Any]]]:
    """Expansion coefficients of all centres, chunk by chunk.

    Parameters
    ----------
    kernel, neighborhoods, show_progress
        As for `chunks`.

    Yields
    ------
    block : CenterBlock
    coefficients : list of array, the l-th of shape [centers, 2l+1, n_l · neighbor types]
        Of the block's next centres, in the backend's own array type; n is slow, the neighbour type fast.
    """
    for block, _, pairs in chunks(kernel, neighborhoods, show_progress=show_progress):
        yield block, [to_centers(c, len(block.neighbor_types)) for c in kernel.coefficients(pairs)]


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
