"""Every example of the documentation's page about checking a file runs, and its table is the command's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.interface.test_cli import run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_command_prints_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (line,), (table,) = examples("bash"), examples("text")
    program, *arguments = shlex.split(line)
    assert program == "anisoap-opt"
    printed = run(*arguments, "--no-timing")
    before_times = table.partition("angular, radial")[0]
    assert before_times.count("\n") > 10
    assert printed.startswith(before_times)


def test_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("ANISOAP_BACKEND", "numpy_only")  # nothing to compile
    (example,) = examples("python")
    names: dict[str, object] = {}
    exec(example, names)
    assert names["report"].ok  # type: ignore[attr-defined]


def test_all_kinds_of_warnings_are_explained() -> None:
    code = (ROOT / "anisoap_opt" / "inspection" / "findings.py").read_text(encoding="utf-8")
    kinds = re.findall(r'Finding\(\s*"([^"]+)"', code)
    assert len(kinds) == 6
    assert re.findall(r"^\| ([a-z ]+) \|", PAGE.partition("## Warnings")[2], re.MULTILINE)[1:] == kinds
