"""A smaller basis from a larger one: nested functions, and rotations between two orthonormal sets."""

from __future__ import annotations

import numpy as np
import pytest

from anisoap_opt.basis.nested import drops_functions, nested_change, union_of_sizes
from anisoap_opt.basis.radial import GTORadialBasis, MonomialBasis

BASES = {
    "gto": lambda num: GTORadialBasis(3, 5.0, radial_gaussian_width=1.3, max_radial=num - 1, rcond=0, tol=1e-8),
    "monomial": lambda num: MonomialBasis(3, 5.0, max_radial=num - 1, rcond=0, tol=1e-8),
}


@pytest.mark.parametrize("name", BASES)
def test_the_first_functions_make_up_every_smaller_basis(name: str) -> None:
    large = BASES[name](6)
    for num in range(1, 7):
        small = BASES[name](num)
        for l in range(4):
            nested, rotation = large.unit_triangular(l), small.rotation(l)
            assert np.abs(rotation @ rotation.T - np.eye(num)).max() < 1e-14
            assert not np.tril(nested, -1).any()
            wanted = small.unit_orthonormalization(l)
            made = nested[:num, :num] @ rotation
            assert np.abs(made - wanted).max() <= 1e-10 * np.abs(wanted).max()


@pytest.mark.parametrize("name", BASES)
def test_nested_functions_are_orthonormal(name: str) -> None:
    """Their overlaps, from those of the primitive functions r^k, are the unit matrix."""
    basis = BASES[name](4)
    for l in range(4):
        k = l + 2 * np.arange(4)
        norms = basis._prefactor(k)
        overlaps = np.outer(norms, norms) / basis._prefactor((k[:, None] + k) / 2) ** 2
        triangular = basis.unit_triangular(l) / norms[:, None]
        assert np.abs(triangular.T @ overlaps @ triangular - np.eye(4)).max() < 1e-9


def test_the_length_is_that_of_the_basis() -> None:
    basis = BASES["gto"](3)
    nested = nested_change(basis)
    for l, matrix in enumerate(nested.radial):
        assert np.allclose(matrix, 1.3**-1.5 * basis.unit_triangular(l), rtol=1e-14, atol=0)


def test_union_of_sizes() -> None:
    assert union_of_sizes([(4, 3, 3), (1, 1, 1, 1)]) == (4, 3, 3, 1)
    assert union_of_sizes([(2,)]) == (2,)


def test_dropped_functions_are_noticed() -> None:
    def basis(rcond: float) -> GTORadialBasis:
        return GTORadialBasis(3, 5.0, radial_gaussian_width=1.3, max_radial=6, rcond=rcond, tol=10.0)

    assert not drops_functions(basis(0.0))
    assert not drops_functions(basis(1e-9))
    assert drops_functions(basis(1e-3))
