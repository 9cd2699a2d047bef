"""Pairs, and the segments that sums over pairs run over.

A segment holds the pairs of one centre with the neighbours of one type. Segments are laid out as the descriptor is:
centre types ascend, then centres, then neighbour types, and every centre of a block has a segment, perhaps an empty
one, for every neighbour type of the block. Coefficients of consecutive segments are therefore already in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Array, Bools, Ints


@dataclass(frozen=True)
class Pairs:
    """Pairs sorted by segment; what a kernel reads.

    Attributes
    ----------
    j : ndarray of int, shape [pairs]
        Neighbour of each pair, a particle index.
    r_ij : ndarray, shape [pairs, 3]
        From the centre to the neighbour, in the batch's unit of length.
    start : ndarray of int, shape [segments + 1]
        Segment g holds the pairs start[g] … start[g+1] - 1.
    weight : ndarray, shape [pairs], or None
        A factor of each pair's density; None means 1.
    """

    j: Ints
    r_ij: Array
    start: Ints
    weight: Array | None = None

    @property
    def num_segments(self) -> int:
        """Number of segments, empty ones included."""
        return len(self.start) - 1

    def segments(self, first: int, last: int) -> Pairs:
        """The pairs of the segments first … last - 1, as views."""
        chosen = slice(self.start[first], self.start[last])
        weight = None if self.weight is None else self.weight[chosen]
        return Pairs(self.j[chosen], self.r_ij[chosen], self.start[first : last + 1] - self.start[first], weight)


class CenterBlock(NamedTuple):
    """All centres of one type.

    Attributes
    ----------
    center_type : int
    neighbor_types : tuple of int
        Ascending.
    centers : ndarray of int, shape [centers]
        Particle indices, ascending; only centres with at least one neighbour.
    first_segment : int
        The block's segments are first_segment + row · len(neighbor_types) + column.
    """

    center_type: int
    neighbor_types: tuple[int, ...]
    centers: Ints
    first_segment: int

    def chunks(self, max_segments: int) -> Iterator[tuple[slice, int, int]]:
        """Cut into runs of centres: (rows, first segment, last segment + 1); one run even if there are no centres."""
        width = len(self.neighbor_types)
        step = max(1, max_segments // width)
        for row in range(0, max(1, len(self.centers)), step):
            last = min(row + step, len(self.centers))
            yield slice(row, last), self.first_segment + row * width, self.first_segment + last * width


class Neighborhoods(NamedTuple):
    """All pairs of a batch of frames and the blocks they belong to.

    Attributes
    ----------
    pairs : Pairs
        Or what offers the same attributes and `segments`.
    blocks : tuple of CenterBlock
        Centre types ascend.
    shifts : ndarray of int, shape [pairs, 3], or None
        Cell shift of the neighbour's image, kept on request.
    """

    pairs: Any
    blocks: tuple[CenterBlock, ...]
    shifts: Ints | None = None


def check_types(present: Ints, types: Sequence[int] | None) -> Ints:
    """Sorted unique types of the layout: those present, or the requested ones, which must include them.

    Raises
    ------
    ValueError
        If a type occurs in the frames but not in `types`.
    """
    if types is None:
        return present
    wanted = np.unique(np.asarray(types, dtype=np.int64))
    absent = np.setdiff1d(present, wanted)
    if len(absent):
        raise ValueError(f"the frames hold types {absent.tolist()}, which are not in types={wanted.tolist()}")
    return wanted


def encode_types(particle_types: Ints, types: Sequence[int] | None) -> tuple[Ints, Ints]:
    """Types of the layout, and every particle's place among them.

    Returns
    -------
    layout : ndarray of int, shape [types]
        Ascending; see `check_types`.
    code : ndarray of int, shape [particles]
    """
    if types is None and len(particle_types) and (particle_types == particle_types[0]).all():
        return particle_types[:1], np.zeros(len(particle_types), np.int64)
    if len(particle_types) and particle_types.min() >= 0 and particle_types.max() < 1000:
        present = np.flatnonzero(np.bincount(particle_types))  # np.unique would sort all particles
    else:
        present = np.unique(particle_types)
    layout = check_types(present, types)
    return layout, np.searchsorted(layout, particle_types)


class Layout(NamedTuple):
    """Where the segments of all centres lie.

    Attributes
    ----------
    blocks : tuple of CenterBlock
        Centre types ascend.
    first_segment : ndarray of int, shape [particles]
        Of each centre; 0 for a particle that is none.
    columns : ndarray of int, shape [types, types]
        A pair of centre type t and neighbour type u lies in segment first_segment[i] + columns[t, u]; -1 if the block
        has no column for u.
    num_segments : int
    """

    blocks: tuple[CenterBlock, ...]
    first_segment: Ints
    columns: Ints
    num_segments: int


def lay_out(types: Ints, code: Ints, is_center: Bools, met: Bools) -> Layout:
    """Give every centre its segments: centre types ascend, then centres, then the neighbour types of the block.

    Parameters
    ----------
    types : ndarray of int, shape [types]
        Of the layout, see `encode_types`.
    code : ndarray of int, shape [particles]
        Place of each particle's type among them.
    is_center : ndarray of bool, shape [particles]
        Which particles have a segment.
    met : ndarray of bool, shape [types, types]
        Which neighbour types u the block of centre type t has a column for.

    Returns
    -------
    Layout
    """
    columns = np.where(met, np.cumsum(met, axis=1) - 1, -1)
    first_segment = np.zeros(len(code), dtype=np.int64)
    blocks, num_segments = [], 0
    for t in np.flatnonzero(met.any(axis=1)).tolist():
        centers = np.flatnonzero(is_center & (code == t))
        neighbor_types = tuple(types[met[t]].tolist())
        blocks.append(CenterBlock(int(types[t]), neighbor_types, centers, num_segments))
        first_segment[centers] = num_segments + len(neighbor_types) * np.arange(len(centers))
        num_segments += len(neighbor_types) * len(centers)
    return Layout(tuple(blocks), first_segment, columns, num_segments)


def lay_out_counts(types: Ints, code: Ints, counts: Ints, *, fixed: bool) -> tuple[Layout, Ints]:
    """Layout for a search that has counted, and not yet written, its pairs.

    Parameters
    ----------
    types, code
        As for `lay_out`.
    counts : ndarray of int, shape [particles, types]
        Neighbours of each type; a particle without any is no centre.
    fixed : bool
        Whether every block has a column for every type, or for those only that its centres meet.

    Returns
    -------
    layout : Layout
    start : ndarray of int, shape [segments + 1]
        See `Pairs`.
    """
    met = np.full((len(types), len(types)), fixed)
    for t in range(len(types)):
        met[t] |= counts[code == t].any(axis=0)
    layout = lay_out(types, code, np.asarray(counts.any(axis=1)), met)
    sizes = [
        counts[block.centers][:, met[np.searchsorted(types, block.center_type)]].ravel() for block in layout.blocks
    ]
    return layout, np.cumsum(np.concatenate([np.zeros(1, np.int64), *sizes]))


def sort_into_segments(
    particle_types: Ints,
    i: Ints,
    j: Ints,
    r_ij: Array,
    shifts: Ints | None = None,
    types: Sequence[int] | None = None,
) -> Neighborhoods:
    """Sort pairs by centre type, centre and neighbour type; pairs of one segment keep their order.

    Parameters
    ----------
    particle_types : ndarray of int, shape [particles]
    i, j : ndarray of int, shape [pairs]
        Centre and neighbour, particle indices.
    r_ij : ndarray, shape [pairs, 3]
        In the batch's unit of length.
    shifts : ndarray of int, shape [pairs, 3], optional
        Carried along.
    types : sequence of int, optional
        Fixes the layout: every block gets a column for each of these types. By default a block has columns for the
        neighbour types that its centres meet anywhere in the batch.

    Returns
    -------
    Neighborhoods
    """
    of_layout, code = encode_types(particle_types, types)
    met = np.full((len(of_layout), len(of_layout)), types is not None)
    met[code[i], code[j]] = True
    is_center = np.zeros(len(particle_types), dtype=bool)
    is_center[i] = True
    layout = lay_out(of_layout, code, is_center, met)

    segment = layout.first_segment[i] + layout.columns[code[i], code[j]]
    order = np.argsort(segment, kind="stable")
    start = np.zeros(layout.num_segments + 1, dtype=np.int64)
    np.cumsum(np.bincount(segment, minlength=layout.num_segments), out=start[1:])
    return Neighborhoods(
        pairs=Pairs(j[order], r_ij[order], start),
        blocks=layout.blocks,
        shifts=None if shifts is None else shifts[order],
    )
