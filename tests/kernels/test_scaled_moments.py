"""The fast backends' scaled moments m[p]/p!, summed over segments, against the literal integral of every pair."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from anisoap_opt import kernels
from anisoap_opt.basis.monomials import exponents, num_up_to_degree
from anisoap_opt.gaussians import Gaussians
from anisoap_opt.kernels.contract import KernelOptions
from anisoap_opt.moments import compute_moments_inefficient_implementation
from anisoap_opt.pairs import Pairs
from tests.frames_for_tests import random_rotation
from tests.quadrature import gauss_hermite_moments
from tests.tolerances import assert_close

BACKENDS = ["numpy_only", "torch_full", "warp"]


def kernel(backend: str, rotations: Any, semiaxes: Any, precision: float, degree: int) -> Any:
    """A kernel that only needs to know the degree."""
    if not kernels.BACKENDS[backend].installed:
        pytest.skip(f"{backend} is not installed")
    basis = SimpleNamespace(degree=degree, harmonics=(), radial=())
    return kernels.load(backend)(Gaussians.of(rotations, semiaxes, precision), basis, KernelOptions())


def expected_moments(rotation: Any, semiaxes: Any, r_ij: Any, precision: float, degree: int) -> Any:
    """∫ x^p g(x) exp(-s x²/2) d³x / p!, g the normalised Gaussian at r_ij, completing the square in the open."""
    own = rotation @ np.diag(1 / semiaxes**2) @ rotation.T
    total = own + precision * np.eye(3)
    center = np.linalg.solve(total, own @ r_ij)
    exponent = r_ij @ own @ r_ij - center @ total @ center
    norm = np.exp(-0.5 * exponent) / ((2 * np.pi) ** 1.5 * semiaxes.prod())
    cube = norm * compute_moments_inefficient_implementation((total + total.T) / 2, center, degree)
    rows = [p for d in range(degree + 1) for p in exponents(d).tolist()]
    return np.array([cube[tuple(p)] / math.prod(map(math.factorial, p)) for p in rows])


@pytest.mark.parametrize("backend", BACKENDS)
@given(
    degree=st.integers(0, 12),
    semiaxes=st.tuples(*[st.floats(0.1, 5)] * 3),
    rotation=st.tuples(*[st.floats(-3, 3)] * 3),
    r_ij=st.tuples(*[st.floats(-5, 5)] * 3),
    precision=st.sampled_from([0.0, 1 / 1.5**2, 4.0]),
)
def test_one_pair(backend: str, degree: int, semiaxes: Any, rotation: Any, r_ij: Any, precision: float) -> None:
    matrix = Rotation.from_rotvec(rotation).as_matrix()
    a, r = np.array(semiaxes), np.array(r_ij)
    pairs = Pairs(np.zeros(1, np.int64), r[None], np.array([0, 1]))
    moments = np.asarray(kernel(backend, matrix[None], a[None], precision, degree).moments(pairs))
    assert moments.shape == (num_up_to_degree(degree), 1)
    assert_close(moments[:, 0], expected_moments(matrix, a, r, precision, degree), 1e-11)


@pytest.mark.parametrize("backend", BACKENDS)
def test_against_quadrature(backend: str) -> None:
    """Without any recurrence: Gauss–Hermite over the particle's own Gaussian."""
    rng = np.random.default_rng(5)
    matrix, a, r = random_rotation(5).as_matrix(), rng.uniform(0.5, 1.5, 3), rng.normal(size=3)
    cube = gauss_hermite_moments(matrix @ np.diag(a**2) @ matrix.T, r, 8)
    rows = [p for d in range(9) for p in exponents(d).tolist()]
    expected = np.array([cube[tuple(p)] / math.prod(map(math.factorial, p)) for p in rows])
    pairs = Pairs(np.zeros(1, np.int64), r[None], np.array([0, 1]))
    moments = np.asarray(kernel(backend, matrix[None], a[None], 0.0, 8).moments(pairs))
    assert_close(moments[:, 0], expected, 1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@given(counts=st.lists(st.integers(0, 40), min_size=1, max_size=6), degree=st.integers(0, 6))
def test_sums_over_segments(backend: str, counts: list[int], degree: int) -> None:
    """Empty segments first, last and in between are zero; the others are sums of their pairs."""
    rng = np.random.default_rng(sum(counts))
    rotations = np.stack([random_rotation(seed).as_matrix() for seed in range(4)])
    semiaxes = rng.uniform(0.5, 2, (4, 3))
    start = np.concatenate([[0], np.cumsum(counts)])
    pairs = Pairs(rng.integers(0, 4, start[-1]), rng.normal(size=(start[-1], 3)) * 2, start)
    own = kernel(backend, rotations, semiaxes, 0.5, degree)
    single = np.asarray(own.moments(Pairs(pairs.j, pairs.r_ij, np.arange(start[-1] + 1))))
    expected = np.stack([single[:, a:b].sum(axis=1) for a, b in zip(start[:-1], start[1:], strict=True)], axis=1)
    actual = np.asarray(own.moments(pairs))
    assert_close(actual, expected, 1e-13)
    assert not actual[:, np.array(counts) == 0].any()
