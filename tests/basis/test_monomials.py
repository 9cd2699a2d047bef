"""The one order of the monomials: what its slices promise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from anisoap_opt.basis import monomials

DEGREES = range(9)


def test_exponents_are_all_of_the_degree_once() -> None:
    for degree in DEGREES:
        table = monomials.exponents(degree).tolist()
        assert sorted(table, reverse=True) == table  # p_x descends, then p_y
        assert len({tuple(p) for p in table}) == len(table) == math.comb(degree + 2, 2)
        assert all(sum(p) == degree and min(p) >= 0 for p in table)


def test_counts_and_slices() -> None:
    first = 0
    for degree in DEGREES:
        size = monomials.num_of_degree(degree)
        assert size == len(monomials.exponents(degree))
        assert monomials.degree_slice(degree) == slice(first, first + size)
        first += size
        assert monomials.num_up_to_degree(degree) == first == math.comb(degree + 3, 3)
    assert monomials.num_of_degree(-1) == monomials.num_of_degree(-2) == monomials.num_up_to_degree(-1) == 0


def test_position_inverts_exponents() -> None:
    for degree in DEGREES:
        rows = monomials.position(*monomials.exponents(degree).T)
        np.testing.assert_array_equal(rows, np.arange(monomials.num_of_degree(degree)))


@pytest.mark.parametrize("axis", range(3))
def test_raised_multiplies_by_a_coordinate(axis: int) -> None:
    for degree in range(1, 9):
        product = monomials.exponents(degree)[monomials.raised(degree, axis)]
        np.testing.assert_array_equal(
            product - monomials.exponents(degree - 1), np.tile(np.eye(3, dtype=int)[axis], (len(product), 1))
        )


@pytest.mark.parametrize("axes", [(), (0,), (1,), (2,), (0, 0), (1, 0), (2, 1), (2, 2)], ids=str)
def test_lifted_multiplies_by_several(axes: tuple[int, ...]) -> None:
    for degree in range(7):
        every = np.concatenate([monomials.exponents(d) for d in range(degree + 1)])
        rows = monomials.lifted(degree, axes)
        lower = every[every.sum(axis=1) <= degree - len(axes)]
        np.testing.assert_array_equal(every[rows], lower + np.bincount(axes, minlength=3))


def test_multiplying_by_x_is_a_slice() -> None:
    for degree in range(1, 9):
        np.testing.assert_array_equal(monomials.raised(degree, 0), np.arange(monomials.num_of_degree(degree - 1)))


def test_cached_tables_cannot_be_overwritten() -> None:
    with pytest.raises(ValueError, match="read-only"):
        monomials.exponents(2)[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        monomials.raised(2, 1)[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        monomials.lifted(2, (1,))[0] = 0
