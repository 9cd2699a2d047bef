"""Real solid harmonics as polynomials: the coefficients of r^{2n} R_lm in monomials of degree l + 2n.

R_lm = sqrt(4π/(2l+1)) r^l Y_lm with real Y_lm, m = -l … l, without the Condon–Shortley phase, so that
R_1 = (y, z, x). The recurrences are the textbook ones (e.g. Helgaker, Jørgensen, Olsen, "Molecular
Electronic-Structure Theory", section 6.4):

    R_{l,±l}   = c_l (x R_{l-1,±(l-1)} ∓ y R_{l-1,∓(l-1)}),      c_1 = 1, c_l = sqrt((2l-1)/(2l))
    R_{l+1,m}  = [(2l+1) z R_{l,m} - sqrt(l² - m²) r² R_{l-1,m}] / sqrt((l+1)² - m²)
"""

from functools import cache

import numpy as np

from anisoap_opt.arrays import Array
from anisoap_opt.basis.monomials import exponents, num_of_degree, raised

Polynomials = Array  # [polynomials, monomials of one degree]


def times(polynomials: Polynomials, degree: int, axis: int) -> Polynomials:
    """Multiply homogeneous polynomials of `degree` by x, y or z.

    Parameters
    ----------
    polynomials : ndarray, shape [..., monomials of degree]
    degree : int
    axis : {0, 1, 2}

    Returns
    -------
    ndarray, shape [..., monomials of degree + 1]
    """
    product = np.zeros((*polynomials.shape[:-1], num_of_degree(degree + 1)))
    product[..., raised(degree + 1, axis)] = polynomials
    return product


def times_r2(polynomials: Polynomials, degree: int) -> Polynomials:
    """Multiply homogeneous polynomials of `degree` by r² = x² + y² + z²; shape [..., monomials of degree + 2]."""
    product = np.zeros((*polynomials.shape[:-1], num_of_degree(degree + 2)))
    for axis in range(3):
        product += times(times(polynomials, degree, axis), degree + 1, axis)
    return product


@cache
def solid_harmonics(l: int) -> Polynomials:
    """Coefficients of R_lm for m = -l … l.

    Parameters
    ----------
    l : int
        Angular momentum, ≥ 0.

    Returns
    -------
    ndarray, shape [2l+1, monomials of degree l]
        Read-only.
    """
    if l == 0:
        harmonics = np.ones((1, 1))
    else:
        below = solid_harmonics(l - 1)
        x, y, z = (times(below, l - 1, axis) for axis in range(3))
        harmonics = np.zeros((2 * l + 1, num_of_degree(l)))
        if l == 1:
            harmonics[2], harmonics[0] = x[0], y[0]
        else:
            c = np.sqrt((2 * l - 1) / (2 * l))
            harmonics[2 * l] = c * (x[-1] - y[0])
            harmonics[0] = c * (y[-1] + x[0])
        m = np.arange(-l + 1, l)  # every m that l - 1 has
        inner = (2 * l - 1) * z
        if l > 1:
            inner[1:-1] -= np.sqrt((l - 1) ** 2 - m[1:-1, None] ** 2) * times_r2(solid_harmonics(l - 2), l - 2)
        harmonics[1:-1] = inner / np.sqrt(l**2 - m[:, None] ** 2)
    harmonics.flags.writeable = False
    return harmonics


def radial_solid_harmonics(l: int, num_radial: int) -> list[Polynomials]:
    """Coefficients of r^{2n} R_lm for n = 0 … num_radial - 1.

    Parameters
    ----------
    l : int
        Angular momentum.
    num_radial : int
        Number of radial functions of this l.

    Returns
    -------
    list of ndarray, the n-th of shape [2l+1, monomials of degree l + 2n]
    """
    table = [solid_harmonics(l)]
    for n in range(1, num_radial):
        table.append(times_r2(table[-1], l + 2 * (n - 1)))
    return table


def dense_table(l: int, num_radial: int) -> Array:
    """The same coefficients in AniSOAP's layout, indexed by the three exponents.

    Returns
    -------
    ndarray, shape [2l+1, num_radial, D+1, D+1, D+1] with D = l + 2 (num_radial - 1)
        Entry [m, n, p_x, p_y, p_z]; zero unless p_x + p_y + p_z = l + 2n.
    """
    size = l + 2 * (num_radial - 1) + 1
    table = np.zeros((2 * l + 1, num_radial, size, size, size))
    for n, polynomials in enumerate(radial_solid_harmonics(l, num_radial)):
        px, py, pz = exponents(l + 2 * n).T
        table[:, n, px, py, pz] = polynomials
    return table
