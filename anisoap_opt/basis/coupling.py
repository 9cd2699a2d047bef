"""The power spectrum's own numbers: how two coefficients couple, and which columns that gives.

    p_l[a, b] = scale(l) Σ_m c_l[m, a] c_l[m, b],   a, b over (n, neighbour type), types fastest

p is symmetric in a and b; its upper triangle, off-diagonals times √2, has the same inner products.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

from anisoap_opt.arrays import Array, Bools, Ints

SQRT_2 = math.sqrt(2.0)
"""Factor of a column a < b that stands for two equal ones."""


def scale(l: int) -> float:
    """(-1)^l / sqrt(2l+1), the Clebsch–Gordan coefficient of l ⊗ l → 0."""
    return float((-1) ** l / math.sqrt(2 * l + 1))


def count_features(sizes: Sequence[int], *, symmetric: bool = False) -> int:
    """Number of columns of a power spectrum; `sizes` are the a_l = n_l · neighbor types."""
    return sum(a * (a + 1) // 2 if symmetric else a**2 for a in sizes)


@cache
def upper_triangle(size: int) -> tuple[Ints, Array]:
    """Which entries [a, b] of a flattened symmetric matrix to keep, and their factors: 1 for a = b, √2 for a < b.

    Parameters
    ----------
    size : int

    Returns
    -------
    columns : ndarray of int, shape [size (size + 1)/2]
        a · size + b for a ≤ b, ascending.
    factors : ndarray, shape [size (size + 1)/2]
    """
    a, b = np.triu_indices(size)
    return a * size + b, np.where(a == b, 1.0, SQRT_2)


@cache
def upper_triangles(sizes: tuple[int, ...]) -> tuple[Ints, Array]:
    """`upper_triangle` of matrices that follow each other, each flattened."""
    columns, factors = zip(*map(upper_triangle, sizes), strict=True)
    first = np.cumsum([0, *(a**2 for a in sizes)])[:-1]
    return np.concatenate([a + b for a, b in zip(first, columns, strict=True)]), np.concatenate(factors)


def features_of_types(num_radial: Sequence[int], met: Bools, *, symmetric: bool = False) -> list[int]:
    """Number of columns of each centre type.

    Parameters
    ----------
    num_radial : sequence of int
        n_l.
    met : ndarray of bool, shape [types, types]
        Which neighbour types each centre type has columns for.
    symmetric : bool
    """
    return [count_features([n * width for n in num_radial], symmetric=symmetric) for width in met.sum(axis=1).tolist()]


def columns_of_types(num_radial: Sequence[int], kept: Bools, *, symmetric: bool = False) -> Bools:
    """Which columns of a block belong to some of its neighbour types only.

    Parameters
    ----------
    num_radial : sequence of int
        n_l.
    kept : ndarray of bool, shape [neighbor types]
    symmetric : bool

    Returns
    -------
    ndarray of bool, shape [features]
    """
    blocks = [np.zeros(0, bool)]
    for n in num_radial:
        one = np.tile(kept, n)
        both = (one[:, None] & one).ravel()
        blocks.append(both[upper_triangle(len(one))[0]] if symmetric else both)
    return np.concatenate(blocks)
