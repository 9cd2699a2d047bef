"""Benchmarks of what a new process pays once: imports, and the first call with or without compiled code on disk."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import Any

from benchmarks import workloads
from benchmarks.common import calculator, refuse_the_checkout


class ImportTime:
    """A new interpreter's import of the package, and of its command."""

    params = (("anisoap_opt", "anisoap_opt.cli"),)
    param_names = ("module",)
    version = "1"
    rounds, repeat, warmup_time = 1, (3, 5, 2.0), 0.0

    def setup(self, module: str) -> None:
        from importlib.util import find_spec

        refuse_the_checkout()
        if find_spec(module) is None:
            raise NotImplementedError(f"this commit has no {module}")

    def timeraw_import(self, module: str) -> str:
        return f"import {module}"


class FirstCall:
    """The first `power_spectrum` of a process, imports not counted, at the smaller size of basis.

    For `numba` with no compiled code on disk, as on the day of the installation, and with that of a process before.
    """

    params = (("compile", "load"),)
    param_names = ("cache",)
    version = "1"
    timeout = 120
    script = """
import sys, time
import ase, numba, numpy
from anisoap_opt import EllipsoidalDensityProjection
frame = ase.Atoms(numbers=[1, 1], positions=[[0, 0, 0], [0, 0, 3]])
frame.arrays["c_q"] = numpy.array([[1.0, 0, 0, 0], [1, 1, 0, 0]])
for axis in (1, 2, 3):
    frame.arrays[f"c_diameter[{axis}]"] = numpy.array([axis, axis])
calculator = EllipsoidalDensityProjection(**eval(sys.argv[1]), backend="numba")
begin = time.perf_counter()
calculator.power_spectrum([frame])
print(time.perf_counter() - begin)
"""

    @classmethod
    def inputs(cls) -> list[Any]:
        return sorted(workloads.HYPERS["(6, None)"].items())

    def setup(self, cache: str) -> None:
        refuse_the_checkout()
        calculator("numba", workloads.HYPERS["(6, None)"])

    def track_seconds(self, cache: str) -> float:
        with tempfile.TemporaryDirectory() as folder:
            if cache == "compile":
                return first_call(workloads.HYPERS["(6, None)"], NUMBA_CACHE_DIR=folder)
        first_call(workloads.HYPERS["(6, None)"])  # fills the usual folder, unless an earlier benchmark has
        return first_call(workloads.HYPERS["(6, None)"])

    track_seconds.unit = "s"


def first_call(hypers: dict[str, Any], **variables: str) -> float:
    """Seconds of the first `power_spectrum` of a new process with these variables in its environment."""
    command = [sys.executable, "-c", FirstCall.script, repr(hypers)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **variables})
    return float(done.stdout)
