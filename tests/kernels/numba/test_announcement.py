"""The first call says that it compiles, once, and only if it does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")
ROOT = Path(__file__).parents[3]
COMPILES = """
import logging
import numpy as np
logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
from numba import njit
njit(lambda x: x + 1)(1)  # someone else's function
print("imported", flush=True)
import sys
import anisoap_opt.kernels.numba
made = {}
exec("def f(x): return x + 1", made)
njit(made["f"])(1)  # a function of no module
from anisoap_opt.kernels.numba.records import _fill
for _ in range(2):
    _fill(np.eye(3)[None], np.ones((1, 3)), 1.0, np.arange(1), np.zeros((1, 16)))
    _fill(np.eye(3, dtype=np.float32)[None], np.ones((1, 3)), 1.0, np.arange(1), np.zeros((1, 16)))  # another function
"""
SAYING = "anisoap_opt: compiling the backend 'numba' for this machine, which takes some seconds\n"


def finish(command: list[str], cache: Path) -> str:
    """What a process with this cache of compiled code writes to stderr."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_python(tmp_path: Path) -> None:
    assert finish([sys.executable, "-c", COMPILES], tmp_path) == SAYING
    assert finish([sys.executable, "-c", COMPILES], tmp_path) == ""  # loaded from the disk


@pytest.mark.slow
def test_command_line(tmp_path: Path) -> None:
    source, out = ROOT / "tests" / "data" / "inputs" / "canonical.xyz", tmp_path / "a.npz"
    call = f"from anisoap_opt.cli import app; app(['describe', {str(source)!r}, '--out', {str(out)!r}])"
    command = [sys.executable, "-c", call]
    said = SAYING.replace("anisoap_opt", "anisoap-opt")
    assert finish([*command], tmp_path / "cache") == said
    assert finish([*command], tmp_path / "cache") == ""
