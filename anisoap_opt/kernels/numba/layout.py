"""What lies where in the kernel's buffers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anisoap_opt.arrays import Floats, Ints
from anisoap_opt.basis.monomials import num_up_to_degree, position

FIELDS = 10
"""Numbers per pair in the buffer of Gaussians: μ_x, μ_y, μ_z, C_xx, C_xy, C_xz, C_yy, C_yz, C_zz, w."""

RECORD = 8
"""Numbers per particle, one cache line: C_xx, C_xy, C_xz, C_yy, C_yz, C_zz, w and one that is not used."""

CACHE_LINE = 64


def exponents_in_planes(degree: int) -> list[tuple[int, int, int]]:
    """All exponents up to a degree, z running fastest, then y, then x: the order of the sums over pairs.

    The recurrences walk plane by plane (p_x), row by row (p_y), so they write their sums from front to back.
    """
    return [(x, y, z) for x in range(degree + 1) for y in range(degree + 1 - x) for z in range(degree + 1 - x - y)]


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
    first = (-buffer.ctypes.data % CACHE_LINE) // itemsize
    return buffer[first : first + size]
