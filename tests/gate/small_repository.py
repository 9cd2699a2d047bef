"""A repository like this one, with a package and benchmarks so small that the real gate takes seconds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "anisoap_opt"
version = "0.1.0"

[tool.setuptools]
packages = ["anisoap_opt"]
"""

PACKAGE = '''\
"""Stands for the real package: some work, some memory, some numbers."""

from types import SimpleNamespace

import numpy as np


class Entry:
    dtypes = ("float64",)


BACKENDS = {"numpy_only": Entry()}
LOOPS = 150_000
BYTES = 8_000_000
VALUE = 3.0


def work():
    return sum(range(LOOPS))


def fill():
    return np.ones(BYTES, dtype=np.uint8).sum()


def value():
    return np.full((2, 3), VALUE)


class EllipsoidalDensityProjection:
    def __init__(self, **hypers):
        pass

    def power_spectrum(self, frames):
        return value()

    def transform(self, frames):
        return SimpleNamespace(blocks=lambda: [SimpleNamespace(values=value())])
'''

CASES = """\
import pickle
import sys
from pathlib import Path

CASES, Cases = {}, None
FRAMES = ("bulk_1", "bulk_24", "bulk_192_4", "bulk_192", "benzenes", "four_species", "ellipsoids")

if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(pickle.dumps(dict.fromkeys(FRAMES, [0, 1])))
"""

BENCHMARKS = """\
import anisoap_opt
import pytest


@pytest.mark.parametrize("name", ["loop"])
def test_loop(name, benchmark, timed):
    benchmark.group = "loop"
    timed(lambda: anisoap_opt.work(), calls=2)


@pytest.mark.parametrize("name", ["memory"])
def test_memory(name, benchmark, timed):
    benchmark.group = "memory"
    timed(lambda: anisoap_opt.fill(), calls=2)
"""

NO_TORCH = """\
import pytest


@pytest.mark.parametrize("name", ["late"])
def test_late(name, timed):
    timed(lambda: sum(range(150_000)), calls=1)
"""

REFERENCE = """\
import anisoap_opt


def test_value():
    assert abs(anisoap_opt.value() - 3.0).max() < 1e-6
"""


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files given by path and content."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def sources(folder: Path) -> Path:
    """The files, without git."""
    write(
        folder,
        {
            "pyproject.toml": PYPROJECT,
            "anisoap_opt/__init__.py": PACKAGE,
            "tests/__init__.py": "",
            "tests/test_reference_data.py": REFERENCE,
            "tests/test_invariance.py": "def test_nothing():\n    pass\n",
            "tests/benchmarks/__init__.py": "",
            "tests/benchmarks/test_compiled.py": BENCHMARKS,
            "tests/benchmarks/test_torch.py": NO_TORCH,
        },
    )
    shutil.copy(ROOT / "tests" / "benchmarks" / "conftest.py", folder / "tests" / "benchmarks")
    shutil.copytree(ROOT / "benchmarks", folder / "benchmarks", ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    (folder / "benchmarks" / "cases.py").write_text(CASES)
    return folder


def git(folder: Path, *words: str) -> str:
    """Run git with a name and an address of its own."""
    who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, message: str) -> None:
    """Commit all changes, if there are any."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)


def repository(folder: Path) -> Path:
    """The files in a repository, on a branch `main` of one commit."""
    sources(folder)
    (folder / ".gitignore").write_text("__pycache__/\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "first")
    return folder


def change(folder: Path, old: str, new: str) -> None:
    """Change the package and commit that."""
    file = folder / "anisoap_opt" / "__init__.py"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    commit(folder, "change")


def start_gate(repo: Path, *options: str, **streams: Any) -> subprocess.Popen[str]:
    """The gate of this checkout in another repository."""
    return start_command(repo, "gate", *options, **streams)


def start_command(repo: Path, *words: str, **streams: Any) -> subprocess.Popen[str]:
    """A command of this checkout in another repository, with a temporary folder of its own."""
    temporary = repo.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    command = [sys.executable, "-m", "anisoap_bench", *words]
    # In the background of a script, SIGINT is ignored, and would stay so in the child.
    return subprocess.Popen(command, cwd=repo, env=variables, text=True, preexec_fn=_heed_interrupts, **streams)


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def gate(repo: Path, *options: str) -> tuple[int, str]:
    """Exit code and output; nothing may be left of a run."""
    with start_gate(repo, *options) as process:
        output, progress = process.communicate(timeout=560)
    assert not list((repo.parent / "temporary").iterdir())
    assert len(git(repo, "worktree", "list").splitlines()) == 1
    return process.returncode, output + progress
