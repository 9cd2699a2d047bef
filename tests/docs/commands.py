"""Command lines of the pages: what ends at once is run, the rest is asked whether it understands its options."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from typer.testing import CliRunner

import anisoap_bench.__main__ as bench
from anisoap_opt.cli import app
from scripts.make_dist import project_of

ROOT = Path(__file__).resolve().parents[2]


def check(line: str) -> None:
    """Run a command line, or find out that its program and its options exist.

    Raises
    ------
    AssertionError
        If it fails, asks for what does not exist, or is of a program that is not known here.
    """
    words = shlex.split(line, comments=True)
    while words and re.match(r"[A-Z_]+=", words[0]):
        del words[0]
    match words:
        case ["anisoap-opt", *arguments]:
            describe(arguments)
        case ["make", *arguments]:
            for command in made_by(arguments):
                if "-m anisoap_bench " in command:
                    measure(shlex.split(command.partition("-m anisoap_bench ")[2].partition(";")[0]))
        case ["python", "-m", "anisoap_bench", *arguments]:
            measure(arguments)
        case ["asv", *arguments]:
            commands = pytest.importorskip("asv.commands", reason="what measures needs the extra bench")
            commands.make_argparser()[0].parse_args(arguments)  # ends the program if it knows no such option
        case ["python", script, *arguments] if script.endswith(".py"):
            understood = set(re.findall(r"--[a-z-]+", help_of(script)))
            assert {word for word in arguments if word.startswith("--")} <= understood, line
        case ["pip", "install", *_] | ["uv", "pip", "install", *_]:
            asked = re.findall(r"(?:\.|anisoap_opt)\[([\w,-]+)\]", line)
            assert set(",".join(asked).split(",")) - {""} <= set(project_of(ROOT)["optional-dependencies"]), line
        case ["python3", "-m", "venv", _] | ["source", ".venv/bin/activate"] | ["uv", "venv"] | ["export", _]:
            pass  # what comes after them needs no environment of its own here
        case _:
            raise AssertionError(f"nobody knows how to check {line!r}: mark its block with <!-- not run: reason -->")


def describe(arguments: list[str]) -> None:
    """Run the command ``anisoap-opt``, in this process."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, f"{arguments}: {result.output} {result.exception!r}"
    assert "--skip-bad" in arguments or "anisoap-opt:" not in result.output, f"{arguments} warns: {result.output}"
    for name in arguments:
        if name.endswith(".npz"):
            with np.load(name) as saved:
                assert np.isfinite(saved["features"]).all()


def measure(arguments: list[str]) -> None:
    """Let a command of ``python -m anisoap_bench`` read its arguments, and do nothing."""
    pytest.importorskip("asv", reason="what measures needs the extra bench")
    table, rest = bench.COMMANDS, arguments
    while hasattr(module := importlib.import_module(table[rest[0]][0]), "COMMANDS"):
        table, rest = module.COMMANDS, rest[1:]
    with patch.object(module, "main", lambda _: 0):
        assert bench.main(arguments) == 0, arguments


def made_by(arguments: list[str]) -> list[str]:
    """The command lines that ``make`` would run; it must know the variables that it is given."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in (word.partition("=")[0] for word in arguments if "=" in word):
        assert re.search(rf"\$\({name}\)|\$\${{{name}\b", makefile), f"the Makefile has no {name}"
    command = ["make", "--dry-run", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.replace("\\\n", " ").splitlines()


@cache
def help_of(script: str) -> str:
    """What a script of the checkout says about its options."""
    environment = {**os.environ, "COLUMNS": "200"}
    command = [sys.executable, str(ROOT / script), "--help"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
