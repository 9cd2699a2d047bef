"""Derivatives of eight pairs' moments for any degree: loops over the rows of planes, as straight-line code does it.

The moments of one step are made by `walk_planes` into a buffer of their own and then read row by row, z running
fastest. Neighbours along z are the values of the step before and stay in registers, so each value of the adjoint's six
rows around one is loaded once.
"""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Floats, Ints
from anisoap_opt.basis.monomials import num_up_to_degree
from anisoap_opt.kernels.numba.jit import compiled
from anisoap_opt.kernels.numba.layout import FIELDS, SUMS, aligned, row_starts
from anisoap_opt.kernels.numba.planes import walk_planes
from anisoap_opt.kernels.numba.vectors import LANES, add, element, fma, load, mul, splat, store


class PlaneSpace(NamedTuple):
    """Buffers of one thread."""

    moments: Floats  # [(monomials + degree + 1) · 8], of one pair a lane; a row of zeros after them
    others: Floats  # [monomials · 8], of the next step, or changes along a tangent
    planes: Floats  # [2 · (degree + 1)² · 8]
    inverse: Floats  # [degree + 1], 1/p
    lower_rows: Ints  # [(degree + 1)²], where rows of the moments begin
    upper_rows: Ints  # [(degree + 3)²], where rows of the adjoint begin


def plane_space(degree: int) -> PlaneSpace:
    """Make the buffers of one thread."""
    num_monomials = num_up_to_degree(degree)
    inverse = np.zeros(degree + 1)
    inverse[1:] = 1 / np.arange(1, degree + 1)
    moments = aligned((num_monomials + degree + 1) * LANES, np.float64)
    moments[:] = 0
    return PlaneSpace(
        moments=moments,
        others=aligned(num_monomials * LANES, np.float64),
        planes=aligned(2 * (degree + 1) ** 2 * LANES, np.float64),
        inverse=inverse,
        lower_rows=LANES * row_starts(degree),
        upper_rows=LANES * row_starts(degree + 2),
    )


@compiled
def pull_planes(degree: Any, gaussians: Any, dots: Any, num_steps: Any, adjoint: Any, sums: Any, buffers: Any) -> None:
    """`lowering.pull`, or `lowering.pull_along` if `dots` is not None.

    Parameters
    ----------
    degree : int
    gaussians, dots : ndarray, shape [steps · FIELDS · 8], the second or None
    num_steps : int
    adjoint : ndarray, shape [monomials up to degree + 2 · 8]
    sums : ndarray, shape [steps · SUMS · 8]
        Written.
    buffers : PlaneSpace
    """
    moments, others, rows = buffers.moments, buffers.others, buffers.upper_rows
    for step in range(num_steps):
        target, beyond = step * SUMS * LANES, (step + 1) * SUMS * LANES
        if dots is not None:
            _walk(degree, gaussians, step, moments, buffers)
            others[:] = 0
            _add_changes(degree, buffers, dots, step * FIELDS * LANES, others)
            _contract(degree, rows, adjoint, others, moments, dots, sums, target, target + FIELDS * LANES)
        elif step % 2 == 0:
            _walk(degree, gaussians, step, moments, buffers)
            if step + 1 < num_steps:
                _walk(degree, gaussians, step + 1, others, buffers)
                _contract(degree, rows, adjoint, moments, others, None, sums, target, beyond)
            else:
                _contract(degree, rows, adjoint, moments, None, None, sums, target, beyond)


@compiled
def add_planes_along(degree: Any, gaussians: Any, dots: Any, num_steps: Any, sums: Any, buffers: Any) -> None:
    """`lowering.add_along`."""
    for step in range(num_steps):
        _walk(degree, gaussians, step, buffers.moments, buffers)
        _add_changes(degree, buffers, dots, step * FIELDS * LANES, sums)


@compiled
def _walk(degree, gaussians, step, moments, buffers):
    """The moments of one step, written."""
    walk_planes(degree, gaussians, step, step + 1, None, moments, buffers.planes, buffers.inverse)


@compiled
def _contract(degree, rows, adjoint, x, y, dots, sums, target_x, target_y):
    """Ten sums over all p of G[p + …] x[p], and the same of y unless it is None, with every G loaded for both.

    With `dots` the six sums of y that lower twice are left out, and zero. `rows` of the adjoint's padded order, see
    `layout.row_starts`.
    """
    width = degree + 3
    zero = splat(0.0)
    nothing = (zero, zero, zero, zero, zero, zero, zero, zero, zero, zero)
    of_x, of_y = nothing, nothing
    done = 0
    for a in range(degree + 1):
        for b in range(degree + 1 - a):
            own, row_x, row_y = rows[a * width + b], rows[(a + 1) * width + b], rows[a * width + b + 1]
            row_xx, row_xy, row_yy = (
                rows[(a + 2) * width + b],
                rows[(a + 1) * width + b + 1],
                rows[a * width + b + 2],
            )
            g, g_z = load(adjoint, own), load(adjoint, own + LANES)
            g_x, g_y = load(adjoint, row_x), load(adjoint, row_y)
            for z in range(0, (degree - a - b - 1) * LANES, LANES):
                g_zz = load(adjoint, own + z + 2 * LANES)
                g_xz, g_yz = load(adjoint, row_x + z + LANES), load(adjoint, row_y + z + LANES)
                g_xx, g_xy, g_yy = (
                    load(adjoint, row_xx + z),
                    load(adjoint, row_xy + z),
                    load(adjoint, row_yy + z),
                )
                factors = (g_x, g_y, g_z, g_xx, g_xy, g_xz, g_yy, g_yz, g_zz, g)
                of_x = _add_ten(factors, load(x, done), of_x)
                if y is not None and dots is None:
                    of_y = _add_ten(factors, load(y, done), of_y)
                elif y is not None:
                    of_y = _add_four(g_x, g_y, g_z, g, load(y, done), of_y)
                done += LANES
                g, g_z, g_x, g_y = g_z, g_zz, g_xz, g_yz
            if a + b < degree:  # of degree - 1: G ends above the first lowering
                of_x = _add_four(g_x, g_y, g_z, g, load(x, done), of_x)
                if y is not None:
                    of_y = _add_four(g_x, g_y, g_z, g, load(y, done), of_y)
                done += LANES
                g = g_z
            of_x = _add_one(g, load(x, done), of_x)
            if y is not None:
                of_y = _add_one(g, load(y, done), of_y)
            done += LANES
    for k in range(FIELDS):
        store(sums, target_x + k * LANES, of_x[k])
    if y is not None:
        for k in range(FIELDS):
            store(sums, target_y + k * LANES, of_y[k])


@compiled
def _add_ten(factors, value, totals):
    """Totals + factors · value."""
    f_0, f_1, f_2, f_3, f_4, f_5, f_6, f_7, f_8, f_9 = factors
    t_0, t_1, t_2, t_3, t_4, t_5, t_6, t_7, t_8, t_9 = totals
    return (
        fma(f_0, value, t_0),
        fma(f_1, value, t_1),
        fma(f_2, value, t_2),
        fma(f_3, value, t_3),
        fma(f_4, value, t_4),
        fma(f_5, value, t_5),
        fma(f_6, value, t_6),
        fma(f_7, value, t_7),
        fma(f_8, value, t_8),
        fma(f_9, value, t_9),
    )


@compiled
def _add_four(g_x, g_y, g_z, g, value, totals):
    """`_add_ten` without what a second lowering gives."""
    t_0, t_1, t_2, t_3, t_4, t_5, t_6, t_7, t_8, t_9 = totals
    return (
        fma(g_x, value, t_0),
        fma(g_y, value, t_1),
        fma(g_z, value, t_2),
        t_3,
        t_4,
        t_5,
        t_6,
        t_7,
        t_8,
        fma(g, value, t_9),
    )


@compiled
def _add_one(g, value, totals):
    """`_add_ten` without what lowering gives."""
    t_0, t_1, t_2, t_3, t_4, t_5, t_6, t_7, t_8, t_9 = totals
    return t_0, t_1, t_2, t_3, t_4, t_5, t_6, t_7, t_8, fma(g, value, t_9)


@compiled
def _add_changes(degree, buffers, dots, field, sums):
    """Add the change of every moment along a tangent; rows below zero are read as a row of zeros."""
    moments, rows, zeros = buffers.moments, buffers.lower_rows, len(buffers.others)
    width = degree + 1
    half = splat(0.5)
    mu_x, mu_y, mu_z = load(dots, field), load(dots, field + LANES), load(dots, field + 2 * LANES)
    c_xx, c_xy, c_xz = (
        mul(half, load(dots, field + 3 * LANES)),
        load(dots, field + 4 * LANES),
        load(dots, field + 5 * LANES),
    )
    c_yy, c_yz, c_zz = (
        mul(half, load(dots, field + 6 * LANES)),
        load(dots, field + 7 * LANES),
        mul(half, load(dots, field + 8 * LANES)),
    )
    weight = load(dots, field + 9 * LANES)
    done = 0
    for a in range(degree + 1):
        for b in range(degree + 1 - a):
            row_x = element(rows, (a - 1) * width + b) if a > 0 else zeros
            row_y = element(rows, a * width + b - 1) if b > 0 else zeros
            row_xx = element(rows, (a - 2) * width + b) if a > 1 else zeros
            row_xy = element(rows, (a - 1) * width + b - 1) if a > 0 and b > 0 else zeros
            row_yy = element(rows, a * width + b - 2) if b > 1 else zeros
            m_z, m_zz, m_xz, m_yz = splat(0.0), splat(0.0), splat(0.0), splat(0.0)
            for z in range(0, (degree - a - b + 1) * LANES, LANES):
                m, m_x, m_y = load(moments, done), load(moments, row_x + z), load(moments, row_y + z)
                value = fma(weight, m, fma(mu_x, m_x, fma(mu_y, m_y, mul(mu_z, m_z))))
                value = fma(c_xx, load(moments, row_xx + z), fma(c_xy, load(moments, row_xy + z), value))
                value = fma(c_yy, load(moments, row_yy + z), fma(c_xz, m_xz, fma(c_yz, m_yz, fma(c_zz, m_zz, value))))
                store(sums, done, add(load(sums, done), value))
                done += LANES
                m_z, m_zz, m_xz, m_yz = m, m_z, m_x, m_y
