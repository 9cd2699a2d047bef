"""The package of one commit: exported, built as a wheel, installed into a folder of its own."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.process import run
from anisoap_bench.git import git

PACKAGE = "anisoap_opt"
BUILT_FROM = [PACKAGE, "pyproject.toml", "setup.py", "setup.cfg", "MANIFEST.in"]
"""A commit that changes none of these has the same wheel as the one before, and cannot have changed a benchmark."""
TIMEOUT = 300


@dataclass(frozen=True)
class Build:
    """One side of the comparison: "base" or "head" for messages, and the folder of the package and nothing else."""

    name: str
    folder: Path
    commit: str

    @property
    def cache(self) -> Path:
        """Where Numba keeps the machine code of this build alone."""
        return self.folder.with_name(f"{self.folder.name}-numba")


def export(root: Path, commit: str | None, folder: Path) -> Path:
    """Write the files of a commit; of None, those of the working tree that git tracks or does not ignore.

    Nothing is checked out: the repository stays as it is, whatever happens.
    """
    folder.mkdir(parents=True)
    if commit is None:
        for name in git("ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=root).split("\0"):
            if name and (root / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, folder / name)
        return folder
    done = subprocess.run(
        ["git", "-c", "tar.umask=0022", "archive", "--format=tar", commit], cwd=root, capture_output=True
    )
    if done.returncode:
        raise CannotMeasure(f"git archive {commit}: {done.stderr.decode(errors='replace').strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:  # unlike zip's, with modes and links
        archive.extraction_filter = getattr(tarfile, "tar_filter", None)  # early releases of 3.10 and 3.11 have none
        archive.extractall(folder)
    return folder


def build(source: Path, commit: str, folder: Path) -> Build:
    """Build exported files as a wheel and install it, without its dependencies, into a folder.

    Setuptools leaves files of its own in the source. The folder's name is the name of the build; those of base and head
    should be equally long: the length of the environment moves the stack, and with it the alignment of what is
    measured. CannotMeasure, with the last lines that the builder printed, if it does not build.
    """
    called = folder.name if commit.startswith(folder.name) else f"{folder.name} ({commit})"
    wheels = folder.with_name(f"{folder.name}-wheel")
    offline = ["--no-build-isolation"] if _can_build_here() else []
    _pip(["wheel", *offline, "--wheel-dir", wheels, source], source, f"{called} does not build")
    found = sorted(wheels.glob(f"{PACKAGE}-*.whl"))
    if len(found) != 1:
        raise CannotMeasure(f"{called} does not build: {len(found)} wheels of {PACKAGE}")
    problem = f"the wheel of {called} cannot be installed"
    _pip(["install", "--no-index", "--target", folder, found[0]], source, problem)
    return Build(folder.name, folder, commit)


def _can_build_here() -> bool:
    """Whether this environment has the setuptools that pyproject.toml asks for; else pip fetches it."""
    try:
        return int(version("setuptools").split(".")[0]) >= 77
    except PackageNotFoundError:
        return False


def _pip(words: Sequence[str | Path], folder: Path, problem: str) -> None:
    command = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *words, "--quiet", "--no-deps")
    variables = {**os.environ, "PIP_USER": "0"}  # which does not go with a folder of one's own
    done = run(command, folder=folder, variables=variables, timeout=TIMEOUT)
    if done.code:
        raise CannotMeasure(f"{problem}:\n{done.tail}")
