"""Tangents of power spectra, from those of the coefficients while they are at hand.

ṗ_l[a, b] = scale_l Σ_m (ċ[m, a] c[m, b] + c[m, a] ċ[m, b]). A row's ċ is first spread out over the columns of its
centre, n slow and neighbour type fast, zeros where a type does not change. Then blocks of four rows by eight columns
are summed and written once, zeros too.
"""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any

from anisoap_opt.basis.coupling import SQRT_2
from anisoap_opt.kernels.numba.jit import compiled, entry_point
from anisoap_opt.kernels.numba.vectors import (
    LANES,
    add,
    add_multiples,
    element,
    load8,
    mul,
    splat,
    store,
    store_rows,
    zeros,
)

ROWS = 4
"""Rows of a block."""
PADDING = 16
"""Numbers behind coefficients and tangents that are read with the last ones, and not used."""


@entry_point
def couple_tangents(
    table: Any,
    columns: Any,
    segment: Any,
    center: Any,
    own: Any,
    place: Any,
    coefficients: Any,
    num_radial: Any,
    scales: Any,
    symmetric: Any,
    space: Any,
    out: Any,
) -> None:
    """Tangents of the power spectra of some rows in each direction.

    Parameters
    ----------
    table : ndarray of float64, shape [directions · segments, columns]
        Tangents of the coefficients: for each l in turn [2l+1, n_l], then padding.
    columns : int
        Numbers in a row of coefficients without padding.
    segment, center, own : ndarray
        See `anisoap_opt.kernels.contract.TangentRows`.
    place : ndarray of int, shape [rows], or None
        Rows of `out` that results are added to; None for one after the other, written.
    coefficients : ndarray, shape [centers · types · columns + PADDING]
        For each centre and l in turn [2l+1, n_l · types].
    num_radial : ndarray of int, shape [l]
        n_l.
    scales : ndarray, shape [l]
        See `anisoap_opt.basis.coupling.scale`.
    symmetric : bool
        See `anisoap_opt.power_spectrum.power_spectrum`.
    space : tuple of ndarray
        Working space: two of shape [directions · types · columns + PADDING], one of ROWS · LANES.
    out : ndarray, shape [rows, directions, features], contiguous
    """
    dots, sums, block = space
    num_types = segment.shape[1]
    width, directions, features = num_types * columns, out.shape[1], out.shape[2]
    num_segments = table.shape[0] // directions
    flat = out.reshape(-1)
    num_rows = len(center)
    first = 0
    while first < num_rows:
        last, own_row = first, -1
        while last < num_rows and center[last] == center[first]:
            if own[last]:
                own_row = last
            last += 1
        if own_row >= 0:
            sums[:] = 0
        at = center[first] * width
        for row in range(first, last):
            if row == own_row:
                continue
            dots[:] = 0
            for t in range(num_types):
                if segment[row, t] >= 0:
                    for k in range(directions):
                        _spread(table, k * num_segments + segment[row, t], num_radial, num_types, t, k * width, dots)
            if own_row >= 0:
                for k in range(directions * width):
                    sums[k] -= dots[k]
            target = (row if place is None else place[row]) * directions * features
            for k in range(directions):
                _couple(
                    dots, k * width, coefficients, at, num_radial, num_types, scales, symmetric, place is not None,
                    block, flat, target + k * features,
                )  # fmt: skip
        if own_row >= 0:
            target = (own_row if place is None else place[own_row]) * directions * features
            for k in range(directions):
                _couple(
                    sums, k * width, coefficients, at, num_radial, num_types, scales, symmetric, place is not None,
                    block, flat, target + k * features,
                )  # fmt: skip
        first = last


@compiled
def _spread(table, row, num_radial, num_types, t, target, dots):
    """Coefficients of one neighbour type at their places among those of all."""
    source = 0
    for l in range(len(num_radial)):
        for _ in range((2 * l + 1) * num_radial[l]):
            dots[target + source * num_types + t] = table[row, source]
            source += 1


@compiled
def _couple(dots, dot, c, at, num_radial, num_types, scales, symmetric, add_to, block, out, target):
    """One row in one direction, written to ``out[target:]``."""
    for l in range(len(num_radial)):
        size, num_m = num_radial[l] * num_types, 2 * l + 1
        factor = splat(scales[l])
        for a in range(0, size, ROWS):
            for b in range(a // LANES * LANES if symmetric else 0, size, LANES):
                total = zeros((0, 0, 0, 0))
                for m in range(num_m):
                    total = add_multiples(total, load8(c, at + m * size + b), dots, dot + m * size + a)
                    total = add_multiples(total, load8(dots, dot + m * size + b), c, at + m * size + a)
                store_rows(total, block, 0)
                for k in range(min(ROWS, size - a)):
                    value = mul(factor, load8(block, k * LANES))
                    row = a + k
                    start = target + (row * size - row * (row + 1) // 2 if symmetric else row * size) + b
                    if b + LANES <= size and (not symmetric or b > row):
                        if symmetric:
                            value = mul(splat(SQRT_2), value)
                        if add_to:
                            value = add(value, load8(out, start))
                        store(out, start, value)
                    else:
                        store(block, k * LANES, value)
                        for lane in range(max(0, row - b) if symmetric else 0, min(LANES, size - b)):
                            one = element(block, k * LANES + lane)
                            if symmetric and b + lane != row:
                                one *= SQRT_2
                            out[start + lane] = one + out[start + lane] if add_to else one
        target += size * (size + 1) // 2 if symmetric else size * size
        dot += num_m * size
        at += num_m * size
