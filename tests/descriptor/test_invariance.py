"""What must not change the power spectrum: rotation, translation, the order and the sign of things."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given
from hypothesis import strategies as st

from tests.frames_for_tests import (
    TRICLINIC,
    calculator,
    mixed_frames,
    random_frame,
    random_rotation,
    rotated,
    with_matrices,
)
from tests.tolerances import TOLERANCES, assert_close, assert_same_maps

RTOL = TOLERANCES["float64"].invariance
BASES = ({}, {"radial_basis_name": "monomial", "radial_gaussian_width": None}, {"max_radial": 2})
seeds = st.integers(0, 2**31)


def frames_and(change: object) -> tuple[list[Atoms], list[Atoms]]:
    frames = mixed_frames()
    return frames, [change(frame) for frame in frames]  # type: ignore[operator]


@pytest.mark.parametrize("basis", BASES, ids=["gto", "monomial", "more_radial"])
def test_rotation(backend: str, basis: dict[str, object]) -> None:
    rotation = random_rotation(7)
    frames, turned = frames_and(lambda frame: rotated(frame, rotation))
    projection = calculator(backend=backend, **basis)
    assert_close(projection.power_spectrum(turned), projection.power_spectrum(frames), RTOL)


@given(seed=seeds)
def test_rotation_of_any_frame(seed: int) -> None:
    frame = random_frame(seed, 1 + seed % 4, cell=TRICLINIC, pbc=[bool(seed & 1), bool(seed & 2), bool(seed & 4)])
    projection = calculator()
    expected = projection.power_spectrum([frame])
    assert_close(projection.power_spectrum([rotated(frame, random_rotation(seed))]), expected, RTOL)


@given(seed=seeds, shift=st.tuples(*[st.floats(-100, 100)] * 3))
def test_translation(seed: int, shift: tuple[float, float, float]) -> None:
    frame = random_frame(seed, 3, cell=TRICLINIC, pbc=[bool(seed & 1), bool(seed & 2), bool(seed & 4)])
    moved = frame.copy()
    moved.positions += shift
    projection = calculator()
    assert_close(projection.power_spectrum([moved]), projection.power_spectrum([frame]), RTOL)


def test_translation_on_every_backend(backend: str) -> None:
    def moved(frame: Atoms) -> Atoms:
        copy = frame.copy()
        copy.positions += [3.7, -11.2, 0.4]
        return copy

    frames, shifted = frames_and(moved)
    projection = calculator(backend=backend)
    assert_same_maps(projection.transform(shifted), projection.transform(frames), RTOL)


@given(seed=seeds)
def test_moving_particles_by_lattice_vectors(seed: int) -> None:
    pbc = [bool(seed & 1), True, bool(seed & 4)]
    frame = random_frame(seed, 4, cell=TRICLINIC, pbc=pbc)
    moved = frame.copy()
    shifts = np.random.default_rng(seed).integers(-3, 4, (4, 3)) * pbc
    moved.positions += shifts @ TRICLINIC
    projection = calculator()
    assert_same_maps(projection.transform([moved]), projection.transform([frame]), RTOL)


def test_order_of_particles(backend: str) -> None:
    order = np.random.default_rng(3).permutation(6)
    frame = random_frame(3, 6, types=(1, 6, 8), cell=TRICLINIC, pbc=(True, True, False))
    projection = calculator(backend=backend)
    expected, actual = projection.transform([frame]), projection.transform([frame[order]])
    for key, block in expected.items():
        other = actual.block(key)
        original = order[other.samples["center"]]  # where each row's particle stood
        rows = [block.samples.position([0, int(particle)]) for particle in original]
        assert_close(other.values, block.values[rows], RTOL, str(key))
    assert_close(projection.power_spectrum([frame[order]]), projection.power_spectrum([frame]), RTOL)


def test_order_of_frames(backend: str) -> None:
    frames = mixed_frames()
    projection = calculator(backend=backend)
    assert_close(projection.power_spectrum(frames[::-1]), projection.power_spectrum(frames)[::-1], RTOL)


@pytest.mark.parametrize("factor", [-1.0, 2.5, -1e-200, 1e200, 1e-300])
def test_scaled_quaternions(backend: str, factor: float) -> None:
    def scaled(frame: Atoms) -> Atoms:
        copy = frame.copy()
        copy.arrays["c_q"] = factor * frame.arrays["c_q"]
        return copy

    frames, others = frames_and(scaled)
    projection = calculator(backend=backend)
    assert_same_maps(projection.transform(others), projection.transform(frames), RTOL)


def test_matrices_and_quaternions(backend: str) -> None:
    frames, others = frames_and(with_matrices)
    expected = calculator(backend=backend).transform(frames)
    by_matrix = calculator(backend=backend, rotation_key="matrices", rotation_type="matrix")
    assert_same_maps(by_matrix.transform(others), expected, RTOL)


def test_relabelled_axes_of_one_particle(backend: str) -> None:
    """An ellipsoid turned by 90° about its own z axis is the one with the first two diameters exchanged."""
    frame = random_frame(11, 3)
    other = with_matrices(frame)
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    other.arrays["matrices"] = other.arrays["matrices"] @ quarter
    for name, swapped in (("c_diameter[1]", "c_diameter[2]"), ("c_diameter[2]", "c_diameter[1]")):
        other.arrays[name] = frame.arrays[swapped]
    by_matrix = calculator(backend=backend, rotation_key="matrices", rotation_type="matrix")
    assert_same_maps(by_matrix.transform([other]), calculator(backend=backend).transform([frame]), RTOL)


def test_orientation_of_spheres(backend: str) -> None:
    frame = random_frame(12, 4)
    for axis in (1, 2, 3):
        frame.arrays[f"c_diameter[{axis}]"] = np.array([1.0, 1.5, 2.0, 2.5])
    other = frame.copy()
    other.arrays["c_q"] = np.random.default_rng(5).normal(size=(4, 4))
    projection = calculator(backend=backend)
    assert_same_maps(projection.transform([other]), projection.transform([frame]), RTOL)


def test_orientation_of_ellipsoids_matters() -> None:
    frame = random_frame(12, 4)
    other = frame.copy()
    other.arrays["c_q"] = np.random.default_rng(5).normal(size=(4, 4))
    before, after = calculator().power_spectrum([frame]), calculator().power_spectrum([other])
    assert np.abs(after - before).max() > 1e-3 * np.abs(before).max()
