"""``anisoap-opt sweep``: a folder for each set of a grid."""

from __future__ import annotations

import re
from pathlib import Path

import ase.io
import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

import anisoap_opt
from anisoap_opt import EllipsoidalDensityProjection
from anisoap_opt.cli import app
from tests.frames_for_tests import mixed_frames
from tests.tolerances import assert_close

GRID = ("--max-angular", "2,3", "--max-radial", "none,0", "--cutoff-radius", "4,5", "--backend", "numpy_only")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "frames.xyz"
    ase.io.write(path, mixed_frames(), format="extxyz")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["sweep", *map(str, arguments)])


def said(done: Result) -> str:
    return " ".join(done.output.split())


def test_a_folder_for_each_set(file: Path, tmp_path: Path) -> None:
    done = run(file, file, "--out", tmp_path / "out", "--frames-per-block", 3, *GRID)
    assert done.exit_code == 0, done.output
    folders = sorted((tmp_path / "out").iterdir())
    assert [folder.name for folder in folders] == [f"set-{k:03}" for k in range(8)]
    assert (
        "set-003: radial_basis_name='gto', radial_gaussian_width=1.5, cutoff_radius=4.0, max_angular=3" in done.output
    )
    assert "8 sets, 10 frames" in done.output
    for folder in folders:
        opened = anisoap_opt.open(folder)
        calculator = EllipsoidalDensityProjection(**opened.manifest["hypers"])
        assert calculator.types == (1, 6, 8)
        wanted = calculator.power_spectrum(anisoap_opt.ParticleBatch.joined([anisoap_opt.read(file)] * 2))
        assert opened.shape == wanted.shape
        assert_close(np.asarray(opened[:]), wanted, 1e-12, folder.name)


def test_the_same_command_again_does_what_is_left(file: Path, tmp_path: Path) -> None:
    command = (file, "--out", tmp_path / "out", "--frames-per-block", 2, *GRID)
    run(*command)
    lost = tmp_path / "out" / "set-005" / "block-000001.json"
    whole = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    lost.unlink()
    done = run(*command)
    assert done.exit_code == 0, done.output
    assert "2 of 3 blocks finished before" in done.output
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == whole


def test_a_larger_grid_goes_on_with_the_blocks_that_are_there(file: Path, tmp_path: Path) -> None:
    """More columns make the blocks smaller, where nothing says how large they are."""
    large = ("--types", ",".join(map(str, range(1, 21))), "--backend", "numpy_only", "--max-angular", 2)
    command = (file, "--out", tmp_path / "out", *large)
    run(*command, "--cutoff-radius", 4)
    blocks = anisoap_opt.open(tmp_path / "out" / "set-000").manifest["frames_per_block"]
    done = run(*command, "--cutoff-radius", "4,5,6,7,8")
    assert done.exit_code == 0, done.output
    assert anisoap_opt.open(tmp_path / "out" / "set-004").manifest["frames_per_block"] == blocks
    fresh = run(*command[:2], tmp_path / "fresh", *large, "--cutoff-radius", "4,5,6,7,8")
    assert fresh.exit_code == 0, fresh.output
    assert anisoap_opt.open(tmp_path / "fresh" / "set-000").manifest["frames_per_block"] < blocks


def test_another_grid_is_told_by_its_hyperparameters(file: Path, tmp_path: Path) -> None:
    run(file, "--out", tmp_path / "out", *GRID)
    done = run(file, "--out", tmp_path / "out", *GRID, "--cutoff-radius", "3,5", "--frames-per-block", 2)
    assert done.exit_code == 2
    assert "is that of another run: hypers.cutoff_radius is 4.0 there and 3.0 here; " in said(done)


def test_sets_of_a_larger_grid_are_in_the_way(file: Path, tmp_path: Path) -> None:
    run(file, "--out", tmp_path / "out", *GRID)
    (tmp_path / "out" / "set-notes").touch()
    done = run(file, "--out", tmp_path / "out", *GRID, "--max-angular", 2, "--cutoff-radius", "4,5,6")
    assert done.exit_code == 2
    assert "out holds set-006, set-007 of another grid, and this one has 6 sets" in said(done)


def test_types_that_are_missing_leave_no_folder(file: Path, tmp_path: Path) -> None:
    done = run(file, "--out", tmp_path / "out", *GRID, "--types", "1,6")
    assert done.exit_code == 2
    assert "frames.xyz: the frames hold types [8], which are not in types=[1, 6]" in said(done)
    assert not (tmp_path / "out").exists()
    assert run(file, "--out", tmp_path / "out", *GRID, "--types", "1,6,8").exit_code == 0


def test_one_integer_per_l(file: Path, tmp_path: Path) -> None:
    done = run(file, "--out", tmp_path / "out", "--max-angular", 2, "--max-radial", "2:1:0,1")
    assert done.exit_code == 0, done.output
    assert anisoap_opt.open(tmp_path / "out" / "set-000").manifest["hypers"]["max_radial"] == [2, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--max-angular", "3,x"), "must be integers separated by commas"),
        (("--cutoff-radius", "4,-1"), "set .*cutoff_radius=-1.0.*greater than 0"),
        (("--max-radial", "3:1"), "set .*max_radial=.3, 1.*needs one entry per l"),
    ],
)
def test_bad_arguments(file: Path, tmp_path: Path, arguments: tuple[str, str], message: str) -> None:
    done = run(file, "--out", tmp_path / "out", *arguments)
    assert done.exit_code == 2
    assert re.search(message, said(done)), done.output


def test_a_bad_frame_is_told_with_its_place(tmp_path: Path) -> None:
    frames = mixed_frames()
    frames[3].arrays["c_q"][0] = 0.0
    path = tmp_path / "bad.xyz"
    ase.io.write(path, frames, format="extxyz")
    done = run(path, "--out", tmp_path / "out", *GRID)
    assert done.exit_code == 2
    assert "bad.xyz" in done.output
    assert "frame 3" in done.output


def test_no_folder_to_make_it_in(file: Path, tmp_path: Path) -> None:
    done = run(file, "--out", tmp_path / "absent" / "out", *GRID)
    assert done.exit_code == 2
    assert "no such folder" in done.output
