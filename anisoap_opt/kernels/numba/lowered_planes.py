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
    changes: Floats  # [monomials · 8]
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
        changes=aligned(num_monomials * LANES, np.float64),
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
    for step in range(num_steps):
        buffers.moments[: len(buffers.changes)] = 0
        walk_planes(degree, gaussians, step, step + 1, buffers.moments, buffers.planes, buffers.inverse)
        target = step * SUMS * LANES
        if dots is None:
            _contract(degree, buffers.upper_rows, adjoint, buffers.moments, sums, target)
        else:
            buffers.changes[:] = 0
            _add_changes(degree, buffers, dots, step * FIELDS * LANES, buffers.changes)
            _contract(degree, buffers.upper_rows, adjoint, buffers.changes, sums, target)
            _contract(degree, buffers.upper_rows, adjoint, buffers.moments, sums, target + FIELDS * LANES)


@compiled
def add_planes_along(degree: Any, gaussians: Any, dots: Any, num_steps: Any, sums: Any, buffers: Any) -> None:
    """`lowering.add_along`."""
    for step in range(num_steps):
        buffers.moments[: len(buffers.changes)] = 0
        walk_planes(degree, gaussians, step, step + 1, buffers.moments, buffers.planes, buffers.inverse)
        _add_changes(degree, buffers, dots, step * FIELDS * LANES, sums)


@compiled
def _contract(degree, rows, adjoint, x, sums, target):
    """Ten sums over all p of G[p + …] x[p]; `rows` of the adjoint's padded order, see `layout.row_starts`."""
    width = degree + 3
    zero = splat(0.0)
    s_x, s_y, s_z, s_xx, s_xy, s_xz, s_yy, s_yz, s_zz, total = (
        zero, zero, zero, zero, zero, zero, zero, zero, zero, zero,
    )  # fmt: skip
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
            for z in range(0, (degree - a - b + 1) * LANES, LANES):
                value = load(x, done)
                done += LANES
                g_zz = load(adjoint, own + z + 2 * LANES)
                g_xz, g_yz = load(adjoint, row_x + z + LANES), load(adjoint, row_y + z + LANES)
                total, s_x, s_y, s_z = (
                    fma(g, value, total),
                    fma(g_x, value, s_x),
                    fma(g_y, value, s_y),
                    fma(g_z, value, s_z),
                )
                s_xz, s_yz, s_zz = fma(g_xz, value, s_xz), fma(g_yz, value, s_yz), fma(g_zz, value, s_zz)
                s_xx = fma(load(adjoint, row_xx + z), value, s_xx)
                s_xy = fma(load(adjoint, row_xy + z), value, s_xy)
                s_yy = fma(load(adjoint, row_yy + z), value, s_yy)
                g, g_z, g_x, g_y = g_z, g_zz, g_xz, g_yz
    for k, value in enumerate((s_x, s_y, s_z, s_xx, s_xy, s_xz, s_yy, s_yz, s_zz, total)):
        store(sums, target + k * LANES, value)


@compiled
def _add_changes(degree, buffers, dots, field, sums):
    """Add the change of every moment along a tangent; rows below zero are read as a row of zeros."""
    moments, rows, zeros = buffers.moments, buffers.lower_rows, len(buffers.changes)
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
