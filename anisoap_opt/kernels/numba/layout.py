"""What lies where in the kernel's buffers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anisoap_opt.arrays import Floats, Ints
from anisoap_opt.basis.monomials import num_up_to_degree, position

FIELDS = 10
"""Numbers per pair in the buffer of Gaussians: μ_x, μ_y, μ_z, C_xx, C_xy, C_xz, C_yy, C_yz, C_zz, w."""

SUMS = 2 * FIELDS
"""Numbers per pair that derivatives are made of: sums for μ, C and log w, or their changes and then the sums."""

LINE = 8
"""Numbers per particle, one cache line: C_xx, C_xy, C_xz, C_yy, C_yz, C_zz, w and one that is not used."""

CACHE_LINE = 64

WIDE = 1 / 256
"""Smallest eigenvalue of K = 1 - s·C for which the difference is good enough: with 1/(1 + s a²) ≥ WIDE, any pair whose
weight is not below 1e-300 of its particle's own is right to 1e-11."""


def exponents_in_planes(degree: int) -> list[tuple[int, int, int]]:
    """All exponents up to a degree, z running fastest, then y, then x: the order of the sums over pairs.

    The recurrences walk plane by plane (p_x), row by row (p_y), so they write their sums from front to back.
    """
    return [(x, y, z) for x in range(degree + 1) for y in range(degree + 1 - x) for z in range(degree + 1 - x - y)]


def row_starts(degree: int) -> Ints:
    """Where the rows of `exponents_in_planes` begin.

    Returns
    -------
    ndarray of int, shape [(degree + 1)²]
        Entry x (degree + 1) + y is the place of (x, y, 0); 0 where there is none.
    """
    starts = np.zeros((degree + 1, degree + 1), dtype=np.int64)
    for place, (x, y, z) in enumerate(exponents_in_planes(degree)):
        if z == 0:
            starts[x, y] = place
    return starts.ravel()


def rows_by_degree(degree: int) -> Ints:
    """Where each monomial of the package's order (`basis.monomials`) lies in the order of `exponents_in_planes`.

    Parameters
    ----------
    degree : int

    Returns
    -------
    ndarray of int, shape [monomials]
    """
    p = np.array(exponents_in_planes(degree))
    total = p.sum(axis=1)
    rows = np.empty(len(p), dtype=np.int64)
    rows[total * (total + 1) * (total + 2) // 6 + position(*p.T)] = np.arange(num_up_to_degree(degree))
    return rows


def aligned(size: int, dtype: npt.DTypeLike) -> Floats:
    """Uninitialised one-dimensional array that starts on a cache line."""
    itemsize = np.dtype(dtype).itemsize
    spare = CACHE_LINE // itemsize
    buffer = np.empty(size + spare, dtype=dtype)
    address = buffer.__array_interface__["data"][0]  # `buffer.ctypes` takes ten times as long
    first = (-address % CACHE_LINE) // itemsize
    return buffer[first : first + size]


def zeroed(size: int) -> Floats:
    """Zeros that start on a cache line: what is read of them though its results are dropped must be no subnormals."""
    buffer = aligned(size, np.float64)
    buffer[:] = 0
    return buffer
