"""What the compiled search works in: pairs found so far, and the candidates of one centre."""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from anisoap_opt.arrays import Array, Ints
from anisoap_opt.kernels.numba.jit import compiled
from anisoap_opt.kernels.numba.masks import bits_less
from anisoap_opt.kernels.numba.vectors import LANES, fma, mul

COUNT, PAIRS, WITH_SHIFTS = 0, 1, 2
"""What a search writes: numbers of pairs, pairs too, or cell shifts as well."""


class Found(NamedTuple):
    """Pairs, one centre after the other."""

    counts: Ints  # [centers · types]
    j: Ints  # [capacity], places
    r_ij: Array  # [capacity · 3]
    shifts: Ints  # [capacity · 3], or [0] if nobody wants them


class Scratch(NamedTuple):
    """Working space of one thread's search.

    A *run* is a stretch of places that are tried in one image: images of a small frame, rows of grid cells of a large
    one. A hit is the number of an image or the place of a neighbour.
    """

    runs: Ints  # [runs · 5]: first and last place, shift in cells
    vectors: Array  # [3 · (runs + LANES)]: the shifts as vectors, x of all, then y, then z
    hits: Ints  # [hits + LANES]
    run_of_hit: Ints  # [hits + LANES]
    ends: Ints  # [particles² of a small frame + 1]: where the hits of each two particles end
    runs_of_type: Ints  # [types + 1], where the runs of each type begin


def make_found(centers: int, num_types: int, capacity: int, keep_shifts: bool) -> Found:
    """Room for pairs."""
    return Found(
        np.empty(centers * num_types, np.int64),
        np.empty(capacity, np.int64),
        np.empty(3 * capacity),
        np.empty(3 * capacity if keep_shifts else 0, np.int64),
    )


def new_scratch(num_types: int) -> Scratch:
    """Working space to begin with; it grows."""
    return Scratch(
        np.empty(5 * 64, np.int64),
        np.empty(3 * (64 + LANES)),
        np.empty(1024 + LANES, np.int64),
        np.empty(1024 + LANES, np.int64),
        np.empty(1025, np.int64),
        np.empty(num_types + 1, np.int64),
    )


@compiled
def runs_room(scratch):
    """How many runs there is room for."""
    return len(scratch.runs) // 5


@compiled
def hits_room(scratch):
    """How many hits there is room for."""
    return len(scratch.hits) - LANES


@compiled
def grown(scratch, runs, hits, num_ends):
    """Working space for at least so much; nothing is kept."""
    runs, hits = max(runs, runs_room(scratch)), max(hits, hits_room(scratch))
    return Scratch(
        np.empty(5 * runs, np.int64),
        np.empty(3 * (runs + LANES)),
        np.empty(hits + LANES, np.int64),
        np.empty(hits + LANES, np.int64),
        np.empty(max(num_ends, len(scratch.ends)), np.int64),
        scratch.runs_of_type,
    )


@compiled
def with_room(found, total, needed, keep_shifts):
    """The same pairs, with room for more; by loops, which compile in a fraction of the time of slices."""
    capacity = max(needed, 2 * len(found.j))
    j, r_ij, shifts = np.empty(capacity, np.int64), np.empty(3 * capacity), found.shifts
    for k in range(total):
        j[k] = found.j[k]
    for k in range(3 * total):
        r_ij[k] = found.r_ij[k]
    if keep_shifts:
        shifts = np.empty(3 * capacity, np.int64)
        for k in range(3 * total):
            shifts[k] = found.shifts[k]
    return Found(found.counts, j, r_ij, shifts)


@compiled
def list_run(f, run, first, last, a, b, c, view, work, room):
    """Write one run: the particles of some places, shifted by whole cell vectors."""
    work.runs[5 * run], work.runs[5 * run + 1] = first, last
    work.runs[5 * run + 2], work.runs[5 * run + 3], work.runs[5 * run + 4] = a, b, c
    for k in range(3):
        cell = 9 * f + k
        work.vectors[k * (room + LANES) + run] = (
            a * view.cells[cell] + b * view.cells[cell + 3] + c * view.cells[cell + 6]
        )


@compiled
def inside(dx, dy, dz, limit, left):
    """Bits of the lanes whose vector is shorter than the cutoff; only the first `left` lanes count."""
    bits = bits_less(fma(dx, dx, fma(dy, dy, mul(dz, dz))), limit)
    return bits if left >= LANES else bits & ((1 << left) - 1)
