"""Neighbour search, compiled: the pairs of all frames, written straight into segment order.

Two passes over the centres. The first counts each centre's neighbours of each type; from the counts follow the
blocks and where every segment begins. The second writes each pair where it belongs, so nothing is sorted, and a
caller may have the pairs of any range of segments without the rest: memory need not hold them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.kernels.numba.candidates import COUNT, PAIRS, WITH_SHIFTS, Found, make_found, new_scratch
from anisoap_opt.kernels.numba.jit import entry_point
from anisoap_opt.kernels.numba.scene import make_scene
from anisoap_opt.kernels.numba.search import search_centers
from anisoap_opt.kernels.numba.threads import run_parts
from anisoap_opt.pairs import Neighborhoods, Pairs, encode_types, lay_out_counts

MIN_TASK = 50_000
"""Pairs below which a second thread costs more than it saves."""
MIN_CENTERS = 1_000
"""The same for centres whose pairs are counted."""


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
    met : ndarray of bool, shape [types, types]
        Which neighbour types each centre type has a column for.
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
        self._scene, cutoff = make_scene(batch, self._code, len(of_layout), cutoff_radius)
        self._cutoff2 = cutoff**2
        self._place = np.empty(len(batch.types), dtype=np.int64)
        self._place[self._scene.order] = np.arange(len(batch.types))

        counts = np.zeros((len(batch.types), len(of_layout)), dtype=np.int64)
        order = self._scene.order
        chosen = np.arange(len(order)) if centers is None else np.flatnonzero(centers[order])  # places
        counts[order[chosen]] = self._count(chosen, len(of_layout))
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
        origin, num_types = self.start[first], len(self._columns)
        what = WITH_SHIFTS if keep_shifts else PAIRS
        found = make_found(end - begin, num_types, int(self.start[last] - origin), keep_shifts)
        places = self._place[self._centers[begin:end]]
        starts = np.append(self.start[self._first_segment[begin:end]], self.start[last]) - origin

        def run(first: int, last: int) -> None:
            room = slice(starts[first], starts[last])
            of_vectors = slice(3 * room.start, 3 * room.stop)
            part = Found(
                found.counts[num_types * first : num_types * last],
                found.j[room],
                found.r_ij[of_vectors],
                found.shifts[of_vectors] if keep_shifts else found.shifts,
            )
            pairs_of(
                places, first, last, self._scene, self._cutoff2, self._self_pairs, what, new_scratch(num_types), part
            )

        run_parts(run, starts, MIN_TASK)
        shifts = None
        if keep_shifts:
            shifts, wraps = found.shifts.reshape(-1, 3), self._scene.wraps.reshape(-1, 3)
            shifts += np.repeat(wraps[places], np.diff(starts), axis=0) - wraps[found.j]  # of the positions as given
        pairs = Pairs(self._scene.order[found.j], found.r_ij.reshape(-1, 3), self.start[first : last + 1] - origin)
        return pairs, shifts

    def _center_at(self, segment: int) -> int:
        """Place among the centres of the one whose segments begin here."""
        place = int(np.searchsorted(self._first_segment, segment))
        begins = self._first_segment[place] if place < len(self._first_segment) else self.num_segments
        if segment != begins:
            raise ValueError(f"segment {segment} of {self.num_segments} does not lie between two centres")
        return place

    def _count(self, places: Ints, num_types: int) -> Ints:
        """Number of neighbours of each type of some centres, [centers, types]."""
        counts = np.empty(len(places) * num_types, np.int64)
        work = np.arange(len(places) + 1)

        def run(first: int, last: int) -> None:
            part = make_found(0, num_types, 0, False)._replace(counts=counts[num_types * first : num_types * last])
            pairs_of(
                places, first, last, self._scene, self._cutoff2, self._self_pairs, COUNT, new_scratch(num_types), part
            )

        run_parts(run, work, MIN_CENTERS)
        return counts.reshape(len(places), num_types)

    def _lay_out(self, counts: Ints, of_layout: Ints, fixed: bool) -> None:
        """Blocks and segments, from the number of neighbours of each type of each particle [particles, types]."""
        layout, self.start = lay_out_counts(of_layout, self._code, counts, fixed=fixed)
        self.blocks, self.met = layout.blocks, layout.columns >= 0
        self._columns = layout.columns
        self._centers = np.concatenate([*(block.centers for block in layout.blocks), np.zeros(0, np.int64)])
        self._first_segment = layout.first_segment[self._centers]


@entry_point
def pairs_of(
    centers: Any,
    begin: Any,
    end: Any,
    scene: Any,
    cutoff2: Any,
    self_pairs: Any,
    what: Any,
    scratch: Any,
    found: Any,
) -> int:
    """Count or write the pairs of some centres, see `search.search_centers`; returns how many there are."""
    _, _, total = search_centers(centers, begin, end, scene, cutoff2, self_pairs, what, scratch, found)
    return total
