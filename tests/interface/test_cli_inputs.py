"""Files of all kinds on the command line; ``tests/frames/test_input_files.py`` has the same files in Python."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest

from anisoap_opt.cli.files import read_frames
from tests.frames_for_tests import calculator, random_frame
from tests.interface.test_cli import OPTIONS, run
from tests.tolerances import assert_close

INPUTS = Path(__file__).parents[1] / "data" / "inputs"
CANONICAL = str(INPUTS / "canonical.xyz")


@cache
def expected() -> Any:
    return calculator().power_spectrum([ase.io.read(CANONICAL)])


def describe(out: Path, *arguments: str, code: int = 0) -> tuple[Any, str]:
    """What the file holds, and what was printed."""
    output = " ".join(run("describe", *arguments, *OPTIONS, "--out", str(out), code=code).split())
    assert "Traceback" not in output
    if code:
        assert not out.exists()
        return None, output
    with np.load(out) as saved:
        return dict(saved), output


@pytest.mark.parametrize(
    "arguments",
    [
        ["canonical.xyz"],
        ["unescaped.xyz"],
        ["ovito.xyz"],
        ["matrices.xyz", "--rotation-key", "c_R", "--rotation-type", "matrix"],
        ["dump.lammpstrj", "--elements", "C,H"],
        ["dump.lammpstrj", "--elements", "C,H", "--rotation-key", "c_q", "--diameter-key", "c_shape"],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_the_same_particles_in_every_file(arguments: list[str], tmp_path: Path) -> None:
    name, *options = arguments
    saved, output = describe(tmp_path / "a.npz", str(INPUTS / name), *options)
    assert_close(saved["features"], expected(), 1e-6, name)
    assert output.count("anisoap-opt:") == 0


def test_without_elements_columns_can_be_matched_by_their_labels(tmp_path: Path) -> None:
    saved, _ = describe(tmp_path / "a.npz", str(INPUTS / "dump.lammpstrj"))
    element = {1: 6, 2: 1}
    label_of = {name: k for k, name in enumerate(saved["columns"].dtype.names)}
    kinds = [label_of[name] for name in ("types_center", "neighbor_types_1_a", "neighbor_types_1_b")]
    own = [tuple(element[v] if k in kinds else v for k, v in enumerate(row)) for row in saved["columns"].tolist()]
    wanted = calculator().feature_labels([ase.io.read(CANONICAL)]).tolist()
    order = [own.index(row) for row in wanted]
    assert order != sorted(order)
    assert_close(saved["features"][:, order], expected(), 1e-6)


def test_sizes_given_beside_the_file(tmp_path: Path) -> None:
    source = str(INPUTS / "no_diameters.xyz")
    _, output = describe(tmp_path / "a.npz", source, code=2)
    assert "frame 0 has no array 'c_diameter[1]', 'c_shape[1]' or 'aspherical_shape'" in output
    assert "diameters= gives one size to all particles" in output
    saved, _ = describe(tmp_path / "a.npz", source, "--diameters", "4,4,0.5")
    wanted = calculator(diameters=(4, 4, 0.5)).power_spectrum([ase.io.read(CANONICAL)])
    assert_close(saved["features"], wanted, 1e-13)
    assert json.loads(str(saved["hypers"]))["diameters"] == [4, 4, 0.5]


@pytest.mark.parametrize("text", ["4,4", "4", "4,4,four", "4,4,0"])
def test_sizes_that_make_no_sense(text: str, tmp_path: Path) -> None:
    _, output = describe(tmp_path / "a.npz", str(INPUTS / "no_diameters.xyz"), "--diameters", text, code=2)
    assert "diameters" in output


def test_quaternion_order(tmp_path: Path) -> None:
    frame = ase.io.read(CANONICAL)
    frame.arrays["c_q"] = np.roll(frame.arrays["c_q"], -1, axis=1)
    ase.io.write(tmp_path / "turned.xyz", frame, format="extxyz")
    saved, _ = describe(tmp_path / "a.npz", str(tmp_path / "turned.xyz"), "--quaternion-order", "xyzw")
    assert_close(saved["features"], expected(), 1e-6)
    _, output = describe(tmp_path / "b.npz", str(tmp_path / "turned.xyz"), "--quaternion-order", "wzyx", code=2)
    assert "quaternion_order must be one of 'wxyz', 'xyzw'" in output


def test_a_warning_is_one_line_on_stderr(tmp_path: Path) -> None:
    frame = ase.io.read(CANONICAL)
    frame.arrays["quaternion"] = frame.arrays["c_q"]
    ase.io.write(tmp_path / "both.xyz", frame, format="extxyz")
    saved, output = describe(tmp_path / "a.npz", str(tmp_path / "both.xyz"))
    told = "anisoap-opt: frame 0 has rotations in 'quaternion' and 'c_q': took 'quaternion'; rotation_key= chooses"
    assert output.startswith(told)
    assert output.count("anisoap-opt:") == 1
    assert_close(saved["features"], expected(), 1e-6)


def test_symmetric_and_what_the_columns_are(tmp_path: Path) -> None:
    for symmetric in (False, True):
        saved, _ = describe(tmp_path / "a.npz", CANONICAL, *(["--symmetric"] if symmetric else []))
        frames = [ase.io.read(CANONICAL)]
        assert_close(saved["features"], calculator().power_spectrum(frames, symmetric=symmetric), 1e-14)
        np.testing.assert_array_equal(saved["columns"], calculator().feature_labels(frames, symmetric=symmetric))
        assert json.loads(str(saved["hypers"]))["symmetric"] is symmetric


def test_symmetric_tensormap(tmp_path: Path) -> None:
    import metatensor

    run("describe", CANONICAL, *OPTIONS, "--symmetric", "--out", str(tmp_path / "a.mts"))
    wanted = calculator().power_spectrum([ase.io.read(CANONICAL)], mean_over_samples=False, symmetric=True)
    assert metatensor.allclose(metatensor.load(tmp_path / "a.mts"), wanted, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", ["frames.foo", "frames.dat", "frames.data", "frames.png", "frames"])
def test_format(name: str, tmp_path: Path) -> None:
    """A suffix that ASE does not know, or takes for something else."""
    source = str(shutil.copy(CANONICAL, tmp_path / name))
    saved, _ = describe(tmp_path / "a.npz", source, "--format", "extxyz")
    assert_close(saved["features"], expected(), 1e-13)
    if name != "frames":  # ASE looks inside this one
        _, output = describe(tmp_path / "b.npz", source, code=2)
        assert f"{tmp_path / name}" in output
        assert "--format" in output


@pytest.mark.parametrize(("name", "words"), [("nonsense", "ASE knows no format 'nonsense'"), ("png", "as png")])
def test_formats_that_cannot_be_read(name: str, words: str, tmp_path: Path) -> None:
    assert words in describe(tmp_path / "a.npz", CANONICAL, "--format", name, code=2)[1]


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "frames.xyz").touch()
    assert "frames.xyz is empty" in describe(tmp_path / "a.npz", str(tmp_path / "frames.xyz"), code=2)[1]


@pytest.mark.parametrize("arguments", [["canonical.xyz"], ["dump.lammpstrj"]], ids=lambda arguments: arguments[0])
@pytest.mark.parametrize("index", ["5", "1", "-2", "3:", ":0"])
def test_a_frame_that_is_not_there(arguments: list[str], index: str, tmp_path: Path) -> None:
    source = str(INPUTS / arguments[0])
    _, output = describe(tmp_path / "a.npz", source, f"--index={index}", code=2)
    assert f"no frame at index {index} of {source}" in output
    assert "holds 1, from 0 on" in output


@pytest.mark.parametrize("index", ["five", "1.5", "", "1:2:3:4", "1,2"])
def test_an_index_that_is_none(index: str, tmp_path: Path) -> None:
    _, output = describe(tmp_path / "a.npz", CANONICAL, f"--index={index}", code=2)
    assert "must be a number or a slice such as ':100' or '::10'" in output


INDICES = {
    "0": [0], "3": [3], "-1": [3], "-4": [0], ":": [0, 1, 2, 3], "1:3": [1, 2], "::2": [0, 2], "-2:": [2, 3]
}  # fmt: skip


@pytest.mark.parametrize(("index", "which"), INDICES.items(), ids=INDICES)
def test_index(index: str, which: list[int], tmp_path: Path) -> None:
    frames = [random_frame(seed, 2 + seed) for seed in range(4)]
    for frame in frames:
        frame.arrays = {name.replace("[", "").replace("]", ""): array for name, array in frame.arrays.items()}
    ase.io.write(tmp_path / "four.xyz", frames, format="extxyz")
    assert [len(frame) - 2 for frame in read_frames(tmp_path / "four.xyz", index)] == which


def test_elements_of_no_dump(tmp_path: Path) -> None:
    _, output = describe(tmp_path / "a.npz", CANONICAL, "--elements", "C,H", code=2)
    assert "--elements is for LAMMPS dumps only" in output


def test_too_few_elements(tmp_path: Path) -> None:
    _, output = describe(tmp_path / "a.npz", str(INPUTS / "dump.lammpstrj"), "--elements", "C", code=2)
    assert "ASE cannot read" in output
