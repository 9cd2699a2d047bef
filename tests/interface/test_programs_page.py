"""Every example of the documentation's page about other programs runs, on files and objects of those programs."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ase.io
import numpy as np
import pytest
from typer.testing import CliRunner

from anisoap_opt.cli import app

ROOT = Path(__file__).parents[2]
INPUTS = ROOT / "tests" / "data" / "inputs"
PAGE = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
SECTIONS = {name: text for name, text in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)}


def examples(language: str, text: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def gsd_frame() -> Any:
    """What the package gsd gives for one frame, as far as the example reads it."""
    rng = np.random.default_rng(1)
    return SimpleNamespace(
        configuration=SimpleNamespace(box=np.array([7.0, 8.0, 9.0, 0.1, 0.2, 0.3], dtype=np.float32)),
        particles=SimpleNamespace(
            typeid=np.array([0, 1, 0], dtype=np.uint32),
            position=rng.uniform(-3, 3, (3, 3)).astype(np.float32),
            orientation=rng.normal(size=(3, 4)).astype(np.float32),
        ),
    )


@pytest.fixture(autouse=True)
def _in_a_folder_with_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANISOAP_BACKEND", "numpy_only")  # nothing to compile
    for path in INPUTS.iterdir():
        shutil.copy(path, tmp_path)
    shutil.copy(INPUTS / "canonical.xyz", tmp_path / "frames.dat")
    frame = ase.io.read(INPUTS / "canonical.xyz")
    del frame.arrays["c_diameter[1]"], frame.arrays["c_diameter[2]"], frame.arrays["c_diameter[3]"]
    frame.arrays["orientation"] = frame.arrays.pop("c_q")
    ase.io.write(tmp_path / "hoomd.xyz", frame, format="extxyz")


def test_the_page_has_a_section_for_every_program() -> None:
    assert list(SECTIONS) == ["OVITO", "LAMMPS", "HOOMD", "ASE", "AniSOAP"]
    assert all(examples("python", text) and examples("bash", text) for text in SECTIONS.values())


@pytest.mark.parametrize("section", SECTIONS)
def test_python(section: str) -> None:
    (start,) = examples("python", PAGE.partition("\n## ")[0])
    for example in examples("python", SECTIONS[section]):
        names: dict[str, Any] = {"snapshot": gsd_frame()}
        exec(start, names)
        exec(example, names)
        assert names["features"].size
        assert np.isfinite(names["features"]).all()


@pytest.mark.parametrize("section", SECTIONS)
def test_command_line(section: str, tmp_path: Path) -> None:
    for line in "".join(examples("bash", SECTIONS[section])).splitlines():
        program, *arguments = shlex.split(line)
        assert program == "anisoap-opt"
        result = CliRunner().invoke(app, [*arguments, "--max-angular", "2"])
        assert result.exit_code == 0, result.output
        assert "anisoap-opt:" not in result.output  # no warning
        with np.load(tmp_path / "features.npz") as saved:
            assert np.isfinite(saved["features"]).all()
        (tmp_path / "features.npz").unlink()


def test_large_files_and_arrays() -> None:
    (start,) = examples("python", PAGE.partition("\n## ")[0])
    found = examples("python", PAGE.partition("\n## Large files and arrays\n")[2])
    assert len(found) == 3
    names: dict[str, Any] = {}
    exec(start, names)
    for example in found:
        exec(example, names)
        assert np.isfinite(names["features"]).all()


def test_the_inputs_of_lammps_ask_for_the_order_that_is_understood() -> None:
    assert "quatw quati quatj quatk" in SECTIONS["LAMMPS"]
    frame = ase.io.read(INPUTS / "dump.lammpstrj")
    assert {"quaternions", "c_shape[1]", "c_shape[2]", "c_shape[3]"} <= set(frame.arrays)
