"""The two radial bases: which functions there are, and that they are orthonormal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anisoap_opt.basis.radial import GTORadialBasis, MonomialBasis, count_radial_functions
from tests.frames_for_tests import random_rotation
from tests.quadrature import integrate

RADIAL = [None, 2, [3, 0, 1, 2, 4]]


def bases(max_radial: Any, cutoff: float = 4.0) -> list[tuple[Any, float]]:
    """Both bases with max_angular 4, and where their integrals end."""
    return [
        (GTORadialBasis(4, cutoff, radial_gaussian_width=1.3, max_radial=max_radial), 20.0),
        (MonomialBasis(4, cutoff, max_radial=max_radial), cutoff),
    ]


@pytest.mark.parametrize(
    ("max_angular", "max_radial", "expected"),
    [
        (4, None, [3, 2, 2, 1, 1]),
        (5, None, [3, 3, 2, 2, 1, 1]),
        (0, None, [1]),
        (2, 3, [4, 4, 4]),
        (2, 0, [1, 1, 1]),
        (2, [3, 0, 1], [4, 1, 2]),
        (2, (3, 0, 1), [4, 1, 2]),
        (np.int64(1), np.int32(1), [2, 2]),
        (1, np.array([1, 2]), [2, 3]),
    ],
)
def test_number_of_functions(max_angular: int, max_radial: Any, expected: list[int]) -> None:
    assert count_radial_functions(max_angular, max_radial) == expected
    assert MonomialBasis(max_angular, 3.0, max_radial=max_radial).get_num_radial_functions() == expected


@pytest.mark.parametrize("max_radial", RADIAL, ids=str)
def test_functions_of_one_l_are_orthonormal(max_radial: Any) -> None:
    for basis, end in bases(max_radial):
        ends = np.cumsum([0, *basis.get_num_radial_functions()])
        for first, last in zip(ends[:-1], ends[1:], strict=True):

            def products(r: Any, basis: Any = basis, columns: slice = slice(first, last)) -> Any:
                phi = basis.get_basis(r)[:, columns]
                return r[:, None, None] ** 2 * phi[:, :, None] * phi[:, None, :]

            np.testing.assert_allclose(integrate(products, end), np.eye(last - first), atol=1e-9)


@pytest.mark.parametrize("max_radial", RADIAL, ids=str)
def test_shape_of_get_basis(max_radial: Any) -> None:
    for basis, _ in bases(max_radial):
        total = sum(basis.get_num_radial_functions())
        assert basis.get_basis(np.linspace(0, 4, 7)).shape == (7, total)
        assert basis.get_basis([1, 2]).shape == (2, total)
        assert basis.get_basis(np.zeros((0,))).shape == (0, total)


def test_get_basis_of_a_single_function() -> None:
    r = np.linspace(0.1, 3, 5)
    gto = GTORadialBasis(1, 4.0, radial_gaussian_width=1.3, max_radial=0).get_basis(r)
    for l in (0, 1):
        norm = integrate(lambda r, l=l: (r**l * np.exp(-(r**2) / (2 * 1.3**2))) ** 2 * r**2, 20.0)
        np.testing.assert_allclose(gto[:, l], r**l * np.exp(-(r**2) / (2 * 1.3**2)) / np.sqrt(norm))
    monomial = MonomialBasis(1, 4.0, max_radial=0).get_basis(r)
    np.testing.assert_allclose(monomial[:, 1], r / np.sqrt(4.0**5 / 5))


def test_more_functions_span_the_fewer() -> None:
    """Every function of the shorter basis lies in the space of the longer one."""
    r = np.linspace(0, 4, 50)
    for (short, _), (long, _) in zip(bases(1), bases(3), strict=True):
        few, many = short.get_basis(r)[:, :2], long.get_basis(r)[:, :4]
        fit, *_ = np.linalg.lstsq(many, few, rcond=None)
        np.testing.assert_allclose(many @ fit, few, atol=1e-8)
        np.testing.assert_allclose(fit.T @ fit, np.eye(2), atol=1e-6)


def test_ill_conditioned_bases_are_refused() -> None:
    with pytest.raises(ValueError, match="basis_rcond"):
        MonomialBasis(2, 4.0, max_radial=25, rcond=0, tol=1e-8).get_basis([1.0])
    with pytest.raises(ValueError, match="basis_tol"):
        GTORadialBasis(9, 4.0, radial_gaussian_width=1.0, max_radial=9, rcond=1e-4, tol=1e-8).get_basis([1.0])


def test_gaussian_parameters() -> None:
    """The product of the particle's Gaussian and exp(-r²/2σ²), point by point."""
    rng = np.random.default_rng(1)
    rotation, lengths, r_ij = random_rotation(1).as_matrix(), rng.uniform(0.5, 2, 3), rng.normal(size=3)
    own = rotation @ np.diag(lengths**-2) @ rotation.T
    points = rng.normal(size=(10, 3))

    def quadratic(matrix: Any, center: Any) -> Any:
        return np.einsum("pa,ab,pb->p", points - center, matrix, points - center)

    for basis, s in ((bases(1)[0][0], 1.3**-2), (bases(1)[1][0], 0.0)):
        precision, center, constant = basis.compute_gaussian_parameters(r_ij, lengths, rotation)
        expected = quadratic(own, r_ij) + s * (points**2).sum(axis=1)
        np.testing.assert_allclose(quadratic(precision, center) + constant, expected)
