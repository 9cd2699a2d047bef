"""A wrong order of quaternions: found where bodies are in order, and never told of files that are right."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from anisoap_opt.inspection.orientations import count_orientations, find_signs, unique_axes_of

NUM = 200
Z = np.full(NUM, 2)  # every body is uniaxial along its z


def about(axis: int, angles: np.ndarray) -> Rotation:
    return Rotation.from_rotvec(angles[:, None] * np.eye(3)[axis])


def noise(rng: np.random.Generator, degrees: float, num: int = NUM) -> Rotation:
    return Rotation.from_rotvec(np.radians(degrees) * rng.normal(size=(num, 3)))


def laid_flat(rng: np.random.Generator) -> Rotation:
    """z of every body in the plane of x and y, and any spin about it."""
    return about(2, _angles(rng)) * Rotation.from_euler("y", 90, degrees=True) * about(2, _angles(rng))


def without_spin(rng: np.random.Generator) -> Rotation:
    """The shortest rotation from z to a direction in the plane of x and y."""
    phi = _angles(rng)
    return Rotation.from_quat(np.column_stack([-np.sin(phi), np.cos(phi), 0 * phi, 1 + 0 * phi]))


def _angles(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0, 2 * np.pi, NUM)


SEEN = {"xyzw": 2, "wxyz": 0}
"""Turns about z, written with w last, are seen; written with w first they look like turns about x, and the reverse."""
ORDERED = {
    "nearly unturned": lambda rng, order: noise(rng, 8.0),
    "turned about an axis": lambda rng, order: about(SEEN[order], _angles(rng)),
    "turned about an axis, tilted": lambda rng, order: noise(rng, 4.0) * about(SEEN[order], _angles(rng)),
    "laid flat": lambda rng, order: laid_flat(rng),
    "laid flat, tilted": lambda rng, order: noise(rng, 4.0) * laid_flat(rng),
    "laid flat without spin": lambda rng, order: without_spin(rng),
}


def numbers(turns: Rotation, order: str, rng: np.random.Generator) -> np.ndarray:
    q = turns.as_quat() * rng.choice([-1.0, 1.0], (NUM, 1))
    return q if order == "xyzw" else np.roll(q, 1, axis=1)


@pytest.mark.parametrize("name", ORDERED)
@pytest.mark.parametrize("written", ["wxyz", "xyzw"])
def test_bodies_in_order(name: str, written: str) -> None:
    rng = np.random.default_rng(3)
    q = numbers(ORDERED[name](rng, written), written, rng)
    other = {"wxyz": "xyzw", "xyzw": "wxyz"}[written]
    assert find_signs(q, written, Z) == []
    assert find_signs(q, other, Z)


def test_random_orientations_tell_nothing() -> None:
    rng = np.random.default_rng(4)
    for num in (1, 2, 10, 200):
        for _ in range(100):
            q = rng.normal(size=(num, 4))
            for order in ("wxyz", "xyzw"):
                assert find_signs(q, order, np.full(num, 2)) == []


def test_random_axes_with_a_spin_tell_nothing() -> None:
    """Their z is never negative, as w is where programs choose the sign."""
    rng = np.random.default_rng(5)
    direction = rng.normal(size=(NUM, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    tilt = Rotation.from_quat(
        np.column_stack([-direction[:, 1], direction[:, 0], 0 * direction[:, 0], 1 + direction[:, 2]])
    )
    q = np.roll((tilt * about(2, _angles(rng))).as_quat(), 1, axis=1)
    assert find_signs(q, "wxyz", Z) == []


@pytest.mark.parametrize("motion", [0.0, 3.0, 10.0])
def test_rotated_crystals_tell_nothing(motion: float) -> None:
    """Some sites, turned as a whole in any way, with thermal motion."""
    rng = np.random.default_rng(6)
    for trial in range(60):
        sites = Rotation.from_quat(rng.normal(size=(1 + trial % 6, 4)))
        turns = noise(rng, motion) * sites[rng.integers(0, len(sites), NUM)]
        assert find_signs(numbers(turns, "wxyz", rng), "wxyz", Z) == []


def test_nothing_is_turned() -> None:
    assert find_signs(np.tile([1.0, 0, 0, 0], (50, 1)), "wxyz", np.full(50, -1)) == []
    (sign,) = find_signs(np.tile([0, 0, 0, 1.0], (50, 1)), "wxyz", np.full(50, -1))[:1]
    assert "100%" in sign


def test_either_order_is_possible_for_few_orientations() -> None:
    """Most bodies turned by half a turn about z are right as they are, and so may be bodies that are made of halves."""
    rng = np.random.default_rng(8)
    turned = np.tile([0, 0, 0, 1.0], (50, 1))
    turned[::5] = [1.0, 0, 0, 0]
    assert "either order is possible" in find_signs(turned, "wxyz", np.full(50, -1))[0]
    u = rng.normal(size=(50, 3))
    u = u / np.linalg.norm(u, axis=1, keepdims=True) + [0, 0, 1]
    (sign,) = find_signs(np.column_stack([np.zeros(50), u]), "wxyz", np.full(50, 2))
    assert "if they were made so, it is right" in sign


def test_extreme_norms() -> None:
    q = np.tile([0, 0, 0, 1.0], (20, 1)) * np.logspace(-200, 200, 20)[:, None]
    assert find_signs(q, "wxyz", np.full(20, -1))


def test_no_particles() -> None:
    assert find_signs(np.zeros((0, 4)), "wxyz", np.zeros(0, np.int64)) == []


def test_orientations_are_counted_once() -> None:
    rng = np.random.default_rng(7)
    sites = Rotation.from_euler("x", [[0], [60], [120]], degrees=True)
    q = (noise(rng, 1.0) * sites[rng.integers(0, 3, NUM)]).as_quat() * rng.choice([-1.0, 1.0], (NUM, 1))
    assert count_orientations(q, 30.0) == 3


def test_unique_axes() -> None:
    semiaxes = np.array([[2, 2, 0.5], [1, 3, 1], [1, 1, 1], [1, 2, 3], [4.001, 4, 9]])
    np.testing.assert_array_equal(unique_axes_of(semiaxes), [2, 1, -1, -1, 2])
