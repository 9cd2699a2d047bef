"""Times of the package and of an older commit of it, in processes of their own that take turns.

A process imports what its PYTHONPATH says, prepares a task, computes once to warm up, and then answers every line on
its standard input with one time. So both packages meet the same changes of the machine's speed. A task is a function of
this file, or ``module:function``, and returns what takes the time. A process is started as ``python -m
benchmarks.base_and_head TASK ARGUMENTS``, the arguments as a list in JSON.
"""

from __future__ import annotations

import io
import json
import os
import pkgutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from benchmarks import measure, workloads
from benchmarks.common import calculator
from benchmarks.speed_tools import BACKEND, ROOT, WITHOUT_CENTER, best, in_turn

BASE = "8cf53b2"
"""The last commit before files were read into arrays and one call for one frame was made short."""
SIZE = "(6, None)"
CALLS = 100
"""Calls of one time of `one_call`."""


class NotMeasured(Exception):
    """The older commit is not there; the message says why."""


def bulk(num_particles: int, shuffled: bool) -> Callable[[], float]:
    """`power_spectrum` of one bulk frame of two types."""
    frames = workloads.bulk(num_particles, 2, shuffled=shuffled)
    power_spectrum = calculator(BACKEND, workloads.HYPERS[SIZE]).power_spectrum
    power_spectrum(frames)
    return best(2, power_spectrum, frames)


def one_call(num_particles: int) -> Callable[[], float]:
    """`power_spectrum` of the first of the `ellipsoids` with so many particles, the median of CALLS calls."""
    frame = next(one for one in workloads.system("ellipsoids") if len(one) == num_particles)
    call = partial(calculator(BACKEND, {**workloads.HYPERS[SIZE], **WITHOUT_CENTER}).power_spectrum, [frame])
    call()
    return lambda: statistics.median(measure.seconds_of(call) for _ in range(CALLS))


def features(path: str) -> Callable[[], float]:
    """From a file to features: `anisoap_opt.read`, or `ase.io.read` where there is none, and `power_spectrum`."""
    import anisoap_opt

    power_spectrum = calculator(BACKEND, {**workloads.HYPERS[SIZE], **WITHOUT_CENTER}).power_spectrum
    read: Any = getattr(anisoap_opt, "read", None)
    if read is None:
        import ase.io

        read = partial(ase.io.read, index=":")
    power_spectrum(read(workloads.data_folder() / "ellipsoids.xyz"))
    return partial(measure.seconds_of, lambda: power_spectrum(read(path)))


class Process:
    """A process that answers with times of one task, by the package in one folder."""

    def __init__(self, package: Path, task: str, arguments: list[Any]) -> None:
        path = os.pathsep.join([str(package), str(ROOT)])
        environment = {**os.environ, **dict.fromkeys(measure.THREAD_VARIABLES, "1"), "PYTHONPATH": path}
        command = [sys.executable, "-m", "benchmarks.base_and_head", task, json.dumps(arguments)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, cwd=package, env=environment, **pipes)
        self.package = package

    def __enter__(self) -> Process:
        found = self._line()
        if not Path(found).is_relative_to(self.package):
            raise RuntimeError(f"the package was to come from {self.package}, and comes from {found}")
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.process.communicate()

    def answer(self) -> Any:
        """One time, or a list of times."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self._line())

    def _line(self) -> str:
        assert self.process.stdout is not None
        if line := self.process.stdout.readline():
            return line.strip()
        self.process.communicate()
        raise RuntimeError(f"a measuring process ended with code {self.process.returncode}; it said why above")


def base_and_head(rounds: int, task: str, *arguments: Any) -> np.ndarray:
    """Times of the package at BASE, and of the one that this process imports, [2, rounds].

    Of a task with a list of times, [times, 2, rounds].

    Raises
    ------
    NotMeasured
        If BASE is not there.
    """
    import anisoap_opt

    folders = Path(_base_package().name).resolve(), Path(anisoap_opt.__file__).resolve().parents[1]
    with Process(folders[0], task, [*arguments]) as base, Process(folders[1], task, [*arguments]) as head:
        return in_turn(rounds, base.answer, head.answer)


@cache
def _base_package() -> Any:
    """A temporary folder, for as long as this process lives, with the package of BASE."""
    try:
        command = ["git", "archive", "--format=zip", BASE, "anisoap_opt"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True)
    except FileNotFoundError:
        raise NotMeasured("there is no git") from None
    if done.returncode:
        raise NotMeasured(f"commit {BASE} is not in this checkout: {done.stderr.decode().strip()}")
    folder = tempfile.TemporaryDirectory()
    zipfile.ZipFile(io.BytesIO(done.stdout)).extractall(folder.name)
    return folder


def answer(task: str, arguments: str) -> None:
    """Be a measuring process: where the package comes from, then a time for every line that is read."""
    import numba  # noqa: F401 - loaded first, so that its threads are pinned too

    import anisoap_opt

    measure.pin_threads(1)
    call = pkgutil.resolve_name(task if ":" in task else f"benchmarks.base_and_head:{task}")(*json.loads(arguments))
    print(Path(anisoap_opt.__file__).resolve(), flush=True)
    for _ in sys.stdin:
        print(json.dumps(call()), flush=True)


if __name__ == "__main__":
    answer(*sys.argv[1:])
