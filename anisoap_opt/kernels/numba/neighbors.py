"""Neighbour search, compiled: the pairs of all frames, written straight into segment order.

Two passes over the centres. The first counts each centre's neighbours of each type; from the counts follow the
blocks and where every segment begins. The second writes each pair where it belongs, so nothing is sorted, and a
caller may have the pairs of any range of segments without the rest: memory need not hold them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.kernels.numba.scene import candidates_per_center, make_scene
from anisoap_opt.kernels.numba.search import Found, search
from anisoap_opt.kernels.numba.threads import run_parts
from anisoap_opt.lattice import wrap
from anisoap_opt.pairs import Neighborhoods, Pairs, encode_types, lay_out_counts

MIN_TASK = 200_000
"""Candidates below which a second thread costs more than it saves."""


def find_neighborhoods(
    batch: ParticleBatch,
    cutoff_radius: float,
    *,
    self_pairs: bool,
    types: Sequence[int] | None = None,
    centers: Bools | None = None,
    keep_shifts: bool = False,
) -> Neighborhoods:
    """Find all pairs; parameters and result are those of `anisoap_opt.neighbors.find_neighborhoods`.

    The pairs are written when they are asked for, a range of segments at a time, unless their shifts are wanted.
    """
    found = PairSearch(batch, cutoff_radius, self_pairs=self_pairs, types=types, centers=centers)
    if not keep_shifts:
        return Neighborhoods(found, found.blocks)
    pairs, shifts = found.fill(0, found.num_segments, keep_shifts=True)
    return Neighborhoods(pairs, found.blocks, shifts)


class PairSearch:
    """Counted, but not yet written pairs; can be used as `Pairs`.

    Parameters
    ----------
    batch, cutoff_radius, self_pairs, types, centers
        See `find_neighborhoods`.

    Attributes
    ----------
    blocks : tuple of CenterBlock
    start : ndarray of int, shape [segments + 1]
        As in `Pairs`, for all segments.
    """

    def __init__(
        self,
        batch: ParticleBatch,
        cutoff_radius: float,
        *,
        self_pairs: bool,
        types: Sequence[int] | None = None,
        centers: Bools | None = None,
    ) -> None:
        of_layout, self._code = encode_types(batch.types, types)
        self._self_pairs = bool(self_pairs)
        wrapped = wrap(batch, cutoff_radius)
        self._cutoff2 = wrapped.cutoff**2
        self._wraps = wrapped.wraps
        self._scene = make_scene(batch, wrapped, self._code)
        self._rank = np.empty(len(batch.types), dtype=np.int64)
        self._rank[self._scene.order] = np.arange(len(batch.types))
        self._work = candidates_per_center(self._scene)

        counts = np.zeros((len(batch.types), len(of_layout)), dtype=np.int64)
        self._run(np.arange(len(batch.types)) if centers is None else np.flatnonzero(centers), counts, fill=False)
        self._lay_out(counts, of_layout, types is not None)

    @property
    def num_segments(self) -> int:
        """Number of segments, empty ones included."""
        return len(self.start) - 1

    @cached_property
    def j(self) -> Ints:
        """Neighbour of every pair, as in `Pairs`."""
        return self.segments(0, self.num_segments).j

    @cached_property
    def r_ij(self) -> Array:
        """Vector of every pair, as in `Pairs`."""
        return self.segments(0, self.num_segments).r_ij

    def segments(self, first: int, last: int) -> Pairs:
        """The pairs of the segments first … last - 1; both ends must lie between two centres."""
        return self.fill(first, last)[0]

    def fill(self, first: int, last: int, *, keep_shifts: bool = False) -> tuple[Pairs, Ints | None]:
        """The pairs of the segments first … last - 1, and their cell shifts if wanted.

        Raises
        ------
        ValueError
            Unless both ends lie between two centres.
        """
        begin, end = self._center_at(first), self._center_at(last)
        if begin > end:
            raise ValueError(f"segments {first} to {last} are none: the end lies before the beginning")
        centers = self._centers[begin:end]
        origin = self.start[first]
        total = int(self.start[last] - origin)
        found = _room_for(total, keep_shifts)
        places = np.zeros((len(centers), self._columns.shape[1]), dtype=np.int64)
        columns = self._columns[self._code[centers]]  # [centers, types], -1 for types that a block has no column for
        inside = np.nonzero(columns >= 0)
        places[inside] = self.start[self._first_segment[begin:end, None] + columns][inside] - origin
        self._run(centers, places, fill=True, found=found)
        start = self.start[first : last + 1] - origin
        if keep_shifts:
            i = np.repeat(centers, np.diff(np.append(start[self._first_segment[begin:end] - first], total)))
            found.shifts[:] += self._wraps[i] - self._wraps[found.j]  # of the positions as given
        return Pairs(found.j, found.r_ij, start), found.shifts if keep_shifts else None

    def _center_at(self, segment: int) -> int:
        """Place among the centres of the one whose segments begin here."""
        place = int(np.searchsorted(self._first_segment, segment))
        begins = self._first_segment[place] if place < len(self._first_segment) else self.num_segments
        if segment != begins:
            raise ValueError(f"segment {segment} of {self.num_segments} does not lie between two centres")
        return place

    def _run(self, centers: Ints, places: Ints, *, fill: bool, found: Found | None = None) -> None:
        """One of the two passes, with the centres shared among the threads, in an order that suits the cache.

        `places` has a row a centre if filling, and a row a particle, of which those of the centres are written, if not.
        """
        output = found or _room_for(0, False)
        everything = len(centers) == len(self._rank)
        order = self._scene.order if everything and not fill else np.argsort(self._rank[centers])
        centers = centers[order]
        rows = order if fill else centers
        sorted_places = places[rows]
        work = np.concatenate([[0], np.cumsum(self._work[self._scene.frame[centers]])])

        def run(first: int, last: int) -> None:
            part = slice(first, last)
            search(centers[part], sorted_places[part], fill, self._scene, self._cutoff2, self._self_pairs, output)

        run_parts(run, work, MIN_TASK)
        if not fill:
            places[rows] = sorted_places

    def _lay_out(self, counts: Ints, of_layout: Ints, fixed: bool) -> None:
        """Blocks and segments, from the number of neighbours of each type of each particle [particles, types]."""
        layout, self.start = lay_out_counts(of_layout, self._code, counts, fixed=fixed)
        self.blocks = layout.blocks
        self._columns = layout.columns
        self._centers = np.concatenate([*(block.centers for block in layout.blocks), np.zeros(0, np.int64)])
        self._first_segment = layout.first_segment[self._centers]


def _room_for(num_pairs: int, keep_shifts: bool) -> Found:
    return Found(
        j=np.empty(num_pairs, np.int64),
        r_ij=np.empty((num_pairs, 3)),
        shifts=np.empty((num_pairs if keep_shifts else 0, 3), np.int64),
        keep_shifts=np.array([keep_shifts], np.int64),
    )
