"""The textbook moment functions against closed forms and against quadrature."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anisoap_opt.moments import (
    compute_moments_diagonal_inefficient_implementation,
    compute_moments_inefficient_implementation,
    compute_moments_single_variable,
    normalized_moments,
)
from tests.frames_for_tests import random_rotation
from tests.quadrature import gauss_hermite_moments
from tests.tolerances import assert_close

precisions = st.floats(0.1, 10)
centers = st.floats(-3, 3)


def closed_single(A: float, a: float, n: int) -> float:
    """∫ x^n exp(-A (x-a)²/2) dx = Σ_k C(n, 2k) a^{n-2k} (2k-1)!! A^{-k} · sqrt(2π/A)."""
    terms = (math.comb(n, 2 * k) * a ** (n - 2 * k) * math.prod(range(1, 2 * k, 2)) / A**k for k in range(n // 2 + 1))
    return math.sqrt(2 * math.pi / A) * sum(terms)


def random_precision(seed: int) -> tuple[Any, Any]:
    """Precision matrix and centre."""
    rng = np.random.default_rng(seed)
    rotation = random_rotation(seed).as_matrix()
    return rotation @ np.diag(rng.uniform(0.3, 4, 3)) @ rotation.T, rng.normal(size=3)


@given(A=precisions, a=centers)
def test_single_variable(A: float, a: float) -> None:
    moments = compute_moments_single_variable(A, a, 8)
    assert moments.shape == (9,)
    for n, moment in enumerate(moments):
        scale = closed_single(A, abs(a), n)  # no cancellation in this one
        assert abs(moment - closed_single(A, a, n)) <= 1e-13 * scale


@given(A=st.tuples(*[precisions] * 3), a=st.tuples(*[centers] * 3))
def test_diagonal(A: tuple[float, ...], a: tuple[float, ...]) -> None:
    moments = compute_moments_diagonal_inefficient_implementation(A, a, 5)
    assert moments.shape == (6, 6, 6)
    for p in np.ndindex(6, 6, 6):
        product = math.prod(closed_single(A[i], a[i], p[i]) for i in range(3))
        scale = math.prod(closed_single(A[i], abs(a[i]), p[i]) for i in range(3))
        assert abs(moments[p] - (product if sum(p) <= 5 else 0)) <= 1e-12 * scale


@given(A=st.tuples(*[precisions] * 3), a=st.tuples(*[centers] * 3))
def test_general_of_a_diagonal_matrix(A: tuple[float, ...], a: tuple[float, ...]) -> None:
    diagonal = compute_moments_diagonal_inefficient_implementation(A, a, 8)
    assert_close(compute_moments_inefficient_implementation(np.diag(A), a, 8), diagonal, 1e-13)


@given(seed=st.integers(0, 2**31))
def test_low_degrees_in_closed_form(seed: int) -> None:
    """Isserlis: E[x_i] = a_i, E[x_i x_j] = C_ij + a_i a_j, E[x y z] = a_x a_y a_z + Σ a_i C_jk."""
    A, a = random_precision(seed)
    C = np.linalg.inv(A)
    moments = compute_moments_inefficient_implementation(A, a, 3)
    norm = (2 * np.pi) ** 1.5 / np.sqrt(np.linalg.det(A))
    unit = np.eye(3, dtype=int)
    np.testing.assert_allclose(moments[0, 0, 0], norm)
    for i in range(3):
        np.testing.assert_allclose(moments[tuple(unit[i])], norm * a[i], atol=1e-12 * norm)
        for j in range(3):
            np.testing.assert_allclose(
                moments[tuple(unit[i] + unit[j])], norm * (C[i, j] + a[i] * a[j]), atol=1e-12 * norm
            )
    xyz = a.prod() + a[0] * C[1, 2] + a[1] * C[0, 2] + a[2] * C[0, 1]
    np.testing.assert_allclose(moments[1, 1, 1], norm * xyz, atol=1e-12 * norm)


@given(seed=st.integers(0, 2**31))
def test_general_against_quadrature(seed: int) -> None:
    A, a = random_precision(seed)
    norm = (2 * np.pi) ** 1.5 / np.sqrt(np.linalg.det(A))
    expected = norm * gauss_hermite_moments(np.linalg.inv(A), a, 9)
    assert_close(compute_moments_inefficient_implementation(A, a, 9), expected, 1e-12)
    assert_close(norm * normalized_moments(np.linalg.inv(A), a, 9), expected, 1e-12)


def test_degree_zero() -> None:
    assert compute_moments_single_variable(2 * np.pi, 1.0, 0).tolist() == [1.0]
    assert compute_moments_diagonal_inefficient_implementation([1, 1, 1], [0, 0, 0], 0).shape == (1, 1, 1)
    assert compute_moments_inefficient_implementation(np.eye(3), np.zeros(3), 0).shape == (1, 1, 1)


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="3 × 3"):
        compute_moments_inefficient_implementation(np.eye(2), np.zeros(3), 2)
    with pytest.raises(ValueError, match="length 3"):
        compute_moments_inefficient_implementation(np.eye(3), np.zeros(2), 2)
    with pytest.raises(ValueError, match="symmetric"):
        compute_moments_inefficient_implementation(np.eye(3) + np.eye(3, k=1), np.zeros(3), 2)
    with pytest.raises(ValueError, match="maxdeg"):
        compute_moments_single_variable(1.0, 0.0, -1)
    with pytest.raises(TypeError, match="maxdeg"):
        compute_moments_inefficient_implementation(np.eye(3), np.zeros(3), 2.5)  # type: ignore[arg-type]
