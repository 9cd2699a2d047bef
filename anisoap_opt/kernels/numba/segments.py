"""The compiled driver: segments in windows, windows in groups of one segment per lane, groups step by step."""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from anisoap_opt.arrays import Floats, Ints
from anisoap_opt.basis.monomials import num_up_to_degree
from anisoap_opt.kernels.numba.contraction import apply_blocks
from anisoap_opt.kernels.numba.gather import gather_gaussians, gather_tangents, look_up
from anisoap_opt.kernels.numba.harmonics import apply_harmonics, mix_radial
from anisoap_opt.kernels.numba.jit import compiled, entry_point
from anisoap_opt.kernels.numba.layout import CACHE_LINE, FIELDS, LINE, aligned
from anisoap_opt.kernels.numba.lowered_planes import add_planes_along
from anisoap_opt.kernels.numba.lowering import add_along
from anisoap_opt.kernels.numba.planes import walk_planes
from anisoap_opt.kernels.numba.recurrence import add_moments
from anisoap_opt.kernels.numba.scattered import prefetch_far, store_transposed
from anisoap_opt.kernels.numba.vectors import LANES, add, lanes_of, load8, store

WINDOW = 128
"""Consecutive segments that are sorted by length; a multiple of the lanes."""
STEPS = 8
"""Steps whose Gaussians are made at once: enough to keep the exponential's latency busy, few enough for the cache."""
LENGTHS = 256
"""Bins of the sort."""


class WorkSpace(NamedTuple):
    """Buffers of one thread; W is the number of lanes, 8 or 16."""

    gaussians: Floats  # [STEPS · FIELDS · W]
    exponents: Floats  # [STEPS · 2 · 8], of the Gaussians, and what stands before the exponential
    sums: Floats  # [monomials · W], in the order of `exponents_in_planes`
    planes: Floats  # [4 · (degree + 1)² · W], for the plane walk
    inverse: Floats  # [degree + 1], 1/p
    wide: Floats  # [W/8, monomials · 8], float64 sums of eight lanes each, where the others are float32
    primitive: Floats  # [primitive functions · 8], of low degrees those of `harmonics.Harmonic`
    coefficients: Floats  # [columns · 8]
    order: Ints  # [WINDOW], segments sorted by length
    bins: Ints  # [LENGTHS], of the sort
    begin: Ints  # [W], each lane's first pair
    length: Ints  # [W], its number of pairs
    place: Ints  # [W], its place in the output
    pair: Ints  # [STEPS · 8], the next pairs of eight lanes
    particle: Ints  # [STEPS · 8], their neighbours


def work_space(degree: int, num_primitive: int, columns: int, dtype: npt.DTypeLike) -> WorkSpace:
    """Make the buffers of one thread."""
    lanes = CACHE_LINE // np.dtype(dtype).itemsize
    num_monomials = num_up_to_degree(degree)
    inverse = np.zeros(degree + 1, dtype=dtype)
    inverse[1:] = 1 / np.arange(1, degree + 1)
    # The coupling reads the padding of a row, though it drops what comes of it. What others left in this memory may be
    # subnormal numbers, as the bits of a pointer are, and with those the multiplications take many times as long.
    coefficients = aligned(columns * LANES, np.float64)
    coefficients[:] = 0
    return WorkSpace(
        gaussians=aligned(STEPS * FIELDS * lanes, dtype),
        exponents=aligned(STEPS * 2 * LANES, np.float64),
        sums=aligned(num_monomials * lanes, dtype),
        planes=aligned(4 * (degree + 1) ** 2 * lanes, dtype),
        inverse=inverse,
        wide=np.empty((lanes // LANES, num_monomials * LANES if lanes > LANES else 0)),
        primitive=aligned(num_primitive * LANES, np.float64),
        coefficients=coefficients,
        order=np.empty(WINDOW, dtype=np.int64),
        bins=np.empty(LENGTHS, dtype=np.int64),
        begin=np.empty(lanes, dtype=np.int64),
        length=np.empty(lanes, dtype=np.int64),
        place=np.empty(lanes, dtype=np.int64),
        pair=np.empty(STEPS * LANES, dtype=np.int64),
        particle=np.empty(STEPS * LANES, dtype=np.int64),
    )


@entry_point
def expand_windows(
    straight: Any,
    degree: Any,
    windows: Any,
    pairs: Any,
    weight: Any,
    tangents: Any,
    particles: Any,
    roots: Any,
    precision: Any,
    change: Any,
    work: Any,
    out: Any,
) -> None:
    """Coefficients of the segments of some windows, or their derivatives along tangents.

    Parameters
    ----------
    straight : tuple or None
        A tuple as long as the degree selects straight-line code.
    degree : int or None
        Selects the plane walk. Of the two one is None: Numba compiles no branch that such an argument rules out.
    windows : tuple of int
        The first, and the last + 1. Window w holds the segments WINDOW w … WINDOW (w + 1) - 1.
    pairs : tuple
        start [segments + 1], j [pairs], r_ij [pairs · 3]; at least one pair.
    weight : ndarray, shape [pairs], or None
        As in `Pairs`.
    tangents : tuple or None
        Tangents of the pairs [pairs · FIELDS], a buffer for those of Gaussians [STEPS · FIELDS · 8], and a
        `PlaneSpace`. Then everything is float64.
    particles : ndarray, shape [(particles + 1) · LINE]
        The last one has weight 0: it stands in where a lane has no pair.
    roots : ndarray, shape [(particles + 1) · 9], or None
        See `records.particle_tables`.
    precision : float
        s.
    change : tuple
        Arrays of the two `BlockMap`, or None where sums of moments are not scaled; then a `radial_table`, else None;
        columns of `out`.
    work : WorkSpace
    out : ndarray, shape [(segments + 1) · columns]
        Written; the last row takes what lanes without a segment produce.
    """
    start, j, r_ij = pairs
    maps, table, columns = change
    gaussians, sums, wide, coefficients = work.gaussians, work.sums, work.wide, work.coefficients
    begin, length, place, pair, particle = work.begin, work.length, work.place, work.pair, work.particle
    nobody = len(particles) // LINE - 1
    num_segments = len(start) - 1
    lanes = lanes_of(sums)
    for window in range(windows[0], windows[1]):
        first = window * WINDOW
        size = min(WINDOW, num_segments - first)
        sort_by_length(start, first, size, work.order, work.bins)
        ahead = start[min(first + WINDOW, num_segments)]
        for group in range(0, size, lanes):
            longest = take_lanes(start, work.order, group, size, num_segments, columns, begin, length, place, lanes)
            sums[:] = 0
            if longest == 0:
                wide[:] = 0
            for step in range(0, longest, STEPS):
                steps = min(STEPS, longest - step)
                _prefetch_pairs(j, r_ij, ahead, steps * lanes)
                ahead += steps * lanes
                for half in range(0, lanes, LANES):
                    look_up(j, step, steps, begin, length, half, nobody, particles, pair, particle)
                    gather_gaussians(
                        r_ij, weight, particles, roots, precision, steps, pair, particle, half, work.exponents,
                        gaussians,
                    )  # fmt: skip
                if tangents is None:
                    if degree is not None:
                        walk_planes(degree, gaussians, 0, steps, sums, sums, work.planes, work.inverse)
                    elif straight is not None:
                        add_moments(straight, gaussians, steps, sums)
                else:
                    _add_along(
                        straight, degree, r_ij, tangents, roots, precision, steps, pair, particle, gaussians, sums
                    )
                if lanes > LANES:
                    _move_to_wide(sums, wide, step > 0)
            for half in range(lanes // LANES):
                if lanes > LANES:
                    _change_basis(straight, maps, table, wide[half], work.primitive, coefficients)
                else:
                    _change_basis(straight, maps, table, sums, work.primitive, coefficients)
                for column in range(0, columns, LANES):
                    store_transposed(coefficients, column * LANES, out, place, half * LANES, column)


@compiled
def _change_basis(straight, maps, table, sums, primitive, coefficients):
    """Coefficients from the sums of eight segments."""
    if maps is not None:
        apply_blocks(*maps[0], sums, primitive)
        apply_blocks(*maps[1], primitive, coefficients)
    elif table is not None:
        apply_harmonics(straight, sums, primitive)
        mix_radial(len(straight), table, primitive, coefficients)


@compiled
def _add_along(straight, degree, r_ij, tangents, roots, precision, steps, pair, particle, gaussians, sums):
    """Add the changes of the moments along the tangents."""
    of_pairs, dots, planes = tangents
    gather_tangents(r_ij, of_pairs, roots, precision, steps, pair, particle, gaussians, dots)
    if degree is not None:
        add_planes_along(degree, gaussians, dots, steps, sums, planes)
    elif straight is not None:
        add_along(straight, steps, gaussians, dots, sums)


@compiled
def _move_to_wide(sums, wide, add_to):
    """Move float32 sums into float64 ones, or add them to those, so that their error does not grow with the pairs."""
    for half in range(wide.shape[0]):
        for k in range(0, wide.shape[1], LANES):
            value = load8(sums, k * wide.shape[0] + half * LANES)
            if add_to:
                value = add(value, load8(wide[half], k))
            store(wide[half], k, value)
    sums[:] = 0


@compiled
def sort_by_length(start, first, size, order, bins):
    """Write the segments first … first + size - 1 to `order`, longest first, by counting lengths in bins."""
    longest = 1
    for segment in range(first, first + size):
        longest = max(longest, start[segment + 1] - start[segment])
    scale = min(1.0, (LENGTHS - 1) / longest)
    bins[:] = 0
    for segment in range(first, first + size):
        bins[int((start[segment + 1] - start[segment]) * scale)] += 1
    place = 0
    for length in range(int(longest * scale), -1, -1):
        count = bins[length]
        bins[length] = place
        place += count
    for segment in range(first, first + size):
        length = int((start[segment + 1] - start[segment]) * scale)
        order[bins[length]] = segment
        bins[length] += 1


@compiled
def _prefetch_pairs(j, r_ij, begin, count):
    """Ask for as many pairs of the next window as are used now: sorted segments come in an order no hardware foresees.

    Into the second-level cache: a window is too large for the first. All of a group's at once would keep it waiting.
    """
    for pair in range(begin, min(begin + count, len(j)), CACHE_LINE // 8):
        prefetch_far(j, pair)
        prefetch_far(r_ij, 3 * pair)
        prefetch_far(r_ij, 3 * pair + 8)
        prefetch_far(r_ij, 3 * pair + 16)


@compiled
def take_lanes(start, order, group, size, num_segments, columns, begin, length, place, lanes):
    """Give each lane its segment: first pair, number of pairs, place in the output.

    Returns the largest number of pairs.
    """
    longest = 0
    for k in range(lanes):
        segment = order[group + k] if group + k < size else num_segments
        begin[k] = start[segment]
        length[k] = start[segment + 1] - start[segment] if segment < num_segments else 0
        place[k] = segment * columns
        longest = max(longest, length[k])
    return longest
