"""Every example of the documentation's page about coarse graining runs, and its numbers are right."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.interface.test_cli import run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "coarse_graining.md").read_text(encoding="utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def _in_a_folder_with_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANISOAP_BACKEND", "numpy_only")  # nothing to compile
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "data" / "benzenes.xyz", tmp_path / "data")


def test_python() -> None:
    names: dict[str, Any] = {}
    for example in examples("python"):
        exec(example, names)
        if "spread =" in example:
            for name in ("spread", "extents"):
                (numbers,) = re.findall(rf"^{name} = .*# (.*)$", example, re.MULTILINE)
                assert names[name] == pytest.approx([float(one) for one in numbers.split(", ")], abs=0.005)
    assert names["features"].shape[0] == 200
    assert names["disc"] == pytest.approx([0.5] * 4)
    assert names["worst"] < 1e-5


def test_command_line() -> None:
    for line in "".join(examples("bash")).splitlines():
        program, *arguments = shlex.split(line)
        assert program == "anisoap-opt"
        assert "anisoap-opt:" not in run(*arguments)  # no warning
    assert Path("features.npz").stat().st_size
