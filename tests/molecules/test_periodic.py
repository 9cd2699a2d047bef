"""Molecules that the cell cuts are those that it does not; what has no end is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from anisoap_opt import coarse_grain
from tests.molecules.molecules import TRICLINIC, diameters, pair_in_cell, second_moments
from tests.tolerances import assert_close

PERIODIC = [(True, True, True), (True, False, True), (False, False, True), (False, True, False)]


def assert_same_but_for_images(own: Atoms, other: Atoms) -> None:
    """Equal ellipsoids, whose centres are a sum of cell vectors apart."""
    shifts = (own.positions - other.positions) @ np.linalg.inv(own.cell.array)
    assert np.abs(shifts - np.round(shifts)).max() < 1e-12
    assert np.abs(shifts[:, ~own.pbc]).max(initial=0.0) < 1e-12
    assert_close(second_moments(own), second_moments(other), 1e-12)
    assert own.arrays["residual"] == pytest.approx(other.arrays["residual"], abs=1e-9)


@pytest.mark.parametrize("bonds", [True, False])
@pytest.mark.parametrize("pbc", PERIODIC)
@pytest.mark.parametrize("cell", [np.diag([6.5, 7.0, 7.5]), TRICLINIC], ids=["orthogonal", "triclinic"])
def test_cut_molecules_equal_whole_ones(cell: Any, pbc: tuple[bool, ...], bonds: bool) -> None:
    pairs = [pair_in_cell(("CH3OH", "H2O"), cell, pbc, seed) for seed in range(10)]
    labels = np.repeat([0, 1], [6, 3])
    for whole, _ in pairs:
        whole.set_pbc(False)
    expected = coarse_grain([whole for whole, _ in pairs], labels)
    if bonds:
        found = coarse_grain([cut for _, cut in pairs])
    else:  # radii alone: C–H and O–H are too long, atoms are joined by their distances
        found = coarse_grain([cut for _, cut in pairs], labels, bond_tolerance=0.0)
    for own, other in zip(found, expected, strict=True):
        assert own.arrays["formula"].tolist() == ["CH4O", "H2O"]
        assert_same_but_for_images(own, other)
    displaced = np.abs([cut.positions - whole.positions for whole, cut in pairs]) > 1e-9
    assert displaced.any(axis=(1, 2)).sum() >= 5  # most frames are cut, or the test tests nothing


@pytest.mark.parametrize("bonded", [True, False])
def test_a_molecule_longer_than_half_the_cell(bonded: bool) -> None:
    """Its ends are nearer to each other's images than to each other."""
    step = 1.5 if bonded else 2.5
    chain = np.arange(8)[:, None] * np.array([[step, 0.0, 0.0]]) + np.resize([0.0, 0.6], 8)[:, None] * [[0, 1, 0]]
    whole = Atoms("C8", positions=chain, cell=[8 * step + 0.5 * step, 5, 5])
    cut = whole.copy()
    cut.set_pbc(True)
    cut.positions += [7.7, 4.8, 0]
    cut.wrap()
    own, other = coarse_grain([cut, whole], None if bonded else [0] * 8)
    assert len(own) == len(other) == 1
    assert_close(diameters(own), diameters(other), 1e-12)
    assert diameters(own)[0, 0] > 2 * 0.28 * 7 * step


@pytest.mark.parametrize(("distance", "cell"), [(3.3, [9.0, 7.0, 7.0]), (7.0, [18.0, 15.0, 15.0])])
def test_parts_without_bonds_are_joined_where_they_are_nearest(distance: float, cell: list[float]) -> None:
    one, other = molecule("H2O"), molecule("H2O")
    other.positions += [distance, 0.2, 0.1]
    whole = one + other
    (expected,) = coarse_grain([whole], [[0, 1, 2, 3, 4, 5]])
    cut = whole.copy()
    cut.set_cell(cell)
    cut.set_pbc(True)
    cut.positions += np.array(cell) - [distance - 0.5, 0.1, 0.1]
    cut.wrap()
    (found,) = coarse_grain([cut], [[0, 1, 2, 3, 4, 5]])
    assert_close(second_moments(found), second_moments(expected), 1e-12)


def test_the_first_atom_of_a_molecule_stays_where_it_is() -> None:
    _, cut = pair_in_cell(("H2O", "CH4"), TRICLINIC, True, 1)
    (bodies,) = coarse_grain([cut])
    assert np.linalg.norm(bodies.positions - cut.positions[[0, 3]], axis=1).max() < 0.2


def test_where_nothing_is_periodic_atoms_stay() -> None:
    atoms = molecule("H2O")
    atoms.positions[1] += [0, 30.0, 0]
    atoms.set_cell(np.eye(3) * 10.0)
    (body,) = coarse_grain([atoms], [0, 0, 0])
    assert diameters(body)[0, 0] > 10


ENDLESS = {
    "diamond": bulk("C", cubic=True),
    "copper, bonded to itself": bulk("Cu"),
    "polyyne": Atoms("C2", positions=[[0, 0, 0], [1.3, 0, 0]], cell=[2.6, 9, 9], pbc=True),
    "chain along a skewed cell": Atoms("C3", [[0, 0, 0], [1, 1, 0], [2, 2, 0]], cell=[[9, 0, 0], [3, 3, 0], [0, 0, 9]],
                                       pbc=True),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("given", [False, True])
def test_what_is_bonded_to_its_own_image_is_refused(name: str, given: bool) -> None:
    endless = ENDLESS[name]
    frames = [molecule("H2O"), endless]
    molecules = [[[0, 1, 2]], [list(range(len(endless)))]] if given else None
    with pytest.raises(ValueError, match=r"frame 1, molecule 0 \(atoms 0.*\) is bonded to its own image"):
        coarse_grain(frames, molecules)


def test_the_endless_molecule_is_named() -> None:
    frame = ENDLESS["polyyne"] + Atoms("Ar", positions=[[0, 4.5, 4.5]])
    with pytest.raises(ValueError, match=r"molecule 1 \(atoms 1, 2\) is bonded"):
        coarse_grain([frame[[2, 0, 1]]], [[0], [1, 2]], bond_tolerance=0.0)


def test_a_chain_that_is_not_periodic_along_itself_has_ends() -> None:
    chain = Atoms("C2", positions=[[0, 0, 0], [1.3, 0, 0]], cell=[2.6, 9, 9], pbc=[False, True, True])
    assert [len(one) for one in coarse_grain([chain])] == [1]
    assert [len(one) for one in coarse_grain([Atoms("Ar", cell=[9, 9, 9], pbc=True)])] == [1]
