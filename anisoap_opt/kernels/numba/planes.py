"""The scaled moments of eight pairs for any degree, plane by plane.

Walking along z inside rows y inside planes x, with the axis of the recurrence the outermost one that is not at 0:

    p_x m̃[p] = μ_x m̃[p - x] + C_xx m̃[p - 2x] + C_xy m̃[p - x - y] + C_xz m̃[p - x - z]

needs the plane before (three entries of it) and the one before that (one entry), which is overwritten in place by
the new plane: two planes live, 32 kB at degree 21. 1/p_x is the same for a whole plane and is folded into the four
coefficients. Plane x = 0 is made the same way from its rows, and its row y = 0 by the one-dimensional recurrence.
"""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any

from anisoap_opt.kernels.numba.jit import compiled
from anisoap_opt.kernels.numba.layout import FIELDS
from anisoap_opt.kernels.numba.vectors import add, fma, lanes_of, load, mul, splat, store


@compiled
def walk_planes(
    degree: Any, gaussians: Any, first: Any, end: Any, old: Any, sums: Any, planes: Any, inverse: Any
) -> Any:
    """Add the moments of the steps first … end - 1 of every lane to its sums, or write those of a single step.

    Parameters
    ----------
    degree : int
    gaussians : ndarray, shape [steps · FIELDS · lanes]
        μ, C, w of each step's pairs.
    first, end : int
    old : ndarray or None
        `sums` itself, or None to write instead of adding.
    sums : ndarray, shape [monomials · lanes]
        In the order of `exponents_in_planes`.
    planes : ndarray, shape [2 · (degree + 1)² · lanes]
        Working space.
    inverse : ndarray, shape [degree + 1]
        1/p, of the dtype of the sums.
    """
    lanes = lanes_of(sums)
    row_size = (degree + 1) * lanes
    for step in range(first, end):
        field = step * FIELDS * lanes
        mu_x, mu_y, mu_z = (
            load(gaussians, field),
            load(gaussians, field + lanes),
            load(gaussians, field + 2 * lanes),
        )
        c_xx, c_xy, c_xz = (
            load(gaussians, field + 3 * lanes),
            load(gaussians, field + 4 * lanes),
            load(gaussians, field + 5 * lanes),
        )
        c_yy, c_yz, c_zz = (
            load(gaussians, field + 6 * lanes),
            load(gaussians, field + 7 * lanes),
            load(gaussians, field + 8 * lanes),
        )
        weight = load(gaussians, field + 9 * lanes)
        last, older = 0, (degree + 1) * row_size
        _first_row(degree, weight, mu_z, c_zz, inverse, planes, sums, old)
        done = row_size
        for y in range(1, degree + 1):
            scale = splat(inverse[y])
            mu, c, c_next = mul(mu_y, scale), mul(c_yy, scale), mul(c_yz, scale)
            row, size = y * row_size, (degree - y + 1) * lanes
            if y == 1:
                _row(size, mu, None, None, c_next, row - row_size, 0, 0, row, planes, sums, done, old)
            else:
                _row(size, mu, c, None, c_next, row - row_size, row - 2 * row_size, 0, row, planes, sums, done, old)
            done += size
        for x in range(1, degree + 1):
            scale = splat(inverse[x])
            mu, c, c_y, c_z = mul(mu_x, scale), mul(c_xx, scale), mul(c_xy, scale), mul(c_xz, scale)
            for y in range(degree - x + 1):
                row, size = y * row_size, (degree - x - y + 1) * lanes
                new, before, beside = older + row, last + row, last + row - row_size
                if x == 1 and y == 0:
                    _row(size, mu, None, None, c_z, before, 0, 0, new, planes, sums, done, old)
                elif x == 1:
                    _row(size, mu, None, c_y, c_z, before, 0, beside, new, planes, sums, done, old)
                elif y == 0:
                    _row(size, mu, c, None, c_z, before, new, 0, new, planes, sums, done, old)
                else:
                    _row(size, mu, c, c_y, c_z, before, new, beside, new, planes, sums, done, old)
                done += size
            last, older = older, last


@compiled
def _first_row(degree, weight, mu_z, c_zz, inverse, planes, sums, old):
    """Moments of degree 0 in x and y."""
    lanes = lanes_of(sums)
    value = weight
    store(planes, 0, value)
    _put(sums, 0, value, old)
    before = mul(value, splat(inverse[0]))  # inverse[0] = 0
    for z in range(1, degree + 1):
        value, before = mul(fma(mu_z, value, mul(c_zz, before)), splat(inverse[z])), value
        store(planes, z * lanes, value)
        _put(sums, z * lanes, value, old)


@compiled
def _row(size, mu, c, c_y, c_z, before, two_before, beside, new, planes, sums, done, old):
    """One row: μ m̃[before] + C m̃[two before] + C_y m̃[before - y] + C_z m̃[before - z]; without C, C_y if None."""
    lanes = lanes_of(sums)
    previous = load(planes, before)
    value = mul(mu, previous)
    if c is not None:
        value = fma(c, load(planes, two_before), value)
    if c_y is not None:
        value = fma(c_y, load(planes, beside), value)
    store(planes, new, value)
    _put(sums, done, value, old)
    for z in range(lanes, size, lanes):
        current = load(planes, before + z)
        value = mul(c_z, previous)
        if c is not None:
            value = fma(c, load(planes, two_before + z), value)
        if c_y is not None:
            value = fma(c_y, load(planes, beside + z), value)
        value = fma(mu, current, value)
        previous = current
        store(planes, new + z, value)
        _put(sums, done + z, value, old)


@compiled
def _put(sums, place, value, old):
    """Add to a sum, or write it where there is no old one."""
    if old is not None:
        value = add(load(old, place), value)
    store(sums, place, value)
