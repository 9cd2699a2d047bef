"""Segments by distance: pairs of a centre sorted by shell and type, and coefficients added up from shell to shell.

The coefficients of a cutoff are the sum of those of all shells up to it, so one expansion of every pair serves several
cutoffs. The shells of a centre follow each other, innermost first, each with one segment per neighbour type.
"""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from anisoap_opt.arrays import Array, Ints
from anisoap_opt.kernels.numba.jit import borrowed, compiled, keep_alive, pointer_to


class Sorted(NamedTuple):
    """Pairs of a batch, in the order of their segments."""

    j: Ints  # [capacity], places
    r_ij: Array  # [capacity · 3]
    segment: Ints  # [capacity], of each pair as it was found, among those of its centre
    next: Ints  # [shells · types], where the next pair of each segment of a centre goes


def make_sorted(capacity: int, num_shells: int, num_types: int) -> Sorted:
    """Room for pairs."""
    j, segment, following = (np.empty(size, np.int64) for size in (capacity, capacity, num_shells * num_types))
    return Sorted(j, np.empty(3 * capacity), segment, following)


@compiled
def sort_into_shells(places, begin, stop, codes, num_types, layout, shells, found, total, batch, ordered, met):
    """Sort the pairs of some centres into segments, and write where each segment begins; pairs met are counted.

    Parameters
    ----------
    places, codes, layout, met : pointers
        As in `frame_sums.sum_centers`.
    begin, stop : int
    num_types : int
    shells : ndarray
        Squares of the cutoffs, ascending. A pair lies in the first shell that it is inside of; a search that rounds
        otherwise can find one beyond the last, and it counts there.
    found : Found
        The pairs, those of a centre sorted by type.
    total : int
    batch : Batch
    ordered : Sorted

    Returns
    -------
    ordered : Sorted
        Larger where it was too small.
    num_segments : int
    """
    num_shells, segment, pair = len(shells), 0, 0
    if len(ordered.j) < total:
        j, segments = np.empty(2 * total, np.int64), np.empty(2 * total, np.int64)
        ordered = Sorted(j, np.empty(6 * total), segments, ordered.next)
    space, source, target = borrowed(batch), borrowed(found), borrowed(ordered)
    limits = pointer_to(shells)
    space.start[0] = 0
    for r in range(stop - begin):
        t, at = codes[places[begin + r]], r * num_types
        width, first = layout.width[t], pair
        space.rows[r] = segment
        for k in range(num_shells * width):
            target.next[k] = 0
        for u in range(num_types):
            column = layout.place[t * num_types + u]
            for p in range(pair, pair + source.counts[at + u]):
                k = _shell_of(source.r_ij, p, limits, num_shells) * width + column
                target.segment[p] = k
                target.next[k] += 1
            pair += source.counts[at + u]
            for s in range(num_shells if column >= 0 else 0):
                met[(s * num_types + t) * num_types + u] += target.next[s * width + column]
        for k in range(num_shells * width):
            count = target.next[k]
            target.next[k] = space.start[segment]
            space.start[segment + 1] = space.start[segment] + count
            segment += 1
        for p in range(first, pair):
            k = target.segment[p]
            to = target.next[k]
            target.next[k] = to + 1
            target.j[to] = source.j[p]
            for axis in range(3):
                target.r_ij[3 * to + axis] = source.r_ij[3 * p + axis]
    keep_alive(ordered)
    return ordered, segment


@compiled
def _shell_of(r_ij, pair, limits, num_shells):
    """Count the cutoffs that a pair is not inside of: no branch depends on the distance, which none could foresee."""
    x, y, z = r_ij[3 * pair], r_ij[3 * pair + 1], r_ij[3 * pair + 2]
    square, s = x * x + y * y + z * z, 0
    for k in range(num_shells - 1):
        s += square >= limits[k]
    return s


@compiled
def add_up_shells(table, num_columns, num_centers, places, begin, codes, layout, rows, num_shells):
    """Add to the coefficients of each segment those of the same type in all shells inside."""
    for r in range(num_centers):
        size = layout.width[codes[places[begin + r]]] * num_columns
        first = rows[r] * num_columns
        for k in range(first + size, first + num_shells * size):
            table[k] += table[k - size]
