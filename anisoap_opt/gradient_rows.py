"""Rows of gradient blocks, and the pairs that each of them depends on.

With respect to positions, orientations and shapes a centre has one row for each particle in its reach and one for
itself; with respect to strain and cell it has one. A row's derivatives come from one segment of pairs for each
neighbour type that it changes: that of its particle (all images together), or all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from anisoap_opt.arrays import Array, Ints
from anisoap_opt.kernels.contract import TangentRows
from anisoap_opt.pairs import CenterBlock, Neighborhoods, Pairs


class Rows(NamedTuple):
    """Rows of one block's gradients; those of a centre follow each other, particles ascending.

    Attributes
    ----------
    block : CenterBlock
    center : ndarray of int, shape [rows]
        Which of the block's centres.
    particle : ndarray of int, shape [rows], or None
        What moves, a particle index; None if it is the frame.
    first : ndarray of int, shape [centers + 1]
        The k-th centre has the rows first[k] … first[k+1] - 1.
    of_pair : ndarray of int, shape [pairs of the block], or None
        Row of each pair; None if it is that of the centre.
    """

    block: CenterBlock
    center: Ints
    particle: Ints | None
    first: Ints
    of_pair: Ints | None

    @classmethod
    def of_frames(cls, block: CenterBlock) -> Rows:
        """One row for each centre."""
        every = np.arange(len(block.centers) + 1)
        return cls(block, every[:-1], None, every, None)

    @classmethod
    def of_particles(cls, block: CenterBlock, neighborhoods: Neighborhoods, num_particles: int) -> Rows:
        """One row for each particle in reach of a centre, and for the centre itself."""
        num_types = len(block.neighbor_types)
        last = block.first_segment + len(block.centers) * num_types
        pairs = neighborhoods.pairs.segments(block.first_segment, last)
        center = np.repeat(np.repeat(np.arange(len(block.centers)), num_types), np.diff(pairs.start))
        own = np.arange(len(block.centers)) * num_particles + block.centers
        found, of_all = np.unique(np.concatenate([center * num_particles + pairs.j, own]), return_inverse=True)
        of_rows, particle = np.divmod(found, max(num_particles, 1))
        first = np.searchsorted(of_rows, np.arange(len(block.centers) + 1))
        return cls(block, of_rows, particle, first, of_all[: len(center)])

    def cuts(self, max_rows: int) -> Iterator[tuple[int, int]]:
        """Runs of centres with at most so many rows, but at least one centre: the first, and the last + 1."""
        begin = 0
        while begin < len(self.first) - 1:
            end = int(np.searchsorted(self.first, self.first[begin] + max_rows, side="right")) - 1
            end = max(end, begin + 1)
            yield begin, end
            begin = end


class Chunk(NamedTuple):
    """Some consecutive centres of a block, the rows of their gradients, and the pairs sorted for these.

    Attributes
    ----------
    block : CenterBlock
    centers, rows : slice
        Of the block.
    pairs : Pairs
        One segment for each row (of particles), or for each row and neighbour type (of frames).
    i : ndarray of int, shape [pairs]
        Centre of each pair, a particle index.
    shifts : ndarray of int, shape [pairs, 3], or None
    layout : TangentRows
        Which segments the rows depend on; centres are counted from the first one of the chunk. A row is `own` if it is
        the centre's.
    """

    block: CenterBlock
    centers: slice
    rows: slice
    pairs: Pairs
    i: Ints
    shifts: Ints | None
    layout: TangentRows

    @classmethod
    def cut(cls, rows: Rows, neighborhoods: Neighborhoods, types: Ints, begin: int, end: int) -> Chunk:
        """The chunk of the centres begin … end - 1.

        Parameters
        ----------
        rows : Rows
        neighborhoods : Neighborhoods
        types : ndarray of int, shape [particles]
        begin, end : int
        """
        block, num_types = rows.block, len(rows.block.neighbor_types)
        segments = [block.first_segment + num_types * one for one in (0, begin, end)]
        before_block, first, last = neighborhoods.pairs.start[segments]
        pairs, shifts = neighborhoods.pairs.segments(*segments[1:]), neighborhoods.shifts
        shifts = None if shifts is None else shifts[first:last]
        i = np.repeat(np.repeat(block.centers[begin:end], num_types), np.diff(pairs.start))
        own_rows = slice(int(rows.first[begin]), int(rows.first[end]))
        center, count = rows.center[own_rows] - begin, own_rows.stop - own_rows.start
        if rows.particle is None or rows.of_pair is None:
            segment = np.arange(count * num_types).reshape(count, num_types)
            own = np.zeros(count, dtype=bool)
            return cls(block, slice(begin, end), own_rows, pairs, i, shifts, TangentRows(segment, center, own))
        row = rows.of_pair[first - before_block : last - before_block] - own_rows.start
        order = np.argsort(row, kind="stable")
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(row, minlength=count))])
        weight = None if pairs.weight is None else pairs.weight[order]
        particle = rows.particle[own_rows]
        column = np.searchsorted(block.neighbor_types, types[particle])
        column[np.diff(start) == 0] = 0  # of a centre that is not its own neighbour: nothing comes of it
        segment = np.full((count, num_types), -1)
        segment[np.arange(count), column] = np.arange(count)
        return cls(
            block=block,
            centers=slice(begin, end),
            rows=own_rows,
            pairs=Pairs(pairs.j[order], pairs.r_ij[order], start, weight),
            i=i[order],
            shifts=None if shifts is None else shifts[order],
            layout=TangentRows(segment, center, particle == block.centers[begin:end][center]),
        )


class Tangents(NamedTuple):
    """Derivatives of each pair's variables in a few directions; None stands for zeros.

    Attributes
    ----------
    r : ndarray, shape [directions, pairs, 3], or None
        Of r_ij.
    c : ndarray, shape [directions, pairs, 6], or None
        Of the neighbour's C, elements of a symmetric matrix.
    log_w : ndarray, shape [directions, pairs], or None
        Of log w, and of what multiplies w.
    """

    r: Array | None
    c: Array | None
    log_w: Array | None

    def divided_by(self, length: float) -> Tangents:
        """The same in another unit."""
        return Tangents(*(None if one is None else one / length for one in self))

    @property
    def directions(self) -> int:
        """Their number."""
        return len(self.c if self.r is None else self.r)  # type: ignore[arg-type]

    def with_pairs(self, pairs: Pairs) -> tuple[Pairs, tuple[Array, Array, Array]]:
        """Pairs that follow each other once for each direction, and their tangents as a kernel takes them."""
        directions, num_pairs = self.directions, len(pairs.j)
        total = directions * num_pairs
        start = (pairs.start[:-1] + num_pairs * np.arange(directions)[:, None]).ravel()
        weight = None if pairs.weight is None else np.tile(pairs.weight, directions)
        repeated = Pairs(
            np.tile(pairs.j, directions), np.tile(pairs.r_ij, (directions, 1)), np.append(start, total), weight
        )
        parts = zip(self, ((total, 3), (total, 6), (total,)), strict=True)
        r, c, log_w = (np.zeros(shape) if one is None else one.reshape(shape) for one, shape in parts)
        return repeated, (r, c, log_w)
