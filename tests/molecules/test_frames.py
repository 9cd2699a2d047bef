"""What else the frames of ellipsoids hold, and that they can be written, read and described."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms

import anisoap_opt
from anisoap_opt import coarse_grain
from tests.molecules.molecules import DIAMETERS, TRICLINIC, diameters, pair_in_cell
from tests.tolerances import assert_close


def computed(seed: int) -> tuple[Atoms, Atoms]:
    """A frame of two molecules, whole; and wrapped into the cell, with what a calculator found."""
    whole, cut = pair_in_cell(("CH3OH", "H2O"), TRICLINIC, True, seed)
    forces = np.random.default_rng(seed).normal(size=(len(cut), 3))
    cut.calc = SinglePointCalculator(cut, energy=-1.5 * seed, forces=forces, stress=np.arange(6.0), dipole=np.ones(3))
    cut.info.update(name=f"number {seed}", temperature=300)
    return whole, cut


def test_what_is_carried_over() -> None:
    whole, cut = computed(3)
    (bodies,) = coarse_grain([cut])
    assert bodies.info == cut.info
    assert (bodies.cell.array == cut.cell.array).all()
    assert bodies.pbc.tolist() == [True] * 3
    assert bodies.get_potential_energy() == -4.5
    assert bodies.get_stress().tolist() == list(range(6))
    assert "dipole" not in bodies.calc.results  # of charges, which are not here any more
    masses = cut.get_masses()
    assert bodies.get_masses() == pytest.approx([masses[:6].sum(), masses[6:].sum()])
    bodies.info["name"] = "another"
    assert cut.info["name"] == "number 3"


def test_forces_are_added_up_and_torques_are_about_the_centres() -> None:
    whole, cut = computed(4)
    (bodies,) = coarse_grain([cut])
    (expected,) = coarse_grain([whole])
    forces = cut.get_forces()
    for number, rows in enumerate((slice(0, 6), slice(6, 9))):
        arms = whole.positions[rows] - expected.positions[number]
        torque = sum(np.cross(arm, force) for arm, force in zip(arms, forces[rows], strict=True))
        assert_close(bodies.get_forces()[number], forces[rows].sum(axis=0), 1e-12)
        assert_close(bodies.arrays["torques"][number], torque, 1e-12)


def test_lists_in_another_order_get_the_forces_of_their_atoms() -> None:
    _, cut = computed(5)
    (own,) = coarse_grain([cut], [[8, 6, 7], [5, 4, 3, 2, 1, 0]])
    (other,) = coarse_grain([cut])
    assert_close(own.get_forces(), other.get_forces()[::-1], 1e-12)
    assert_close(own.arrays["torques"], other.arrays["torques"][::-1], 1e-11)


def test_results_for_other_positions_are_left_out() -> None:
    _, cut = computed(1)
    cut.positions[0] += 0.01
    live = molecule("CH4")
    live.calc = EMT()
    for frame in (cut, live):
        (bodies,) = coarse_grain([frame])
        assert bodies.calc is None
        assert "torques" not in bodies.arrays
    live.get_potential_energy()
    (bodies,) = coarse_grain([live])
    assert bodies.get_potential_energy() == live.get_potential_energy()


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (None, [[2, 3], [1]]),  # CH4, CH4O, H2O
        ({"CH4": 6, "H2O": 8, "CH4O": 7, "C6H6": 1}, [[7, 8], [6]]),
    ],
)
def test_types(types: Any, expected: list[list[int]]) -> None:
    frames = coarse_grain([pair_in_cell(("CH3OH", "H2O"), TRICLINIC, True, 1)[0], molecule("CH4")], types=types)
    assert [one.numbers.tolist() for one in frames] == expected
    assert [one.arrays["formula"].tolist() for one in frames] == [["CH4O", "H2O"], ["CH4"]]


def test_molecules_of_one_formula_may_have_several_types_with_references_of_their_own() -> None:
    pair = molecule("CH3CH2OH") + molecule("CH3OCH3")
    pair.positions[9:] += [8, 0, 0]
    (alike,) = coarse_grain([pair])
    (apart,) = coarse_grain([pair], types=[5, 3])
    assert alike.numbers.tolist() == [1, 1]
    assert apart.numbers.tolist() == [5, 3]
    assert apart.arrays["residual"] == pytest.approx([0, 0], abs=1e-9)
    assert np.isnan(alike.arrays["residual"]).tolist() == [False, True]  # an isomer has no counterpart
    assert_close(diameters(apart), diameters(alike), 1e-14)


def test_no_residual_where_elements_come_in_another_order() -> None:
    other, own = molecule("H2O")[[1, 0, 2]], molecule("H2O")
    found = [one.arrays["residual"][0] for one in coarse_grain([own, other, own])]
    assert np.isnan(found).tolist() == [False, True, False]
    found = [one.arrays["residual"][0] for one in coarse_grain([other, own, molecule("CH4"), other])]
    assert np.isnan(found).tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("types", "kind", "message"),
    [
        ({"C6H6": 1}, ValueError, "types has nothing for H2O; it has C6H6"),
        ({"HOH": 1}, ValueError, "'H2O' in place of 'HOH'"),
        ({"H2O": -1}, ValueError, r"types\['H2O'\] must be an integer ≥ 0"),
        ({"H2O": 119}, ValueError, r"types\['H2O'\] must be an atomic number up to 118, which files can name, got 119"),
        ([119], ValueError, "an element of types must be an atomic number up to 118"),
        ([1, 2], ValueError, "frame 0 has 1 molecules, but types has 2 numbers"),
        ([1.5], TypeError, "must be an integer"),
        ("O", TypeError, "types must be a dictionary"),
    ],
)
def test_bad_types(types: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        coarse_grain([molecule("H2O")], types=types)


def test_more_formulas_than_types() -> None:
    frames = [Atoms([number]) for number in range(119)]
    with pytest.raises(ValueError, match="there are 119 formulas, but types go up to 118: give types="):
        coarse_grain(frames)
    assert max(one.numbers[0] for one in coarse_grain(frames[1:])) == 118


def test_a_file_of_ellipsoids_holds_them_all(tmp_path: Path) -> None:
    frames = coarse_grain([computed(seed)[1] for seed in range(3)])
    ase.io.write(tmp_path / "ellipsoids.xyz", frames)
    batch = anisoap_opt.read(tmp_path / "ellipsoids.xyz")
    expected = anisoap_opt.ParticleBatch.from_frames(frames)
    for name in ("positions", "types", "rotations", "semiaxes", "cells", "pbc", "offsets"):
        assert_close(getattr(batch, name), getattr(expected, name), 1e-7, name)  # eight decimals
    again = ase.io.read(tmp_path / "ellipsoids.xyz", ":")
    assert [one.arrays["formula"].tolist() for one in again] == [["CH4O", "H2O"]] * 3
    assert again[2].get_potential_energy() == -3.0


@pytest.mark.parametrize("name", ["c_q", "quaternion", "quaternions", "orientation"])
def test_a_warning_for_frames_of_ellipsoids(name: str) -> None:
    (bodies,) = coarse_grain([pair_in_cell(("CH3OH", "H2O"), TRICLINIC, True, 1)[0]])
    bodies.arrays[name] = bodies.arrays.pop("c_q")
    with pytest.warns(UserWarning, match=f"frame 1 has molecules of one particle, and an array '{name}'") as told:
        coarse_grain([molecule("H2O"), bodies, bodies])
    assert len(told) == 1


def test_formats_that_keep_no_rotations(tmp_path: Path) -> None:
    """As the documentation says."""
    (bodies,) = coarse_grain([computed(1)[1]])
    for suffix in ("traj", "json", "cif"):
        ase.io.write(tmp_path / f"ellipsoids.{suffix}", bodies)
        assert not {"c_q", *DIAMETERS} & set(ase.io.read(tmp_path / f"ellipsoids.{suffix}").arrays)
    ase.io.write(tmp_path / "ellipsoids.xyz", bodies)
    again = ase.io.read(tmp_path / "ellipsoids.xyz")
    assert {"c_q", "c_diameter1", "c_diameter2", "c_diameter3"} <= set(again.arrays)
    assert (anisoap_opt.ParticleBatch.from_frames([again]).semiaxes > 0).all()


def test_velocities_charges_and_constraints_are_left_out() -> None:
    _, cut = computed(1)
    cut.set_momenta(np.ones((len(cut), 3)))
    cut.set_initial_charges(np.ones(len(cut)))
    cut.set_constraint(FixAtoms([0]))
    (bodies,) = coarse_grain([cut])
    assert not {"momenta", "initial_charges"} & set(bodies.arrays)
    assert not bodies.constraints


def test_atoms_are_left_as_they_are() -> None:
    _, cut = computed(2)
    before = cut.copy()
    coarse_grain([cut], axes={"x": [0, 1]})
    assert cut == before
    assert cut.arrays.keys() == before.arrays.keys()
