"""Drives a kernel over the blocks of centres, a bounded number of segments at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.monomials import num_up_to_degree
from anisoap_opt.pairs import CenterBlock, Neighborhoods

CHUNK_BYTES = 1 << 24
"""Summed moments of this size at most are held at once."""


def expand(
    kernel: Any, neighborhoods: Neighborhoods, basis: BasisChange, *, show_progress: bool = False
) -> Iterator[tuple[CenterBlock, slice, list[Any]]]:
    """Expansion coefficients, chunk by chunk.

    Parameters
    ----------
    kernel : Kernel of a backend
    neighborhoods : Neighborhoods
    basis : BasisChange
        The one that the kernel was made with.
    show_progress : bool
        Draw a bar that counts centres.

    Yields
    ------
    block : CenterBlock
    rows : slice
        Which of the block's centres; rows ascend without gaps.
    coefficients : list of array, the l-th of shape [centers, 2l+1, n_l · neighbor types]
        In the backend's own array type; n is slow, the neighbour type fast.
    """
    max_segments = max(1, CHUNK_BYTES // (8 * num_up_to_degree(basis.degree)))
    with _progress_bar(neighborhoods) if show_progress else nullcontext() as bar:
        for block in neighborhoods.blocks:
            for rows, first, last in block.chunks(max_segments):
                per_segment = kernel.coefficients(neighborhoods.pairs.segments(first, last))
                yield block, rows, [_to_centers(c, len(block.neighbor_types)) for c in per_segment]
                if bar is not None:
                    bar.update(rows.stop - rows.start)


def _progress_bar(neighborhoods: Neighborhoods) -> Any:
    from tqdm.auto import tqdm

    total = sum(len(block.centers) for block in neighborhoods.blocks)
    return tqdm(total=total, desc="AniSOAP", unit="centre")


def _to_centers(coefficients: Any, num_types: int) -> Any:
    """[centers · types, 2l+1, n] → [centers, 2l+1, n · types]."""
    _, components, num_radial = coefficients.shape
    if num_types == 1:
        return coefficients
    grouped = coefficients.reshape(-1, num_types, components, num_radial)
    return grouped.swapaxes(1, 2).swapaxes(2, 3).reshape(-1, components, num_radial * num_types)


def to_numpy(array: Any) -> Any:
    """A NumPy array from a backend's own."""
    return array.detach().cpu().numpy() if hasattr(array, "detach") else array
