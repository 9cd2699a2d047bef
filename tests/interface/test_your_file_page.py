"""What docs/your_file.md says of a file and of the columns: the file there is read, written by its lines, described."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import anisoap_opt
from anisoap_opt.cli import app

PAGE = (Path(__file__).parents[2] / "docs" / "your_file.md").read_text(encoding="utf-8")
BLOCKS = {
    language: re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for language in ("text", "bash", "python")
}


@pytest.fixture(autouse=True)
def _in_a_folder_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANISOAP_BACKEND", "numpy_only")  # nothing to compile
    (tmp_path / "two.xyz").write_text(BLOCKS["text"][0])


def described() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(BLOCKS["python"][0], names)
    return names


def test_the_command_has_the_numbers_of_python() -> None:
    _, *arguments = shlex.split(BLOCKS["bash"][0].replace("\\\n", " "))
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    with np.load("features.npz") as saved:
        np.testing.assert_array_equal(saved["features"], described()["features"])


def test_the_lines_of_ase_write_the_file_of_the_page() -> None:
    expected = described()["features"]
    assert np.ptp(expected) > 0
    Path("two.xyz").unlink()
    (lines,) = (block for block in BLOCKS["python"] if "from ase.io import write" in block)
    exec(lines, {})
    np.testing.assert_array_equal(described()["features"], expected)


def test_diameters_in_place_of_those_of_the_file() -> None:
    names = described()
    (lines,) = (block for block in BLOCKS["python"] if "diameters=" in block)
    before = names["frames"].semiaxes
    exec(lines, names)
    np.testing.assert_array_equal(names["frames"].semiaxes, [[0.75, 0.75, 0.25]] * 2)
    assert not np.array_equal(before, names["frames"].semiaxes)


def test_k_is_always_l(capsys: pytest.CaptureFixture[str]) -> None:
    names = described()
    (lines,) = (block for block in BLOCKS["python"] if "feature_labels" in block)
    exec(lines, names)
    labels = names["labels"]
    assert capsys.readouterr().out
    assert labels.shape == names["features"].shape[1:]
    assert all(f"`{name}`" in PAGE for name in labels.dtype.names)
    np.testing.assert_array_equal(labels["k_2"], labels["l_2"])
    assert set(labels["l_2"]) == set(range(7))


def test_a_row_is_a_mean_and_a_sample_type_is_a_frame() -> None:
    names = described()
    twice = Path("two.xyz").read_text() * 2
    Path("two.xyz").write_text(twice)
    frames, calculator = anisoap_opt.read("two.xyz"), names["calculator"]
    maps = calculator.power_spectrum(frames, mean_over_samples=False)
    assert maps.block(0).samples.names == ["type", "center"]
    assert list(maps.block(0).samples["type"]) == [0, 1]
    assert set(maps.keys["types_center"]) == {1, 6}
    one_type = anisoap_opt.ParticleBatch.from_arrays(
        positions=[[0, 0, 0], [3, 0, 0]], types=[6, 6], quaternions=[[1, 0, 0, 0]] * 2, diameters=[[3, 3, 1]] * 2
    )
    total = calculator.power_spectrum(one_type, reduce="sum")
    np.testing.assert_allclose(total, 2 * calculator.power_spectrum(one_type), rtol=1e-14)
