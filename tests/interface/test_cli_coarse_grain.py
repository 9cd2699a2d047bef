"""The command that makes ellipsoids of atoms."""

from __future__ import annotations

from pathlib import Path

import ase.io
import numpy as np
import pytest

import anisoap_opt
from tests.interface.test_cli import run
from tests.molecules.molecules import TRICLINIC, pair_in_cell
from tests.tolerances import assert_close


@pytest.fixture
def atoms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[ase.Atoms]:
    """Three frames of atoms, also in the file atoms.xyz of the current folder."""
    monkeypatch.chdir(tmp_path)
    frames = [pair_in_cell(("CH3OH", "H2O"), TRICLINIC, True, seed)[1] for seed in range(3)]
    for frame in frames:
        frame.set_array("mol", np.array([1] * 6 + [2] * 3))
    ase.io.write("atoms.xyz", frames)
    return frames


def test_it_writes_and_tells_what_they_are(atoms: list[ase.Atoms], tmp_path: Path) -> None:
    output = run("coarse-grain", "atoms.xyz", "--out", "ellipsoids.xyz")
    assert "CH4O: type 1, 3 ellipsoids, mean diameters" in output
    assert "H2O: type 2, 3 ellipsoids" in output
    assert "ellipsoids.xyz: 3 frames, 6 ellipsoids" in output
    batch = anisoap_opt.read("ellipsoids.xyz")
    expected = anisoap_opt.ParticleBatch.from_frames(anisoap_opt.coarse_grain(atoms))
    assert_close(batch.semiaxes, expected.semiaxes, 1e-7)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["atoms.xyz", "ellipsoids.xyz"]
    run("describe", "ellipsoids.xyz", "--max-angular", "2", "--backend", "numpy_only", "--out", "features.npz")


def test_types_for_several_files(atoms: list[ase.Atoms]) -> None:
    assert "types are numbered for this file alone" in run("coarse-grain", "atoms.xyz", "--out", "ellipsoids.xyz")
    output = run("coarse-grain", "atoms.xyz", "--types", "H2O=7,CH4O=3,C6H6=1", "--out", "ellipsoids.xyz")
    assert "this file alone" not in output
    assert anisoap_opt.read("ellipsoids.xyz").types.tolist() == [3, 7] * 3


def test_it_tells_how_many_have_no_residual(atoms: list[ase.Atoms]) -> None:
    ase.io.write("orders.xyz", [atoms[0], atoms[1][[7, 6, 8]], atoms[2]])
    output = run("coarse-grain", "orders.xyz", "--out", "ellipsoids.xyz")
    assert "no residual for 1: elements in another order than the first of the type" in output
    assert np.isnan(ase.io.read("ellipsoids.xyz", 1).arrays["residual"]).all()
    assert len(anisoap_opt.read("ellipsoids.xyz").types) == 5


def test_the_atoms_are_not_replaced_through_a_link(atoms: list[ase.Atoms]) -> None:
    before = Path("atoms.xyz").read_bytes()
    Path("link.xyz").symlink_to("atoms.xyz")
    assert "is the file of the atoms" in " ".join(run("coarse-grain", "atoms.xyz", "--out", "link.xyz", code=2).split())
    assert Path("atoms.xyz").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        (["--molecules", "mol", "--bond-tolerance", "0"], {"molecules": "mol", "bond_tolerance": 0}),
        (["--diameters", "4,3,0.5"], {"diameters": (4, 3, 0.5)}),
        (["--diameters", "extents", "--radii", "0.2", "--center", "geometry"],
         {"diameters": "extents", "radii": 0.2, "center": "geometry"}),
    ],
)  # fmt: skip
def test_options(atoms: list[ase.Atoms], options: list[str], arguments: dict[str, object]) -> None:
    run("coarse-grain", "atoms.xyz", "--index", "1:", *options, "--out", "ellipsoids.xyz")
    own = anisoap_opt.read("ellipsoids.xyz")
    expected = anisoap_opt.ParticleBatch.from_frames(anisoap_opt.coarse_grain(atoms[1:], **arguments))
    for name in ("positions", "rotations", "semiaxes"):
        assert_close(getattr(own, name), getattr(expected, name), 1e-6, name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["atoms.xyz", "--out", "a.npz"], "must end in .xyz"),
        (["atoms.xyz", "--out", "atoms.xyz"], "is the file of the atoms"),
        (["atoms.xyz", "--out", "a.xyz", "--types", "H2O"], "must be formulas, each once, with integers"),
        (["atoms.xyz", "--out", "a.xyz", "--types", "H2O=1,H2O=2"], "must be formulas, each once"),
        (["atoms.xyz", "--out", "a.xyz", "--types", "H2O=1"], "types has nothing for CH4O"),
        (["atoms.xyz", "--out", "nowhere/a.xyz"], "no such folder"),
        (["nowhere.xyz", "--out", "a.xyz"], "no such file: nowhere.xyz"),
        (["atoms.xyz", "--out", "a.xyz", "--molecules", "residue"], "frame 0 has no array 'residue'"),
        (["atoms.xyz", "--out", "a.xyz", "--diameters", "spreads"], "diameters must be 'spread', 'extents'"),
        (["atoms.xyz", "--out", "a.xyz", "--diameters", "4,4"], "three lengths"),
        (["atoms.xyz", "--out", "a.xyz", "--bond-tolerance", "8"], "is bonded to its own image"),
    ],
)
def test_bad_calls(atoms: list[ase.Atoms], arguments: list[str], message: str, tmp_path: Path) -> None:
    output = " ".join(run("coarse-grain", *arguments, code=2).split())
    assert message in output
    assert [path.name for path in tmp_path.iterdir()] == ["atoms.xyz"]
