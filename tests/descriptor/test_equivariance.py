"""The expansion of a rotated frame is the rotated expansion: coefficients times Wigner's D, for every l."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.frames_for_tests import calculator, mixed_frames, random_frame, random_rotation, rotated
from tests.real_harmonics import real_harmonics, wigner_d
from tests.tolerances import TOLERANCES, assert_close

RTOL = TOLERANCES["float64"].invariance


def test_the_fitted_matrices_are_rotations() -> None:
    """Of the tests' own tools: D is orthogonal, a homomorphism, and for l = 1 the rotation of (y, z, x)."""
    first, second = random_rotation(1), random_rotation(2)
    for l in range(9):
        d = wigner_d(l, first)
        np.testing.assert_allclose(d @ d.T, np.eye(2 * l + 1), atol=1e-12)
        np.testing.assert_allclose(wigner_d(l, first * second), d @ wigner_d(l, second), atol=1e-12)
    np.testing.assert_allclose(wigner_d(1, first), first.as_matrix()[np.ix_([1, 2, 0], [1, 2, 0])], atol=1e-12)
    np.testing.assert_allclose(real_harmonics(1, [[1, 2, 3]]), np.sqrt(3 / 56 / np.pi) * np.array([[2, 3, 1]]))


def assert_equivariant(projection: object, frames: list[object], seed: int) -> None:
    rotation = random_rotation(seed)
    before = projection.transform(frames)  # type: ignore[attr-defined]
    after = projection.transform([rotated(frame, rotation) for frame in frames])  # type: ignore[attr-defined]
    for key, block in before.items():
        d = wigner_d(int(key["angular_channel"]), rotation)
        assert_close(after.block(key).values, np.einsum("xy,cyn->cxn", d, block.values), RTOL, str(key))


@pytest.mark.parametrize(
    "basis",
    [{"max_angular": 6}, {"radial_basis_name": "monomial", "radial_gaussian_width": None}, {"max_radial": 3}],
    ids=["gto", "monomial", "more_radial"],
)
def test_rotated_frames(backend: str, basis: dict[str, object]) -> None:
    assert_equivariant(calculator(backend=backend, **basis), mixed_frames(), 5)


@given(seed=st.integers(0, 2**31))
def test_any_rotation(seed: int) -> None:
    assert_equivariant(calculator(max_angular=4), [random_frame(seed, 2)], seed)


def test_high_angular_momentum(fast_backend: str) -> None:
    projection = calculator(
        backend=fast_backend, max_angular=9, max_radial=6, basis_rcond=1e-8, basis_tol=1e-3, cutoff_radius=7.0
    )
    assert_equivariant(projection, [random_frame(8, 3)], 6)


def test_inversion(backend: str) -> None:
    """Ellipsoids are centrosymmetric: the frame with all positions negated has coefficients times (-1)^l."""
    frame = random_frame(9, 4)
    mirrored = frame.copy()
    mirrored.positions *= -1
    projection = calculator(backend=backend)
    after = projection.transform([mirrored])
    for key, block in projection.transform([frame]).items():
        sign = (-1) ** int(key["angular_channel"])
        assert_close(after.block(key).values, sign * block.values, RTOL, str(key))


def test_a_self_pair_has_no_odd_channels(backend: str) -> None:
    expansion = calculator(backend=backend).transform([random_frame(10, 1)])
    largest = max(np.abs(block.values).max() for block in expansion.blocks())
    for key, block in expansion.items():
        if key["angular_channel"] % 2:
            assert np.abs(block.values).max() < 1e-14 * largest
