"""The compiled driver of the pull-back: windows, groups and steps as in `segments`, read the other way round.

Once a group the adjoints of eight segments' coefficients become those of their moments; then every step writes one
record a pair: r̄, C̄ and ℓ, or their changes along a tangent.
"""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Floats, Ints
from anisoap_opt.basis.monomials import num_up_to_degree
from anisoap_opt.kernels.numba.contraction import apply_blocks
from anisoap_opt.kernels.numba.gather import (
    gather_gaussians,
    gather_tangents,
    load_six,
    load_three,
    look_up,
    times_square,
    times_symmetric,
)
from anisoap_opt.kernels.numba.jit import compiled, entry_point
from anisoap_opt.kernels.numba.layout import FIELDS, LINE, SUMS, aligned
from anisoap_opt.kernels.numba.lowered_planes import PlaneSpace, plane_space, pull_planes
from anisoap_opt.kernels.numba.lowering import pull, pull_along
from anisoap_opt.kernels.numba.scattered import gather, load_transposed, store_transposed
from anisoap_opt.kernels.numba.segments import LENGTHS, STEPS, WINDOW, sort_by_length, take_lanes
from anisoap_opt.kernels.numba.vectors import LANES, add, fma, load, load8, mul, splat, store, store_rows


class PullSpace(NamedTuple):
    """Buffers of one thread."""

    gaussians: Floats  # [STEPS · FIELDS · 8]
    exponents: Floats  # [STEPS · 2 · 8]
    dots: Floats  # [STEPS · FIELDS · 8]
    sums: Floats  # [STEPS · SUMS · 8]
    record: Floats  # [FIELDS · 8], of one step's pairs
    coefficients: Floats  # [columns · 8]
    primitive: Floats  # [primitive functions · 8]
    by_class: Floats  # [monomials · 8], as `Spread` makes them
    adjoint: Floats  # [monomials up to degree + 2 · 8]
    order: Ints  # [WINDOW]
    bins: Ints  # [LENGTHS]
    begin: Ints  # [8], each lane's first pair
    length: Ints  # [8]
    place: Ints  # [8], its segment's row of the adjoints
    line: Ints  # [8], that in lines of eight numbers
    pair: Ints  # [STEPS · 8]
    particle: Ints  # [STEPS · 8]
    target: Ints  # [STEPS · 8], where the pairs' records go
    planes: PlaneSpace


def pull_space(degree: int, num_primitive: int, columns: int) -> PullSpace:
    """Make the buffers of one thread."""
    adjoint = aligned(num_up_to_degree(degree + 2) * LANES, np.float64)
    adjoint[:] = 0
    return PullSpace(
        gaussians=aligned(STEPS * FIELDS * LANES, np.float64),
        exponents=aligned(STEPS * 2 * LANES, np.float64),
        dots=aligned(STEPS * FIELDS * LANES, np.float64),
        sums=aligned(STEPS * SUMS * LANES, np.float64),
        record=aligned(FIELDS * LANES, np.float64),
        coefficients=aligned(columns * LANES, np.float64),
        primitive=aligned(num_primitive * LANES, np.float64),
        by_class=aligned(num_up_to_degree(degree) * LANES, np.float64),
        adjoint=adjoint,
        order=np.empty(WINDOW, np.int64),
        bins=np.empty(LENGTHS, np.int64),
        begin=np.empty(LANES, np.int64),
        length=np.empty(LANES, np.int64),
        place=np.empty(LANES, np.int64),
        line=np.empty(LANES, np.int64),
        pair=np.empty(STEPS * LANES, np.int64),
        particle=np.empty(STEPS * LANES, np.int64),
        target=np.empty(STEPS * LANES, np.int64),
        planes=plane_space(degree),
    )


@entry_point
def pull_windows(
    straight: Any,
    degree: Any,
    windows: Any,
    pairs: Any,
    weight: Any,
    tangents: Any,
    particles: Any,
    roots: Any,
    precision: Any,
    spread: Any,
    adjoints: Any,
    work: Any,
    out: Any,
) -> None:
    """Adjoints of the pairs of some windows, or their changes along tangents at fixed adjoints of the coefficients.

    Parameters
    ----------
    straight, degree, windows, pairs, weight, particles, roots, precision
        See `segments.expand_windows`.
    tangents : ndarray, shape [pairs · FIELDS], or None
    spread : tuple
        Arrays of the two `BlockMap` of a `Spread`, its places, columns of `adjoints`.
    adjoints : ndarray, shape [(segments + 1) · columns]
        Of the coefficients; the last row is read by lanes that have no segment.
    work : PullSpace
    out : ndarray, shape [(pairs + 1) · FIELDS]
        Written: r̄ (three), C̄ (six), ℓ. The last record takes what lanes without a pair produce.
    """
    start, j, r_ij = pairs
    radial, harmonics, places, columns = spread
    gaussians, dots, sums, planes = work.gaussians, work.dots, work.sums, work.planes
    coefficients, adjoint = work.coefficients, work.adjoint
    begin, length, place, line = work.begin, work.length, work.place, work.line
    pair, particle, target, record = work.pair, work.particle, work.target, work.record
    nobody = len(particles) // LINE - 1
    num_segments, num_pairs = len(start) - 1, len(j)
    for window in range(windows[0], windows[1]):
        first = window * WINDOW
        size = min(WINDOW, num_segments - first)
        sort_by_length(start, first, size, work.order, work.bins)
        for group in range(0, size, LANES):
            longest = take_lanes(start, work.order, group, size, num_segments, columns, begin, length, place, LANES)
            if longest == 0:
                continue
            for column in range(0, columns, LANES):
                for k in range(LANES):
                    line[k] = (place[k] + column) // LANES
                store_rows(load_transposed(adjoints, line, 0), coefficients, column * LANES)
            apply_blocks(*radial, coefficients, work.primitive)
            apply_blocks(*harmonics, work.primitive, work.by_class)
            for k in range(len(places)):
                store(adjoint, places[k] * LANES, load8(work.by_class, k * LANES))
            for step in range(0, longest, STEPS):
                steps = min(STEPS, longest - step)
                look_up(j, step, steps, begin, length, 0, nobody, particles, pair, particle)
                _find_targets(step, steps, length, num_pairs, pair, target)
                gather_gaussians(
                    r_ij, weight, particles, roots, precision, steps, pair, particle, 0, work.exponents, gaussians
                )
                if tangents is None:
                    if straight is None:
                        pull_planes(degree, gaussians, None, steps, adjoint, sums, planes)
                    else:
                        pull(straight, steps, gaussians, adjoint, sums)
                    for t in range(steps):
                        _pull_pair(r_ij, roots, precision, t, pair, particle, gaussians, sums, record)
                        _write(record, out, target, t)
                else:
                    gather_tangents(r_ij, tangents, roots, precision, steps, pair, particle, gaussians, dots)
                    if straight is None:
                        pull_planes(degree, gaussians, dots, steps, adjoint, sums, planes)
                    else:
                        pull_along(straight, steps, gaussians, dots, adjoint, sums)
                    for t in range(steps):
                        _pull_pair_along(
                            r_ij, tangents, roots, precision, t, pair, particle, gaussians, dots, sums, record
                        )
                        _write(record, out, target, t)


@compiled
def _find_targets(step, steps, length, num_pairs, pair, target):
    """Where each lane's record goes: to its pair, or behind all pairs if the lane has ended."""
    for t in range(steps):
        for k in range(LANES):
            alive = step + t < length[k]
            target[t * LANES + k] = FIELDS * (pair[t * LANES + k] if alive else num_pairs)


@compiled
def _write(record, out, target, t):
    """Eight records of ten numbers: the first eight of each, then the last eight."""
    store_transposed(record, 0, out, target, t * LANES, 0)
    store_transposed(record, (FIELDS - 8) * LANES, out, target, t * LANES, FIELDS - 8)


@compiled
def _pull_pair(r_ij, roots, precision, t, pair, particle, gaussians, sums, record):
    """Write r̄ = K g - s ℓ μ, C̄ = H - ½ s (g rᵀ + r gᵀ) + ½ s² ℓ r rᵀ and ℓ of one step."""
    row, place, at = t * LANES, t * FIELDS * LANES, t * SUMS * LANES
    x, y, z = gather(r_ij, pair, row, 3, 0), gather(r_ij, pair, row, 3, 1), gather(r_ij, pair, row, 3, 2)
    mu = load_three(gaussians, place)
    g_x, g_y, g_z = load_three(sums, at)
    k_g = times_square(roots, particle, row, precision, load_six(gaussians, place + 3 * LANES), g_x, g_y, g_z)
    ell = load(sums, at + 9 * LANES)
    minus_s_ell = mul(splat(-precision), ell)
    for k in range(3):
        store(record, k * LANES, fma(minus_s_ell, mu[k], k_g[k]))
    # H + v rᵀ + r vᵀ with v = -½ s g + ¼ s² ℓ r
    minus_half_s, quarter = splat(-0.5 * precision), mul(splat(0.25 * precision * precision), ell)
    v_x, v_y, v_z = (
        fma(minus_half_s, g_x, mul(quarter, x)),
        fma(minus_half_s, g_y, mul(quarter, y)),
        fma(minus_half_s, g_z, mul(quarter, z)),
    )
    _store_symmetric(sums, at + 3 * LANES, (v_x, v_y, v_z), (x, y, z), None, None, record)
    store(record, 9 * LANES, ell)


@compiled
def _pull_pair_along(r_ij, tangents, roots, precision, t, pair, particle, gaussians, dots, sums, record):
    """The derivatives of what `_pull_pair` writes."""
    row, place, at = t * LANES, t * FIELDS * LANES, t * SUMS * LANES
    x, y, z = gather(r_ij, pair, row, 3, 0), gather(r_ij, pair, row, 3, 1), gather(r_ij, pair, row, 3, 2)
    u, v, w = (
        gather(tangents, pair, row, FIELDS, 0),
        gather(tangents, pair, row, FIELDS, 1),
        gather(tangents, pair, row, FIELDS, 2),
    )
    mu, mu_dot = load_three(gaussians, place), load_three(dots, place)
    dot_x, dot_y, dot_z = load_three(sums, at)
    g_x, g_y, g_z = load_three(sums, at + FIELDS * LANES)
    ell_dot, ell = load(sums, at + 9 * LANES), load(sums, at + (FIELDS + 9) * LANES)
    k_dot = times_square(roots, particle, row, precision, load_six(gaussians, place + 3 * LANES), dot_x, dot_y, dot_z)
    c_g = times_symmetric(load_six(dots, place + 3 * LANES), g_x, g_y, g_z)
    minus_s = splat(-precision)
    for k in range(3):  # K ġ - s (Ċ g + ℓ̇ μ + ℓ μ̇)
        rest = add(c_g[k], fma(ell_dot, mu[k], mul(ell, mu_dot[k])))
        store(record, k * LANES, fma(minus_s, rest, k_dot[k]))
    # Ḣ + v̇ rᵀ + r v̇ᵀ + v ṙᵀ + ṙ vᵀ with v = -½ s g + ¼ s² ℓ r and v̇ = -½ s ġ + ¼ s² (ℓ̇ r + ℓ ṙ)
    minus_half_s, quarter_s2 = splat(-0.5 * precision), splat(0.25 * precision * precision)
    quarter, quarter_dot = mul(quarter_s2, ell), mul(quarter_s2, ell_dot)
    of_r_dot = (
        fma(minus_half_s, g_x, mul(quarter, x)),
        fma(minus_half_s, g_y, mul(quarter, y)),
        fma(minus_half_s, g_z, mul(quarter, z)),
    )
    of_r = (
        fma(minus_half_s, dot_x, fma(quarter_dot, x, mul(quarter, u))),
        fma(minus_half_s, dot_y, fma(quarter_dot, y, mul(quarter, v))),
        fma(minus_half_s, dot_z, fma(quarter_dot, z, mul(quarter, w))),
    )
    _store_symmetric(sums, at + 3 * LANES, of_r, (x, y, z), of_r_dot, (u, v, w), record)
    store(record, 9 * LANES, ell_dot)


@compiled
def _store_symmetric(sums, at, v, r, other_v, other_r, record):
    """Half of the six sums S, plus v rᵀ + r vᵀ, plus the same of the other two vectors if there are any."""
    half, k = splat(0.5), 0
    for a in range(3):
        for b in range(a, 3):
            value = fma(half, load(sums, at + k * LANES), fma(v[a], r[b], mul(r[a], v[b])))
            if other_v is not None:
                value = fma(other_v[a], other_r[b], fma(other_r[a], other_v[b], value))
            store(record, (3 + k) * LANES, value)
            k += 1
