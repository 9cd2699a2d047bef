"""Throw-away repositories: twelve commits of a small package under this one's name, and a suite on the real base class.

The package has the calculator's interface and does what its constants say. So the classes of ``benchmarks/common.py``
measure it as they measure the real one. It sleeps instead of computing: how long that takes hardly depends on what else
the machine does. (asv's detection of steps finds 30 % in twelve commits if times scatter by 2 % from commit to commit,
but only every other time if they scatter by 4 %; computed with `asv.step_detect`.)
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from tests.suite.asv_tools import CONFIG, ROOT, commit, git, write_config

COMMITS = 12
SLOW = 8
"""From this commit on, counted from one, everything is worse."""

PACKAGE = '''"""A calculator that takes time, fills memory and errs."""
import time

import numpy as np

TIME, MEMORY, ERROR = {time}, {memory}, {error}


class _Backend:
    needs, installed, dtypes = "", True, ("float64",)


BACKENDS = {{"numpy_only": _Backend()}}


class EllipsoidalDensityProjection:
    def __init__(self, backend=None):
        pass

    def power_spectrum(self, frames):
        time.sleep(0.03 * TIME)
        return np.full((1, 2), 1.0 + ERROR)

    def transform(self, frames):
        return int(np.ones(int(4_000_000 * MEMORY)).sum())
'''

SUITE = '''"""A benchmark of each quantity."""
from benchmarks.common import Measured, Work


class Toy(Measured):
    version = "1"

    def work(self):
        return Work("numpy_only", [None], {}, reference="toy")

    time_call = Measured.seconds
    track_error = Measured.error


class ToyMemory(Measured):
    version = "1"

    def work(self):
        return Work("numpy_only", [None], {}, "transform")

    track_peak_memory = Measured.peak_memory
'''

WORKLOADS = '"""None."""\nSYSTEMS = ()\n'

INSTALL = """import pathlib, shutil, sys, sysconfig
here, there = pathlib.Path(sys.argv[1]), pathlib.Path(sysconfig.get_path("purelib")) / "anisoap_opt"
shutil.rmtree(there, ignore_errors=True)
shutil.copytree(here / "anisoap_opt", there)
"""


def make(folder: Path, environments: Path, planted: bool) -> list[str]:
    """Write a repository, whose asv environments may be another one's too; its commits, the oldest first.

    If `planted`, everything is 30 % slower, half as large again and less exact from commit SLOW on.
    """
    suite = folder / "benchmarks"
    suite.mkdir(parents=True)
    (folder / "anisoap_opt").mkdir()
    for name in ("__init__", "common", "measure", "stored_values"):
        shutil.copy(ROOT / "benchmarks" / f"{name}.py", suite)
    (suite / "workloads.py").write_text(WORKLOADS)
    (suite / "toy.py").write_text(SUITE)
    np.savez(suite / "reference_values.npz", **{"toy/mean": np.ones((1, 2))})
    (folder / "install.py").write_text(INSTALL)
    write_config(
        folder,
        env_dir=str(environments),
        matrix={"req": {name: CONFIG["matrix"]["req"][name] for name in ("asv_runner", "numpy")}},
        build_command=[],
        install_command=["python {build_dir}/install.py {build_dir}"],
        uninstall_command=[],
    )
    git(folder, "init", "--quiet", "--initial-branch=main")
    commits = []
    for number in range(1, COMMITS + 1):
        worse = planted and number >= SLOW
        values = {"time": 1.3 if worse else 1.0, "memory": 1.5 if worse else 1.0, "error": 1e-9 if worse else 2e-11}
        (folder / "anisoap_opt" / "__init__.py").write_text(PACKAGE.format(**values))
        commits.append(commit(folder, str(number), f"2026-01-{number:02d}T12:00:00+00:00"))
    return commits
