"""The monomials x^p, p = (p_x, p_y, p_z), and the one order in which every array holds them.

Degrees ascend; within a degree p_x descends, then p_y. Degree d starts at C(d+2, 3) and holds C(d+2, 2)
monomials; the C(d+1, 2) with p_x > 0 come first and repeat the order of degree d - 1, so that "multiply by x" is
a slice, not a table.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from anisoap_opt.arrays import Ints


def num_of_degree(degree: int) -> int:
    """Number of monomials of exactly this degree, C(degree + 2, 2); 0 for a negative degree."""
    return (degree + 1) * (degree + 2) // 2 if degree >= 0 else 0


def num_up_to_degree(degree: int) -> int:
    """Number of monomials of this degree or lower, C(degree + 3, 3)."""
    return (degree + 1) * (degree + 2) * (degree + 3) // 6 if degree >= 0 else 0


def degree_slice(degree: int) -> slice:
    """Where the monomials of one degree lie in an array of all monomials."""
    return slice(num_up_to_degree(degree - 1), num_up_to_degree(degree))


@cache
def exponents(degree: int) -> Ints:
    """Exponents (p_x, p_y, p_z) of the monomials of one degree.

    Parameters
    ----------
    degree : int
        Total degree p_x + p_y + p_z ≥ 0.

    Returns
    -------
    ndarray, shape [monomials of this degree, 3]
        In the order that every array of the package uses; read-only.
    """
    table = np.array(
        [(x, y, degree - x - y) for x in range(degree, -1, -1) for y in range(degree - x, -1, -1)],
        dtype=np.int64,
    )
    table.flags.writeable = False
    return table


def position(x: npt.ArrayLike, y: npt.ArrayLike, z: npt.ArrayLike) -> Ints:
    """Position of x^p within its own degree; the inverse of `exponents`.

    Parameters
    ----------
    x, y, z : array_like of int, any common shape
        The exponents.

    Returns
    -------
    ndarray of int, the common shape
    """
    rest = np.asarray(y) + np.asarray(z)
    # rows before this p_x hold 1, 2, …, rest monomials; within the row p_y descends from `rest`
    return np.asarray(rest * (rest + 1) // 2 + np.asarray(z) + 0 * np.asarray(x), dtype=np.int64)


@cache
def raised(degree: int, axis: int) -> Ints:
    """Positions, within `degree`, of x^p · x_axis for every x^p of degree - 1.

    Parameters
    ----------
    degree : int
        Degree of the products, ≥ 1.
    axis : {0, 1, 2}
        Which of x, y, z multiplies.

    Returns
    -------
    ndarray of int, shape [monomials of degree - 1]
        Read-only; for axis 0 it is 0, 1, 2, …
    """
    p = exponents(degree - 1).copy()
    p[:, axis] += 1
    rows = position(*p.T)
    rows.flags.writeable = False
    return rows


@cache
def lifted(degree: int, axes: tuple[int, ...]) -> Ints:
    """Positions, among all monomials up to `degree`, of x^p times one factor for each of the axes.

    Parameters
    ----------
    degree : int
    axes : tuple of {0, 1, 2}
        Which of x, y, z multiply.

    Returns
    -------
    ndarray of int, shape [monomials up to degree - len(axes)]
        For every x^p of so low a degree that the product is still there; read-only.
    """
    rows = np.arange(num_up_to_degree(degree - len(axes)))
    for step, axis in enumerate(axes):
        top = degree - len(axes) + step  # degree up to which the products so far go
        once = [num_up_to_degree(d) + raised(d + 1, axis) for d in range(top + 1)]
        rows = np.concatenate([*once, np.zeros(0, np.int64)])[rows]
    rows.flags.writeable = False
    return rows
