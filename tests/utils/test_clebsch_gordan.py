"""Real Clebsch–Gordan coefficients: against identities that define them, and known values."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from wigners import clebsch_gordan

from anisoap_opt.utils import ClebschGordanReal
from tests.real_harmonics import real_harmonics

L_MAX = 5
PAIRS = [(l1, l2) for l1 in range(L_MAX + 1) for l2 in range(L_MAX + 1)]
EVEN = [(l1, l2, L) for l1, l2 in PAIRS for L in range(abs(l1 - l2), min(l1 + l2, L_MAX) + 1) if (l1 + l2 + L) % 2 == 0]
CG = ClebschGordanReal(2 * L_MAX)


def harmonics(l, r):
    """R_lm = sqrt(4π/(2l+1)) Y_lm at points r [points, 3], as [points, 2l+1]."""
    return np.sqrt(4 * np.pi / (2 * l + 1)) * real_harmonics(l, r)


@pytest.mark.parametrize(("l1", "l2"), PAIRS)
def test_orthogonal_and_complete(l1, l2):
    size = (2 * l1 + 1) * (2 * l2 + 1)
    columns = [CG.coefficients(l1, l2, L).reshape(size, -1) for L in range(abs(l1 - l2), l1 + l2 + 1)]
    matrix = np.hstack(columns)
    assert matrix.shape == (size, size)
    assert_allclose(matrix.T @ matrix, np.eye(size), rtol=0, atol=1e-13)


@pytest.mark.parametrize(("l1", "l2", "L"), EVEN)
def test_product_of_harmonics(l1, l2, L):
    """Σ C R_{l1 m1} R_{l2 m2} = <l1 0 l2 0|L 0> R_LM on the unit sphere."""
    r = np.random.default_rng(3).normal(size=(6, 3))
    coupled = np.einsum("pm,pn,mnM->pM", harmonics(l1, r), harmonics(l2, r), CG.coefficients(l1, l2, L))
    expected = clebsch_gordan(l1, 0, l2, 0, L, 0) * harmonics(L, r)
    assert_allclose(coupled, expected, rtol=0, atol=1e-13)


def test_odd_coupling_is_the_cross_product():
    """In the order m = -1, 0, 1 a vector is (y, z, x), a cyclic permutation, which cross products respect."""
    u, v = np.random.default_rng(4).normal(size=(2, 7, 3, 1))
    coupled = ClebschGordanReal(1).combine_einsum(u, v, 1, "iq,iq->iq")
    assert_allclose(coupled[:, :, 0], np.cross(u[:, :, 0], v[:, :, 0]) / np.sqrt(2), rtol=0, atol=1e-14)


@pytest.mark.parametrize("l", range(L_MAX + 1))
def test_scalar_coupling(l):
    expected = (-1) ** l / np.sqrt(2 * l + 1) * np.eye(2 * l + 1)
    assert_allclose(CG.coefficients(l, l, 0)[:, :, 0], expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("l1", "l2"), PAIRS)
def test_exchange(l1, l2):
    for L in range(abs(l1 - l2), l1 + l2 + 1):
        swapped = CG.coefficients(l2, l1, L).swapaxes(0, 1)
        assert_allclose(CG.coefficients(l1, l2, L), (-1) ** (l1 + l2 + L) * swapped, rtol=0, atol=1e-14)


def test_sparse_layout_holds_the_same():
    cg = ClebschGordanReal(3)
    sparse = cg.get_cg()
    assert len(sparse) == sum(1 for a in range(4) for b in range(4) for _ in range(abs(a - b), min(3, a + b) + 1))
    for key, columns in sparse.items():
        dense = np.zeros_like(cg.coefficients(*key))
        for M, entries in enumerate(columns):
            for m1, m2, value in entries:
                dense[m1, m2, M] = value
        assert_allclose(dense, cg.coefficients(*key), rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("combination", "shape_b", "shape"),
    [("iq,iq->iq", (4,), (4,)), ("ia,ib->iab", (3,), (4, 3)), ("iq,iaq->iaq", (3, 4), (3, 4))],
)
def test_combine_einsum_adds_up_components(combination, shape_b, shape):
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(6, 3, 4)), rng.normal(size=(6, 5, *shape_b))
    coupled = CG.combine_einsum(a, b, 2, combination)
    assert coupled.shape == (6, 5, *shape)
    expected = np.zeros_like(coupled)
    for (m1, m2, M), value in np.ndenumerate(CG.coefficients(1, 2, 2)):
        expected[:, M] += value * np.einsum(combination, a[:, m1], b[:, m2])
    assert_allclose(coupled, expected, rtol=0, atol=1e-13)


def test_outside_the_triangle_is_zero():
    assert not CG.combine_einsum(np.ones((2, 1, 3)), np.ones((2, 3, 3)), 3, "iq,iq->iq").any()


def test_precision_is_kept():
    a = np.ones((2, 3, 1), dtype=np.float32)
    assert CG.combine_einsum(a, a, 2, "ia,ib->iab").dtype == np.float32
    assert CG.combine_einsum(a.astype(int), a, 2, "ia,ib->iab").dtype == np.float64


def test_bad_input():
    cg, vectors = ClebschGordanReal(1), np.ones((2, 3, 1))
    with pytest.raises(ValueError, match="beyond l_max=1"):
        cg.combine_einsum(vectors, vectors, 2, "iq,iq->iq")
    with pytest.raises(ValueError, match="2 items with 1 items"):
        cg.combine_einsum(vectors, vectors[:1], 1, "iq,iq->iq")
    with pytest.raises(ValueError, match="begin with the index of the items"):
        cg.combine_einsum(vectors, vectors, 1, "iq,iq->qi")
    with pytest.raises(ValueError, match="l_max"):
        ClebschGordanReal(-1)
