"""Moments of one Gaussian, written as literally as possible: for tests, for teaching and for the reference backend.

All three functions integrate against the bare exponential, without a normalising prefactor.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks
from anisoap_opt.arrays import Array, Bools


def compute_moments_single_variable(A: float, a: float, maxdeg: int) -> Array:
    """Moments of a Gaussian of one variable.

    Parameters
    ----------
    A : float
        Inverse variance.
    a : float
        Centre.
    maxdeg : int
        Largest degree.

    Returns
    -------
    ndarray, shape [maxdeg + 1]
        ∫ x^n exp(-A (x - a)²/2) dx, by m_{n+1} = a m_n + n m_{n-1} / A.
    """
    moments = np.zeros(checks.natural("maxdeg", maxdeg) + 1)
    moments[0] = np.sqrt(2 * np.pi / A)
    for n in range(maxdeg):
        moments[n + 1] = a * moments[n] + (n * moments[n - 1] / A if n else 0.0)
    return moments


def compute_moments_diagonal_inefficient_implementation(
    principal_components: npt.ArrayLike, a: npt.ArrayLike, maxdeg: int
) -> Array:
    """Moments of a Gaussian whose axes are x, y and z.

    Parameters
    ----------
    principal_components : array_like, shape [3]
        Diagonal of the precision matrix.
    a : array_like, shape [3]
        Centre.
    maxdeg : int
        Largest total degree.

    Returns
    -------
    ndarray, shape [maxdeg + 1, maxdeg + 1, maxdeg + 1]
        Entry [p_x, p_y, p_z] is the product of three single-variable moments; zero above `maxdeg`.
    """
    x, y, z = (
        compute_moments_single_variable(float(component), float(center), maxdeg)
        for component, center in zip(np.asarray(principal_components), np.asarray(a), strict=True)
    )
    return np.where(_within(maxdeg), x[:, None, None] * y[:, None] * z, 0.0)


def compute_moments_inefficient_implementation(A: npt.ArrayLike, a: npt.ArrayLike, maxdeg: int) -> Array:
    """Moments of a Gaussian of any shape.

    Parameters
    ----------
    A : array_like, shape [3, 3]
        Precision matrix, symmetric and positive definite.
    a : array_like, shape [3]
        Centre.
    maxdeg : int
        Largest total degree.

    Returns
    -------
    ndarray, shape [maxdeg + 1, maxdeg + 1, maxdeg + 1]
        ∫ x^{p_x} y^{p_y} z^{p_z} exp(-(r - a)ᵀ A (r - a)/2) d³r at [p_x, p_y, p_z]; zero above `maxdeg`.

    Raises
    ------
    ValueError
        If a shape is wrong or A is not symmetric.

    Notes
    -----
    With C = A⁻¹: m[p + e_i] = a_i m[p] + Σ_k C_ik p_k m[p - e_k], here run along z, then y, then x.
    """
    A, a = np.asarray(A, dtype=np.float64), np.asarray(a, dtype=np.float64)
    if A.shape != (3, 3) or a.shape != (3,):
        raise ValueError(f"the precision matrix must be 3 × 3 and the centre of length 3, got {A.shape}, {a.shape}")
    if np.abs(A - A.T).max() > 1e-7 * np.abs(A).max():
        raise ValueError("the precision matrix must be symmetric")
    covariance = np.linalg.inv(A)
    norm = (2 * np.pi) ** 1.5 / np.sqrt(np.linalg.det(A))
    return norm * normalized_moments(covariance, a, checks.natural("maxdeg", maxdeg))


def normalized_moments(covariance: Array, center: Array, maxdeg: int) -> Array:
    """Moments E[x^p] of a normal distribution.

    Parameters
    ----------
    covariance : ndarray, shape [3, 3]
    center : ndarray, shape [3]
    maxdeg : int
        Largest total degree.

    Returns
    -------
    ndarray, shape [maxdeg + 1, maxdeg + 1, maxdeg + 1]
        Zero above `maxdeg`.
    """
    (cxx, cxy, cxz), (_, cyy, cyz), (_, _, czz) = covariance.tolist()
    ax, ay, az = center.tolist()
    size = maxdeg + 1
    power = np.arange(size, dtype=np.float64)
    m = np.zeros((size, size, size))
    m[0, 0, 0] = 1.0
    for z in range(maxdeg):
        m[0, 0, z + 1] = az * m[0, 0, z] + (czz * z * m[0, 0, z - 1] if z else 0.0)
    lowered = np.zeros(size)  # p_z m[…, p_z - 1] of the row before
    for y in range(maxdeg):
        row = m[0, y]
        np.multiply(row[:-1], power[1:], out=lowered[1:])
        m[0, y + 1] = ay * row + cyz * lowered
        if y:
            m[0, y + 1] += cyy * y * m[0, y - 1]
    lowered_y, lowered_z = np.zeros((size, size)), np.zeros((size, size))
    for x in range(maxdeg):
        plane = m[x]
        np.multiply(plane[:-1], power[1:, None], out=lowered_y[1:])
        np.multiply(plane[:, :-1], power[1:], out=lowered_z[:, 1:])
        m[x + 1] = ax * plane + cxy * lowered_y + cxz * lowered_z
        if x:
            m[x + 1] += cxx * x * m[x - 1]
    m[~_within(maxdeg)] = 0.0
    return m


def _within(maxdeg: int) -> Bools:
    """Where p_x + p_y + p_z ≤ maxdeg."""
    power = np.arange(maxdeg + 1)
    return power[:, None, None] + power[:, None] + power <= maxdeg
