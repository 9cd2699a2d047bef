"""Axes that atoms give, and quaternions of axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase.build import molecule
from scipy.spatial.transform import Rotation

from anisoap_opt import coarse_grain, quaternion_from_axes
from anisoap_opt.molecules.axes import equal_axes
from anisoap_opt.validation import quaternions_to_matrices
from tests.molecules.molecules import axes, diameters, moved, shaken
from tests.tolerances import assert_close

RING = list(range(6))


def test_normal_of_a_ring_and_a_direction_in_it() -> None:
    for seed in range(5):
        atoms, _ = moved(shaken(molecule("C6H6"), 0.05, seed), seed)
        (body,) = coarse_grain([atoms], axes={"C6H6": {"z": RING, "x": [0, 3]}}, diameters=(4, 3, 1))
        x, y, z = axes(body)[0].T
        corners = atoms.positions[RING] - atoms.positions[RING].mean(axis=0)
        normal = sum(np.cross(corners[k], corners[(k + 1) % 6]) for k in range(6))
        assert_close(z, normal / np.linalg.norm(normal), 1e-12)
        across = atoms.positions[3] - atoms.positions[0]
        across -= (across @ z) * z
        assert_close(x, across / np.linalg.norm(across), 1e-12)
        assert_close(y, np.cross(z, x), 1e-12)


@pytest.mark.parametrize("letter", ["x", "y", "z"])
def test_of_one_axis_the_others_follow_from_the_spread_around_it(letter: str) -> None:
    atoms, _ = moved(molecule("CH3CH2OH"), 1)
    frames = [atoms, *(moved(atoms, seed)[0] for seed in range(3))]
    for frame, body in zip(frames, coarse_grain(frames, axes={letter: [0, 1]}, radii=0.3), strict=True):
        given = "xyz".index(letter)
        vectors = axes(body)[0]
        bond = frame.positions[1] - frame.positions[0]
        assert_close(vectors[:, given], bond / np.linalg.norm(bond), 1e-12)
        weights = frame.get_masses() / frame.get_masses().sum()
        along = (frame.positions - weights @ frame.positions) @ vectors
        assert_close(diameters(body)[0], 2 * np.sqrt(weights @ along**2 + 0.3**2), 1e-10)
        larger, smaller = (axis for axis in range(3) if axis != given)
        assert diameters(body)[0, larger] > diameters(body)[0, smaller]
        assert abs(weights @ (along[:, larger] * along[:, smaller])) < 1e-12  # principal around it
        assert np.linalg.det(vectors) == pytest.approx(1.0)


@pytest.mark.parametrize("given", [{"z": [0, 1, 2]}, {"x": [0, 1], "y": [0, 2]}])
def test_given_axes_are_not_reversed_and_move_along(given: dict[str, list[int]]) -> None:
    atoms = molecule("CH3CH2OH")
    moves = [moved(atoms, seed) for seed in range(6)]
    first, *others = coarse_grain([atoms, *(one for one, _ in moves)], axes=given)
    for body, (_, rotation) in zip(others, moves, strict=True):
        assert_close(axes(body)[0], rotation.as_matrix() @ axes(first)[0], 1e-10)


def test_axes_of_one_kind_leave_the_others_alone() -> None:
    pair = molecule("C6H6") + molecule("H2O")
    pair.positions[12:] += [0, 0, 6.0]
    (own,) = coarse_grain([pair], axes={"C6H6": {"y": [0, 3]}})
    (other,) = coarse_grain([pair])
    assert (own.arrays["c_q"][1] == other.arrays["c_q"][1]).all()
    assert (own.arrays["c_q"][0] != other.arrays["c_q"][0]).any()


def test_axes_make_unequal_diameters_of_a_sphere_possible() -> None:
    atoms, _ = moved(molecule("CH4"), 2)
    (body,) = coarse_grain([atoms], axes={"x": [0, 1], "y": [2, 3]}, diameters=(3, 2, 1))
    bond = atoms.positions[1] - atoms.positions[0]
    assert_close(axes(body)[0, :, 0], bond / np.linalg.norm(bond), 1e-12)


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        ({"z": [0, 1, 99]}, ValueError, "axes of CO2: 'z' must be two atoms, .* below 3"),
        ({"z": [0]}, ValueError, "must be two atoms"),
        ({"z": [0, 0, 1]}, ValueError, "each once"),
        ({"z": [0, -1]}, ValueError, "must be an integer ≥ 0"),
        ({"z": 1}, TypeError, "'z' must be a list of atoms"),
        ({"x": [0, 1], "y": [0, 1], "z": [0, 1]}, TypeError, "one or two of"),
        ({"CO2": {"a": [0, 1]}}, TypeError, "one or two of"),
        ({"CO2": [0, 1]}, TypeError, "axes of CO2 must name atoms"),
        ({"CO": {"z": [0, 1]}}, ValueError, "axes has CO, but the frames have CO2"),
        ({"O2C": {"z": [0, 1]}}, ValueError, "'CO2' in place of 'O2C'"),
        ({"w": [0, 1]}, TypeError, "must have chemical formulas for keys"),
        ([0, 1], TypeError, "axes must be a dictionary"),
        ({"z": [0, 1, 2]}, ValueError, r"molecule 0 \(atoms 0, 1, 2\) has no axis 'z'"),
        ({"z": [0, 1], "x": [1, 2]}, ValueError, "has parallel axes"),
    ],
)
def test_axes_that_atoms_do_not_give(given: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        coarse_grain([molecule("CO2")], axes=given)


def test_axes_that_are_nearly_equal_to_a_third_are_equal() -> None:
    values = np.array([[1.0, 1 - 8e-5, 1 - 16e-5], [1.0, 0.9, 0.9], [2.0, 1.0, 0.5]])
    equal = equal_axes(values, set(), 1e-4)
    assert equal[0].all()
    assert equal[1].astype(int).tolist() == [[1, 0, 0], [0, 1, 1], [0, 1, 1]]
    assert (equal[2] == np.eye(3)).all()
    assert (equal_axes(values, {2}, 1e-4)[0] == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]).all()


def test_quaternions_turn_the_body_onto_its_axes() -> None:
    rotations = Rotation.random(20, random_state=1).as_matrix()
    quaternions = quaternion_from_axes(rotations)
    assert_close(quaternions_to_matrices(quaternions), rotations, 1e-12)
    assert (quaternions[:, 0] >= 0).all()
    assert quaternion_from_axes(rotations[3]).tolist() == quaternions[3].tolist()
    assert quaternion_from_axes(np.diag([-1, -1, 1])).tolist() == [0, 0, 0, 1]
    assert quaternion_from_axes(np.zeros((0, 3, 3))).shape == (0, 4)
    # The short axis of a disc, its third, along x of space:
    assert quaternion_from_axes([[0, 0, 1], [1, 0, 0], [0, 1, 0]]) == pytest.approx([0.5, 0.5, 0.5, 0.5])


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ([np.eye(3), np.eye(3)[[1, 0, 2]]], ValueError, r"axes\[1\] are left-handed, two may be in the wrong order"),
        (2 * np.eye(3), ValueError, r"^axes\[0\]: columns must be an orthogonal matrix"),
        ([np.eye(3), np.eye(3) + 2e-3], ValueError, r"^axes\[1\]: columns must be an orthogonal matrix"),
        ([np.eye(3), np.eye(2)], TypeError, "axes does not hold numbers"),
        ([[1, 0, 0], [0.1, 1, 0], [0, 0, 1]], ValueError, "must be an orthogonal matrix"),
        (np.full((3, 3), np.nan), ValueError, "must be an orthogonal matrix"),
        (np.ones((2, 3)), ValueError, "axes has shape"),
        (np.ones(3), ValueError, "axes has shape"),
        ("xyz", TypeError, "does not hold numbers"),
    ],
)
def test_what_are_no_axes(value: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        quaternion_from_axes(value)
