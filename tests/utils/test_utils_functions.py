"""Monomials, solid harmonics and comparison under AniSOAP's names; tests/kernels/test_moments.py has the moments."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from anisoap_opt.utils import (
    TrivariateMonomialIndices,
    assert_close,
    spherical_to_cartesian,
)


@pytest.mark.parametrize("deg", range(7))
def test_monomials_in_order(deg):
    monomials = TrivariateMonomialIndices(deg)
    listed = list(monomials)
    powers = [p for _, *p in listed]
    assert len(monomials) == monomials.num_indices == len(listed) == (deg + 1) * (deg + 2) // 2
    assert [idx for idx, *_ in listed] == list(range(len(listed)))
    assert powers == sorted(powers, reverse=True)
    assert {sum(p) for p in powers} == {deg}
    for idx, *p in monomials:
        assert monomials.find_idx(tuple(p)) == idx
        assert monomials.get_exponents(idx) == monomials.exponent_list[idx] == tuple(p)


def test_monomial_iterators_are_independent():
    monomials = TrivariateMonomialIndices(deg=1)
    first, second = iter(monomials), iter(monomials)
    assert next(first) == next(second) == (0, 1, 0, 0)
    assert len(list(first)) == 2


@pytest.mark.parametrize("wrong", [(1, 0, 0), (3, -1, 0), (1, 1), (2, 1, 0)])
def test_monomial_of_another_degree(wrong):
    with pytest.raises(ValueError, match="degree 2"):
        TrivariateMonomialIndices(2).find_idx(wrong)


def test_degree_is_a_natural_number():
    with pytest.raises(ValueError, match="deg"):
        TrivariateMonomialIndices(-1)


def test_spherical_to_cartesian_layout():
    tables = spherical_to_cartesian(2, [3, 2, 1])
    assert [table.shape for table in tables] == [(1, 3, 5, 5, 5), (3, 2, 4, 4, 4), (5, 1, 3, 3, 3)]
    assert tables[0][0, 2, 2, 2, 0] == 2  # r⁴ = … + 2 x² y² + …
    assert tables[1][0, 0, 0, 1, 0] == tables[1][1, 0, 0, 0, 1] == tables[1][2, 0, 1, 0, 0] == 1  # y, z, x
    assert_allclose(tables[2][0, 0, 1, 1, 0], np.sqrt(3))  # R_{2,-2} = √3 xy
    assert [np.count_nonzero(row) for row in tables[2]] == [1, 1, 3, 1, 2]


@pytest.mark.parametrize("num_ns", [[1, 1], [1, 1, 1, 1], [1, 0, 1]])
def test_spherical_to_cartesian_bad_input(num_ns):
    with pytest.raises(ValueError, match="num_ns"):
        spherical_to_cartesian(2, num_ns)


def test_assert_close():
    assert_close(1.0, 1.0 + 1e-11)
    assert_close([1.0, 0.0], [1.0, 1e-16])
    for wrong in (1.0 + 1e-9, [1.0, 1.0]):
        with pytest.raises(AssertionError):
            assert_close(1.0, wrong)
    assert_close(1.0, 1.0 + 1e-9, rtol=1e-8)
