"""The scaled moments of eight pairs for any degree, plane by plane.

Walking along z inside rows y inside planes x, with the axis of the recurrence the outermost one that is not at 0:

    p_x m̃[p] = μ_x m̃[p - x] + C_xx m̃[p - 2x] + C_xy m̃[p - x - y] + C_xz m̃[p - x - z]

needs the plane before (three entries of it) and the one before that (one entry), which is overwritten in place by
the new plane: two planes live, 32 kB at degree 21. 1/p_x is the same for a whole plane and is folded into the four
coefficients. Plane x = 0 is made the same way from its rows, and its row y = 0 by the one-dimensional recurrence.

The sums are larger than the first-level cache and pass through it once. Two steps share each passage: that saves more
time than their four planes, which do not fit either, cost. Their moments are added to each other first, so a step that
is left over gives the same bits as one whose partner has weight 0.

Rows are short, and a call that counts references to arrays takes longer than one: see `jit.pointer_to`.
"""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any

from anisoap_opt.kernels.numba.jit import compiled, inlined, pointer_to
from anisoap_opt.kernels.numba.layout import FIELDS
from anisoap_opt.kernels.numba.vectors import add, element, fma, lanes_of, load, mul, splat, store


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
    planes : ndarray, shape [4 · (degree + 1)² · lanes], half of it for a single step
        Working space.
    inverse : ndarray, shape [degree + 1]
        1/p, of the dtype of the sums.
    """
    fields, target, space, scales = pointer_to(gaussians), pointer_to(sums), pointer_to(planes), pointer_to(inverse)
    if old is None:
        _walk(degree, fields, first, first, None, None, target, space, scales)
    else:
        for step in range(first, end - 1, 2):
            _walk(degree, fields, step, step + 1, (), target, target, space, scales)
        if (end - first) % 2:
            _walk(degree, fields, end - 1, end - 1, None, target, target, space, scales)


@compiled
def _walk(degree, gaussians, step, second, two, old, sums, planes, inverse):
    """Two steps, or only the first if `two` is None."""
    lanes = lanes_of(sums)
    row_size = (degree + 1) * lanes
    half = 2 * (degree + 1) * row_size  # planes of the second step
    last, older = 0, (degree + 1) * row_size
    _first_row(degree, gaussians, step, inverse, planes, 0)
    if two is not None:
        _first_row(degree, gaussians, second, inverse, planes, half)
    for z in range(0, row_size, lanes):
        value = load(planes, z)
        if two is not None:
            value = add(value, load(planes, half + z))
        _put(sums, z, value, old)
    done = row_size
    for y in range(1, degree + 1):
        a, b = _scaled(gaussians, step, inverse, y, 1, 6, 6, 7), _scaled(gaussians, second, inverse, y, 1, 6, 6, 7)
        row, size = y * row_size, (degree - y + 1) * lanes
        before = row - row_size
        if y == 1:
            _row(size, a, b, two, False, False, before, 0, 0, row, planes, half, sums, done, old)
        else:
            _row(size, a, b, two, True, False, before, row - 2 * row_size, 0, row, planes, half, sums, done, old)
        done += size
    for x in range(1, degree + 1):
        a, b = _scaled(gaussians, step, inverse, x, 0, 3, 4, 5), _scaled(gaussians, second, inverse, x, 0, 3, 4, 5)
        for y in range(degree - x + 1):
            row, size = y * row_size, (degree - x - y + 1) * lanes
            new, before, beside = older + row, last + row, last + row - row_size
            if x == 1 and y == 0:
                _row(size, a, b, two, False, False, before, 0, 0, new, planes, half, sums, done, old)
            elif x == 1:
                _row(size, a, b, two, False, True, before, 0, beside, new, planes, half, sums, done, old)
            elif y == 0:
                _row(size, a, b, two, True, False, before, new, 0, new, planes, half, sums, done, old)
            else:
                _row(size, a, b, two, True, True, before, new, beside, new, planes, half, sums, done, old)
            done += size
        last, older = older, last


@compiled
def _scaled(gaussians, step, inverse, p, mu, c, c_y, c_z):
    """Four of a pair's FIELDS over the exponent of the axis."""
    lanes = lanes_of(gaussians)
    field, scale = step * FIELDS * lanes, splat(element(inverse, p))
    return (
        mul(load(gaussians, field + mu * lanes), scale),
        mul(load(gaussians, field + c * lanes), scale),
        mul(load(gaussians, field + c_y * lanes), scale),
        mul(load(gaussians, field + c_z * lanes), scale),
    )


@compiled
def _first_row(degree, gaussians, step, inverse, planes, place):
    """Moments of degree 0 in x and y."""
    lanes = lanes_of(planes)
    field = step * FIELDS * lanes
    mu_z, c_zz = load(gaussians, field + 2 * lanes), load(gaussians, field + 8 * lanes)
    value = load(gaussians, field + 9 * lanes)
    store(planes, place, value)
    before = mul(value, splat(element(inverse, 0)))  # inverse[0] = 0
    for z in range(1, degree + 1):
        value, before = mul(fma(mu_z, value, mul(c_zz, before)), splat(element(inverse, z))), value
        store(planes, place + z * lanes, value)


@inlined
def _row(size, a, b, two, has_c, has_c_y, before, two_before, beside, new, planes, half, sums, done, old):
    """One row: μ m̃[before] + C m̃[two before] + C_y m̃[before - y] + C_z m̃[before - z] of one step, or of two.

    `a` and `b` are μ, C, C_y, C_z of the two.
    """
    lanes = lanes_of(sums)
    previous, other_previous = load(planes, before), load(planes, before)
    value = mul(a[0], previous)
    if has_c:
        value = fma(a[1], load(planes, two_before), value)
    if has_c_y:
        value = fma(a[2], load(planes, beside), value)
    store(planes, new, value)
    if two is not None:
        other_previous = load(planes, half + before)
        other = mul(b[0], other_previous)
        if has_c:
            other = fma(b[1], load(planes, half + two_before), other)
        if has_c_y:
            other = fma(b[2], load(planes, half + beside), other)
        store(planes, half + new, other)
        value = add(value, other)
    _put(sums, done, value, old)
    for z in range(lanes, size, lanes):
        current = load(planes, before + z)
        value = mul(a[3], previous)
        if has_c:
            value = fma(a[1], load(planes, two_before + z), value)
        if has_c_y:
            value = fma(a[2], load(planes, beside + z), value)
        value = fma(a[0], current, value)
        previous = current
        store(planes, new + z, value)
        if two is not None:
            current = load(planes, half + before + z)
            other = mul(b[3], other_previous)
            if has_c:
                other = fma(b[1], load(planes, half + two_before + z), other)
            if has_c_y:
                other = fma(b[2], load(planes, half + beside + z), other)
            other = fma(b[0], current, other)
            other_previous = current
            store(planes, half + new + z, other)
            value = add(value, other)
        _put(sums, done + z, value, old)


@compiled
def _put(sums, place, value, old):
    """Add to a sum, or write it where there is no old one."""
    if old is not None:
        value = add(load(old, place), value)
    store(sums, place, value)
