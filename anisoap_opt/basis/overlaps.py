"""Norms and overlaps of the primitive radial functions, and Löwdin's S^{-1/2} and its way from Gram's and Schmidt's.

GTO       R_k(r) = r^k exp(-r²/2σ²) on [0, ∞),   <R_k|R_k> = ½ σ^{2k+3} Γ(k + 3/2)
monomial  R_k(r) = r^k              on [0, r_c],  <R_k|R_k> = r_c^{2k+3} / (2k + 3)
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from anisoap_opt.arrays import Array

Factor: TypeAlias = Callable[[int, int], Array]
"""L of l and n_l: `gto_overlap_factor` or `monomial_overlap_factor`."""

_gamma = np.vectorize(math.gamma, otypes=[np.float64])  # not SciPy's: loading it takes longer than many calculations


def gto_square_norm(n: npt.ArrayLike, sigma: npt.ArrayLike) -> Array:
    """∫ r² (r^n exp(-r²/2σ²))² dr = ½ σ^{2n+3} Γ(n + 3/2).

    Parameters
    ----------
    n : array_like
        Power of r; half-integers are allowed.
    sigma : array_like
        Width σ of the Gaussian, Å.

    Returns
    -------
    ndarray
        Of the broadcast shape, Å^{2n+3}.
    """
    n = np.asarray(n, dtype=np.float64)
    return 0.5 * np.asarray(sigma, dtype=np.float64) ** (2 * n + 3) * _gamma(n + 1.5)


def gto_prefactor(n: npt.ArrayLike, sigma: npt.ArrayLike) -> Array:
    """Factor that normalises a GTO: `gto_square_norm` to the power -1/2."""
    return 1 / np.sqrt(gto_square_norm(n, sigma))


def gto_overlap(n: npt.ArrayLike, m: npt.ArrayLike, sigma_n: npt.ArrayLike, sigma_m: npt.ArrayLike) -> Array:
    """Overlap of two normalised GTOs of powers n, m and widths σ_n, σ_m (Å); of the broadcast shape.

    The product of two GTOs is the square of one with power (n + m)/2 and 2/σ² = 1/σ_n² + 1/σ_m².
    """
    n, m = np.asarray(n, dtype=np.float64), np.asarray(m, dtype=np.float64)
    sigma_n, sigma_m = np.asarray(sigma_n, dtype=np.float64), np.asarray(sigma_m, dtype=np.float64)
    sigma = np.sqrt(2 * sigma_n**2 * sigma_m**2 / (sigma_n**2 + sigma_m**2))
    return gto_prefactor(n, sigma_n) * gto_prefactor(m, sigma_m) * gto_square_norm((n + m) / 2, sigma)


def monomial_square_norm(n: npt.ArrayLike, r_cut: float) -> Array:
    """∫_0^{r_c} r² (r^n)² dr = r_c^{2n+3} / (2n + 3), Å^{2n+3}."""
    n = np.asarray(n, dtype=np.float64)
    return r_cut ** (2 * n + 3) / (2 * n + 3)


def monomial_prefactor(n: npt.ArrayLike, r_cut: float) -> Array:
    """Factor that normalises a monomial on [0, r_c]: `monomial_square_norm` to the power -1/2."""
    return 1 / np.sqrt(monomial_square_norm(n, r_cut))


def monomial_overlap(n: npt.ArrayLike, m: npt.ArrayLike, r_cut: float) -> Array:
    """Overlap of two normalised monomials on [0, r_c]; of the broadcast shape."""
    n, m = np.asarray(n, dtype=np.float64), np.asarray(m, dtype=np.float64)
    return monomial_prefactor(n, r_cut) * monomial_prefactor(m, r_cut) * monomial_square_norm((n + m) / 2, r_cut)


def gto_overlap_factor(l: int, num_radial: int) -> Array:
    """Triangular factor L of the overlap S = L Lᵀ of the normalised GTOs r^{l+2n}, n = 0 … num_radial - 1.

    In t = r²/σ² the GTOs are t^n under the weight t^α exp(-t), α = l + 1/2, and the expansion of t^n in Laguerre
    polynomials has closed coefficients, so every entry is exact to the last digit. That matters: from S itself,
    rounded to float64, S^{-1/2} of a large basis has only seven correct digits, from L it has twelve.

    Parameters
    ----------
    l : int
        Angular channel.
    num_radial : int
        Number of radial functions.

    Returns
    -------
    ndarray, shape [num_radial, num_radial]
        L[n, k] = C(n, k) Γ(n+α+1) sqrt(k! / (Γ(k+α+1) Γ(2n+α+1))).
    """
    n, k = np.arange(num_radial)[:, None], np.arange(num_radial)
    alpha = l + 0.5
    return np.asarray(
        _binomial(n, k)
        * _gamma(n + alpha + 1)
        * np.sqrt(_gamma(k + 1) / _gamma(k + alpha + 1) / _gamma(2 * n + alpha + 1))
    )


def monomial_overlap_factor(l: int, num_radial: int) -> Array:
    """Triangular factor L of the overlap S = L Lᵀ of the normalised monomials r^{l+2n}, n = 0 … num_radial - 1.

    As `gto_overlap_factor`, with shifted Jacobi polynomials in (r/r_c)², the weight (r/r_c)^{2α} and α = l + 1/2.

    Returns
    -------
    ndarray, shape [num_radial, num_radial]
        L[n, k] = n!/(n-k)! Γ(n+α+1)/Γ(n+k+α+2) sqrt((2k+α+1) (2n+α+1)).
    """
    n, k = np.arange(num_radial)[:, None], np.arange(num_radial)
    alpha = l + 0.5
    falling = _binomial(n, k) * _gamma(k + 1)  # n!/(n-k)!
    ratio = _gamma(n + alpha + 1) / _gamma(n + k + alpha + 2)
    return np.asarray(falling * ratio * np.sqrt((2 * k + alpha + 1) * (2 * n + alpha + 1)))


_binomial = np.vectorize(math.comb, otypes=[np.float64])


def inverse_sqrt_from_factor(factor: Array, rcond: float, tol: float) -> Array:
    """Löwdin's S^{-1/2} of S = L Lᵀ, by the singular values of L.

    Parameters
    ----------
    factor : ndarray, shape [n, n]
        L.
    rcond : float
        Eigenvalues of S ≤ `rcond` are dropped.
    tol : float
        Largest Frobenius norm of the dropped part of S that is accepted.

    Returns
    -------
    ndarray, shape [n, n]
        U diag(1/σ) Uᵀ with L = U diag(σ) Vᵀ.

    Raises
    ------
    ValueError
        If the dropped part exceeds `tol`, or an eigenvalue that is kept is no more than rounding noise.
    """
    vectors, sigma, _ = np.linalg.svd(factor)
    kept = sigma**2 > rcond
    error = float(np.linalg.norm(sigma[~kept] ** 2))
    advice = "; use fewer radial functions, or set basis_rcond (e.g. 1e-8) with a looser basis_tol (e.g. 1e-3)"
    if error > tol:
        raise ValueError(
            f"orthonormalising {len(factor)} radial functions fails: basis_rcond={rcond:g} drops a part of their "
            f"overlap matrix of norm {error:.3g}, more than basis_tol={tol:g}{advice}"
        )
    if (sigma[kept] < 1e-13 * sigma[0]).any():
        raise ValueError(f"{len(factor)} radial functions are linearly dependent to machine precision{advice}")
    vectors, sigma = vectors[:, kept], sigma[kept]
    return np.asarray((vectors / sigma) @ vectors.T)


def orthogonal_factor(factor: Array) -> Array:
    """From orthonormal functions by Gram and Schmidt to those by Löwdin: Lᵀ S^{-1/2} of S = L Lᵀ.

    Functions φ_k with the overlaps S are made orthonormal by Σ_k φ_k (L^{-T})_kn, of which the first n depend on the
    first n φ_k only, or by Σ_k φ_k (S^{-1/2})_kn. Both span the same space, so a rotation Q leads from one to the
    other, S^{-1/2} = L^{-T} Q. With L = U diag(σ) Vᵀ it is V Uᵀ.

    Parameters
    ----------
    factor : ndarray, shape [n, n]
        L.

    Returns
    -------
    ndarray, shape [n, n]
        Q, orthogonal; multiply from the right.
    """
    left, _, right = np.linalg.svd(factor)
    return np.asarray(right.T @ left.T)


@lru_cache(maxsize=4096)  # calculators of many sizes and cutoffs need the same few small matrices
def kept_inverse_sqrt(overlap_factor: Factor, l: int, num_radial: int, rcond: float, tol: float) -> Array:
    """`inverse_sqrt_from_factor` of l and n_l, read-only."""
    matrix = inverse_sqrt_from_factor(overlap_factor(l, num_radial), rcond, tol)
    matrix.flags.writeable = False
    return matrix


@lru_cache(maxsize=4096)
def kept_orthogonal_factor(overlap_factor: Factor, l: int, num_radial: int) -> Array:
    """`orthogonal_factor` of l and n_l, read-only."""
    matrix = orthogonal_factor(overlap_factor(l, num_radial))
    matrix.flags.writeable = False
    return matrix


def inverse_matrix_sqrt(matrix: npt.ArrayLike, rcond: float = 1e-8, tol: float = 1e-3) -> Array:
    """Inverse square root of any symmetric positive semidefinite matrix, S^{-1/2}, as AniSOAP offers it.

    The package itself starts from the factor of S, which is more accurate: `inverse_sqrt_from_factor`.

    Parameters
    ----------
    matrix : array_like, shape [n, n]
        Symmetric and positive semidefinite.
    rcond : float
        Eigenvalues ≤ `rcond` are dropped.
    tol : float
        Largest Frobenius norm of S - (S^{-1/2})^{-2} that is accepted.

    Returns
    -------
    ndarray, shape [n, n]

    Raises
    ------
    ValueError
        If the matrix is not symmetric, or the reconstruction error exceeds `tol`.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.allclose(matrix, matrix.T):
        raise ValueError(f"an overlap matrix must be square and symmetric, got shape {matrix.shape}")
    values, vectors = np.linalg.eigh(matrix)
    kept = values > rcond
    values, vectors = values[kept], vectors[:, kept]
    inverse_sqrt = (vectors / np.sqrt(values)) @ vectors.T
    error = np.linalg.norm(matrix - np.linalg.pinv(inverse_sqrt @ inverse_sqrt))
    if not error <= tol:
        raise ValueError(f"the inverse square root fails: reconstruction error {error:.3g} exceeds tol={tol:g}")
    return np.asarray(inverse_sqrt)
