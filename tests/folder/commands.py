"""The command, as the tests of folders call it, and what it wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from typer.testing import CliRunner

import anisoap_opt
from anisoap_opt.cli import app
from tests.folder.inputs import SMALL

NUM, SIZE = 11, 3
"""Frames of ``frames.xyz``, and of a block."""


def run(*arguments: str, code: int = 0) -> str:
    """What the command says, on one line."""
    result = CliRunner().invoke(app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def describe(*more: str, files: tuple[str, ...] = ("frames.xyz",), out: str = "out", code: int = 0) -> str:
    """``anisoap-opt describe`` of files, into a folder."""
    return run("describe", *files, *SMALL, "--frames-per-block", str(SIZE), "--out", out, *more, code=code)


def contents(folder: str = "out") -> dict[str, bytes]:
    """All files of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def features(folder: str = "out") -> np.ndarray:
    """All rows."""
    return np.asarray(anisoap_opt.open(folder))


def change_a_bit(path: Path) -> None:
    """The last one of a file."""
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
