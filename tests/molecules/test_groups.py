"""Which atoms make which molecule, said in every way there is, and said wrongly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from anisoap_opt import coarse_grain
from tests.molecules.molecules import moved

LABELS = [4, 4, 4, -1, -1, -1, -1, -1]


def two_molecules(seed: int = 0) -> Atoms:
    """Water, and methane 5 Å away."""
    atoms = moved(molecule("H2O"), seed)[0]
    other = moved(molecule("CH4"), seed + 50)[0]
    other.positions += atoms.positions.mean(axis=0) - other.positions.mean(axis=0) + [5, 0, 0]
    return atoms + other


def named(labels: Any) -> list[Atoms]:
    frames = [two_molecules(1), two_molecules(2)]
    for frame in frames:
        frame.arrays["mol"] = np.array(labels)
    return frames


@pytest.mark.parametrize(
    "molecules",
    [
        LABELS,
        np.array(LABELS),
        ["w", "w", "w", "m", "m", "m", "m", "m"],
        [[0, 1, 2], [3, 4, 5, 6, 7]],
        [range(3), np.arange(3, 8)],
        [[[0, 1, 2], [3, 4, 5, 6, 7]]] * 2,
        "mol",
    ],
)
def test_all_ways_to_say_it_are_the_same(molecules: Any) -> None:
    frames = named([8.0] * 3 + [7.0] * 5)  # whole numbers may be floats in a file
    for own, other in zip(coarse_grain(frames, molecules), coarse_grain(frames), strict=True):
        assert own.arrays.keys() == other.arrays.keys()
        assert all((own.arrays[name] == other.arrays[name]).all() for name in own.arrays)


def test_bonds_find_interleaved_molecules_in_the_order_of_their_first_atoms() -> None:
    order = np.array([4, 0, 3, 5, 1, 6, 2, 7])
    atoms = two_molecules()
    (bodies,) = coarse_grain([atoms])
    (mixed,) = coarse_grain([atoms[order]])
    assert mixed.arrays["formula"].tolist() == ["CH4", "H2O"]
    assert mixed.positions == pytest.approx(bodies.positions[::-1], abs=1e-12)


def test_each_frame_may_have_other_molecules() -> None:
    frames = [two_molecules(), two_molecules(), molecule("H2O"), Atoms(), molecule("C6H6")]
    lists = [[[3, 4, 5, 6, 7], [0, 1, 2]], [list(range(8))], [[2, 0, 1]], [], [list(range(12))]]
    found = coarse_grain(frames, lists)
    assert [one.arrays["formula"].tolist() for one in found] == [
        ["CH4", "H2O"], ["CH6O"], ["H2O"], [], ["C6H6"],
    ]  # fmt: skip
    assert found[2].positions == pytest.approx(coarse_grain([frames[2]])[0].positions, abs=1e-12)
    assert [one.numbers.tolist() for one in found] == [[2, 4], [3], [4], [], [1]]


@pytest.mark.parametrize(
    ("molecules", "kind", "message"),
    [
        ([[0, 1], [3, 4, 5, 6, 7]], ValueError, r"frame 0: .* every atom must be in one, \[2\] are in none"),
        ([[0, 1, 2], [2, 3, 4, 5, 6, 7]], ValueError, r"\[2\] are in more than one place"),
        ([[0, 1, 2], [2, 8]], ValueError, r"molecules\[1\] has atom 8, but the frame has the atoms 0 to 7"),
        ([[0, 1, 2], [-1]], ValueError, r"molecules\[1\] has atom -1"),
        ([[0, 1, 2, 3, 4, 5, 6, 7], []], ValueError, r"molecules\[1\] has no atoms"),
        ([[[0, 1, 2, 3, 4, 5, 6, 7]]], ValueError, "lists for 1 frames, there are 2"),
        ([0, 0, 1], ValueError, "frame 0 has 8 atoms, but molecules has 3 labels"),
        ([0.5] * 8, TypeError, "labels must be integers or text"),
        ([[0.0, 1.0], [2.0]], TypeError, "must be a list of atoms' indices"),
        ([[[[0]]]], TypeError, "molecules must be the name of an array"),
        ([0, [1, 2]], TypeError, "labels must be integers or text"),
        ([[0, [1, 2]], [3]], TypeError, r"molecules\[0\] must be a list of atoms' indices"),
        ([[[0, 1, 2], [3, 4, 5, 6, 7]], 1], TypeError, "frame 1: molecules must be lists of atoms' indices, got 1"),
        ([0, None] * 4, TypeError, "labels must be integers or text"),
        ("nothing", TypeError, "array 'nothing' must hold labels"),
        (7, TypeError, "molecules must be the name of an array"),
        ("residue", ValueError, "frame 0 has no array 'residue'; .*molecules= names"),
        ("positions", ValueError, r"labels must be \[atoms\]"),
        ("halves", TypeError, "array 'halves' must hold labels"),
    ],
)
def test_what_is_no_division_into_molecules_is_named(molecules: Any, kind: type[Exception], message: str) -> None:
    frames = named(LABELS)
    frames[0].arrays["halves"] = np.full(8, 0.5)
    frames[0].arrays["nothing"] = np.array([0, None] * 4)
    with pytest.raises(kind, match=message):
        coarse_grain(frames, molecules)


def test_frames() -> None:
    with pytest.raises(TypeError, match=r"write \[frame\]"):
        coarse_grain(molecule("H2O"))
    with pytest.raises(ValueError, match="frames is empty"):
        coarse_grain([])
    assert [len(one) for one in coarse_grain([Atoms(), Atoms(cell=[5, 5, 5], pbc=True)])] == [0, 0]
