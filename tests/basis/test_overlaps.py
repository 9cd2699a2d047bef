"""Norms, overlaps and S^{-1/2} of the primitive radial functions against quadrature and linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anisoap_opt.basis import overlaps
from tests.quadrature import integrate

powers = st.integers(0, 15)
widths = st.floats(0.3, 3)


@given(n=powers, sigma=widths)
def test_gto_norm(n: int, sigma: float) -> None:
    value = integrate(lambda r: (r**n * np.exp(-(r**2) / (2 * sigma**2))) ** 2 * r**2, 12 * sigma)
    np.testing.assert_allclose(overlaps.gto_square_norm(n, sigma), value, rtol=1e-12)
    np.testing.assert_allclose(overlaps.gto_prefactor(n, sigma) ** 2 * value, 1, rtol=1e-12)


@given(n=powers, r_cut=widths)
def test_monomial_norm(n: int, r_cut: float) -> None:
    value = integrate(lambda r: r ** (2 * n + 2), r_cut)
    np.testing.assert_allclose(overlaps.monomial_square_norm(n, r_cut), value, rtol=1e-12)
    np.testing.assert_allclose(overlaps.monomial_prefactor(n, r_cut) ** 2 * value, 1, rtol=1e-12)


@given(n=powers, m=powers, sigma_n=widths, sigma_m=widths)
def test_gto_overlap(n: int, m: int, sigma_n: float, sigma_m: float) -> None:
    def integrand(r: np.ndarray) -> np.ndarray:
        return r ** (n + m + 2) * np.exp(-0.5 * r**2 * (sigma_n**-2 + sigma_m**-2))

    expected = integrate(integrand, 12 * max(sigma_n, sigma_m), 120)
    expected *= overlaps.gto_prefactor(n, sigma_n) * overlaps.gto_prefactor(m, sigma_m)
    np.testing.assert_allclose(overlaps.gto_overlap(n, m, sigma_n, sigma_m), expected, rtol=1e-11)


@given(n=powers, m=powers, r_cut=widths)
def test_monomial_overlap(n: int, m: int, r_cut: float) -> None:
    expected = integrate(lambda r: r ** (n + m + 2), r_cut)
    expected *= overlaps.monomial_prefactor(n, r_cut) * overlaps.monomial_prefactor(m, r_cut)
    np.testing.assert_allclose(overlaps.monomial_overlap(n, m, r_cut), expected, rtol=1e-12)


@pytest.mark.parametrize("l", [0, 1, 5, 12])
@pytest.mark.parametrize("num", [1, 2, 7, 12])
def test_factors_are_triangular_and_square_to_the_overlaps(l: int, num: int) -> None:
    k = l + 2 * np.arange(num)
    for factor, overlap in (
        (overlaps.gto_overlap_factor(l, num), overlaps.gto_overlap(k[:, None], k, 1.7, 1.7)),
        (overlaps.monomial_overlap_factor(l, num), overlaps.monomial_overlap(k[:, None], k, 4.2)),
    ):
        np.testing.assert_allclose(factor, np.tril(factor))
        np.testing.assert_allclose(factor @ factor.T, overlap, rtol=1e-12)


def overlap_matrix(num: int) -> np.ndarray:
    k = 2 * np.arange(num)
    return overlaps.gto_overlap(k[:, None], k, 1.0, 1.0)


def test_inverse_square_roots() -> None:
    factor, matrix = overlaps.gto_overlap_factor(0, 4), overlap_matrix(4)
    for root in (overlaps.inverse_sqrt_from_factor(factor, 0, 1e-8), overlaps.inverse_matrix_sqrt(matrix)):
        np.testing.assert_allclose(root, root.T, atol=1e-10)
        np.testing.assert_allclose(root @ matrix @ root, np.eye(4), atol=1e-10)
        assert (np.linalg.eigvalsh(root) > 0).all()  # the Löwdin root, no other


def test_dropped_eigenvalues() -> None:
    """The subspace of the eigenvalues that are kept is orthonormalised, the rest is mapped to zero."""
    matrix = overlap_matrix(7)
    values, vectors = np.linalg.eigh(matrix)
    rcond = float(np.sqrt(values[2] * values[3]))
    kept = vectors[:, 3:]
    for root in (
        overlaps.inverse_sqrt_from_factor(overlaps.gto_overlap_factor(0, 7), rcond, 1.0),
        overlaps.inverse_matrix_sqrt(matrix, rcond, 1.0),
    ):
        np.testing.assert_allclose(root @ matrix @ root, kept @ kept.T, atol=1e-8)


def test_too_much_dropped() -> None:
    with pytest.raises(ValueError, match="more than basis_tol=1e-08"):
        overlaps.inverse_sqrt_from_factor(overlaps.gto_overlap_factor(0, 7), 1e-3, 1e-8)
    with pytest.raises(ValueError, match="exceeds tol=1e-08"):
        overlaps.inverse_matrix_sqrt(overlap_matrix(7), 1e-3, 1e-8)


def test_linearly_dependent_functions() -> None:
    with pytest.raises(ValueError, match="linearly dependent.*basis_rcond"):
        overlaps.inverse_sqrt_from_factor(np.array([[1.0, 0.0], [1.0, 1e-14]]), 0, 1e-8)


@pytest.mark.parametrize("matrix", [np.ones(3), np.ones((2, 3)), np.array([[1.0, 0.5], [0.2, 1.0]])])
def test_matrices_that_are_no_overlaps(matrix: np.ndarray) -> None:
    with pytest.raises(ValueError, match="square and symmetric"):
        overlaps.inverse_matrix_sqrt(matrix)


def test_negative_eigenvalues_are_not_dropped_in_silence() -> None:
    with pytest.raises(ValueError, match="reconstruction error"):
        overlaps.inverse_matrix_sqrt(np.diag([1.0, -1.0]))
