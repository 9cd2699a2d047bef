"""The examples of the documentation's page about sweeps run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import ase.io
import pytest
from typer.testing import CliRunner

import anisoap_opt
from anisoap_opt.cli import app
from tests.frames_for_tests import mixed_frames

PAGE = (Path(__file__).parents[2] / "docs" / "sweeps.md").read_text(encoding="utf-8")


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANISOAP_BACKEND", "numpy_only")  # nothing to compile
    ase.io.write("frames.xyz", mixed_frames(), format="extxyz")
    (python,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    exec(python, {})
    assert len(capsys.readouterr().out.splitlines()) == 32
    (command,) = re.findall(r"^```bash\nanisoap-opt (.*?)\n```$", PAGE, re.MULTILINE)
    result = CliRunner().invoke(app, shlex.split(command))
    assert result.exit_code == 0, result.output
    assert anisoap_opt.open("sweep/set-003").manifest["hypers"]["max_radial"] == 2
