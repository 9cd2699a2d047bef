"""Every example of the documentation's page about large data sets runs, in the order of the page."""

from __future__ import annotations

import gzip
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import anisoap_opt
from anisoap_opt.cli import app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```(bash|python)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("zarr")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANISOAP_BACKEND", "numpy_only")  # nothing to compile
    lines = (ROOT / "data" / "ellipsoids.xyz").read_text().splitlines(keepends=True)
    frames = cut(lines, 17)
    Path("frames.xyz").write_text(frames)
    Path("more.xyz.gz").write_bytes(gzip.compress(frames.encode()))
    Path("with_a_bad_frame.xyz").write_text(frames.replace("X   ", "X   nothing ", 1))
    names: dict[str, Any] = {}
    for language, code in EXAMPLES:
        if language == "python":
            exec(code, names)
            continue
        for line in code.splitlines():
            program, *arguments = shlex.split(line)
            assert program == "anisoap-opt"
            result = CliRunner().invoke(app, arguments)
            assert result.exit_code == 0, result.output
    assert names["features"].shape == (34, anisoap_opt.open("features").shape[1])
    assert names["good"].sum() == 16
    np.testing.assert_array_equal(np.asarray(anisoap_opt.open("merged")), names["features"][:17])


def cut(lines: list[str], count: int) -> str:
    """The text of the first frames."""
    row = 0
    for _ in range(count):
        row += int(lines[row]) + 2
    return "".join(lines[:row])
