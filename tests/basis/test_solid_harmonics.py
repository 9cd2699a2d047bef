"""The polynomials r^{2n} R_lm against SciPy's spherical harmonics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anisoap_opt.basis.monomials import exponents
from anisoap_opt.basis.solid_harmonics import dense_table, radial_solid_harmonics, solid_harmonics, times, times_r2
from tests.real_harmonics import real_harmonics

POINTS = np.random.default_rng(1).normal(size=(40, 3))
RADII = np.linalg.norm(POINTS, axis=1)


def evaluate(polynomials: Any, degree: int) -> Any:
    """[polynomials, monomials of the degree] at POINTS: [points, polynomials]."""
    return np.prod(POINTS[:, None, :] ** exponents(degree), axis=2) @ polynomials.T


@pytest.mark.parametrize("l", range(13))
def test_values(l: int) -> None:
    expected = np.sqrt(4 * np.pi / (2 * l + 1)) * RADII[:, None] ** l * real_harmonics(l, POINTS)
    np.testing.assert_allclose(evaluate(solid_harmonics(l), l), expected, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("l", range(7))
def test_powers_of_r(l: int) -> None:
    expected = np.sqrt(4 * np.pi / (2 * l + 1)) * RADII[:, None] ** l * real_harmonics(l, POINTS)
    for n, polynomials in enumerate(radial_solid_harmonics(l, 5)):
        values = RADII[:, None] ** (2 * n) * expected
        np.testing.assert_allclose(evaluate(polynomials, l + 2 * n), values, rtol=0, atol=1e-12 * np.abs(values).max())


def test_order_of_l_1() -> None:
    np.testing.assert_array_equal(evaluate(solid_harmonics(1), 1), POINTS[:, [1, 2, 0]])


@pytest.mark.parametrize("l", range(2, 11))
def test_the_laplacian_vanishes(l: int) -> None:
    laplacian = np.zeros((2 * l + 1, len(exponents(l - 2))))
    for axis in range(3):
        p = exponents(l)
        lowered = p.copy()
        lowered[:, axis] -= 2
        for column in np.flatnonzero(lowered[:, axis] >= 0):
            target = (exponents(l - 2) == lowered[column]).all(axis=1)
            factor = p[column, axis] * (p[column, axis] - 1)
            laplacian[:, target] += factor * solid_harmonics(l)[:, column, None]
    assert np.abs(laplacian).max() < 1e-12 * l**2 * np.abs(solid_harmonics(l)).max()


def test_multiplication() -> None:
    polynomials = np.random.default_rng(2).normal(size=(2, len(exponents(3))))
    values = evaluate(polynomials, 3)
    for axis in range(3):
        np.testing.assert_allclose(evaluate(times(polynomials, 3, axis), 4), POINTS[:, axis, None] * values)
    np.testing.assert_allclose(evaluate(times_r2(polynomials, 3), 5), RADII[:, None] ** 2 * values)


def test_dense_table_holds_the_same_coefficients() -> None:
    table = dense_table(3, 2)
    assert table.shape == (7, 2, 6, 6, 6)
    for n, polynomials in enumerate(radial_solid_harmonics(3, 2)):
        px, py, pz = exponents(3 + 2 * n).T
        np.testing.assert_array_equal(table[:, n, px, py, pz], polynomials)
        assert np.count_nonzero(table[:, n]) == np.count_nonzero(polynomials)


def test_cached_tables_cannot_be_overwritten() -> None:
    with pytest.raises(ValueError, match="read-only"):
        solid_harmonics(3)[0] = 0
