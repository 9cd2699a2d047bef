"""Periodic images: a small cell against its explicit supercell, and cells of every kind."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from tests.frames_for_tests import TRICLINIC, calculator, random_frame
from tests.tolerances import TOLERANCES, assert_close, assert_same_maps

RTOL = TOLERANCES["float64"].invariance
PATTERNS = list(itertools.product((False, True), repeat=3))


def assert_supercell_agrees(frame: Atoms, repeats: tuple[int, int, int], **changes: Any) -> None:
    """Every copy of a particle has the coefficients of the particle."""
    projection = calculator(**changes)
    small = projection.transform([frame])
    large = projection.transform([frame.repeat(repeats)])
    assert large.keys == small.keys
    for key, block in small.items():
        other = large.block(key)
        rows = block.samples.position
        original = [rows([0, int(center) % len(frame)]) for center in other.samples["center"]]
        assert len(original) == len(block.samples) * np.prod(repeats)
        assert_close(other.values, block.values[original], RTOL, str(key))


@pytest.mark.parametrize("self_pair", [True, False], ids=["with_self", "without_self"])
def test_supercell(backend: str, self_pair: bool) -> None:
    frame = random_frame(1, 2, cell=TRICLINIC, pbc=True)
    assert_supercell_agrees(frame, (2, 1, 2), backend=backend, subtract_center_contribution=not self_pair)


def test_supercell_of_a_cell_much_narrower_than_the_cutoff(fast_backend: str) -> None:
    frame = random_frame(2, 2, cell=[[1.9, 0, 0], [0.4, 2.3, 0], [-0.8, 0.3, 2.1]], pbc=True)
    assert_supercell_agrees(frame, (3, 2, 2), backend=fast_backend, cutoff_radius=7.5)


@pytest.mark.parametrize("pbc", PATTERNS, ids=str)
def test_supercell_along_the_periodic_axes(pbc: tuple[bool, bool, bool]) -> None:
    frame = random_frame(3, 2, cell=TRICLINIC, pbc=pbc)
    assert_supercell_agrees(frame, tuple(3 if axis else 1 for axis in pbc))


@pytest.mark.parametrize("pbc", PATTERNS, ids=str)
def test_a_cluster_of_images_gives_the_same_center(pbc: tuple[bool, bool, bool]) -> None:
    """No periodicity left: enough explicit images around the original, whose own coefficients must not change."""
    frame = random_frame(4, 2, cell=TRICLINIC, pbc=pbc)
    cluster = frame[:0]
    shifts = itertools.product(*[range(-3, 4) if axis else (0,) for axis in pbc])
    for shift in sorted(shifts, key=lambda shift: shift != (0, 0, 0)):
        image = frame.copy()
        image.positions += np.array(shift) @ TRICLINIC
        cluster += image
    cluster.pbc = False
    projection = calculator(types=(1, 6))
    small, large = projection.transform([frame]), projection.transform([cluster])
    for key, block in small.items():
        other = large.block(key)
        rows = other.samples.position
        values = other.values[[rows([0, int(center)]) for center in block.samples["center"]]]
        assert_close(values, block.values, RTOL, str(key))


def test_left_handed_cells(backend: str) -> None:
    frame = random_frame(5, 2, cell=TRICLINIC, pbc=True)
    other = frame.copy()
    other.set_cell(TRICLINIC[[1, 0, 2]])
    assert np.linalg.det(other.cell.array) < 0
    projection = calculator(backend=backend)
    assert_same_maps(projection.transform([other]), projection.transform([frame]), RTOL)


def test_other_vectors_of_the_same_lattice() -> None:
    """Skewed beyond recognition, but the same lattice."""
    frame = random_frame(6, 2, cell=TRICLINIC, pbc=True)
    other = frame.copy()
    other.set_cell(np.array([[1, 0, 0], [5, 1, 0], [-4, 7, 1]]) @ TRICLINIC)
    projection = calculator()
    assert_same_maps(projection.transform([other]), projection.transform([frame]), RTOL)


@pytest.mark.parametrize("junk", [0.0, np.nan, np.inf, 1e-300, 1e300])
def test_what_stands_on_a_nonperiodic_axis_does_not_matter(junk: float) -> None:
    frame = random_frame(7, 3, cell=TRICLINIC, pbc=(True, False, True))
    other = frame.copy()
    other.cell.array[1] = junk
    projection = calculator()
    assert_same_maps(projection.transform([other]), projection.transform([frame]), 0)


def test_a_cell_without_periodicity_does_not_matter() -> None:
    frame = random_frame(8, 3)
    other = frame.copy()
    other.set_cell([0.1, 0.1, 0.1])
    assert_same_maps(calculator().transform([other]), calculator().transform([frame]), 0)


def test_far_from_the_origin() -> None:
    """Positions of 1e8 Å keep about seven digits."""
    frame = random_frame(9, 3, cell=TRICLINIC, pbc=True)
    other = frame.copy()
    other.positions += 1e8
    assert_close(calculator().power_spectrum([other]), calculator().power_spectrum([frame]), 1e-6)


def test_a_shift_between_centers_and_images_is_that_of_the_given_positions() -> None:
    """The shifts of `return_pef` lead from the positions as given, outside the cell or not, to the pair's vector."""
    frame = random_frame(10, 3, cell=TRICLINIC, pbc=(True, True, False))
    frame.positions += np.array([[3, -2, 0], [0, 1, 0], [-5, 0, 0]]) @ TRICLINIC
    _, pairs = calculator().transform([frame], return_pef=True)
    found = 0
    for block in pairs.blocks():
        for _, i, j, *shift in block.samples.values.tolist():
            vector = frame.positions[j] + np.array(shift) @ TRICLINIC - frame.positions[i]
            assert np.linalg.norm(vector) < 5.0
            assert shift[2] == 0
            found += 1
    assert found > 20
