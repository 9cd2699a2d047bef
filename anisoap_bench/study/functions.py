"""Functions that the time of one call goes to, by cProfile."""

from __future__ import annotations

import cProfile
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anisoap_bench.files import write_whole
from anisoap_bench.study import callgraph
from anisoap_bench.study.workload import Load, counts, make_calculator
from anisoap_opt import BACKENDS
from benchmarks import measure
from benchmarks.environment import ROOT
from benchmarks.table import markdown

TOP = 12
"""Functions that a report lists."""


@dataclass(frozen=True)
class Profile:
    """One profiled call."""

    load: Load
    stats: dict[callgraph.Function, tuple[Any, ...]]  # see `callgraph.statistics_of`
    plain_seconds: float  # the same call without the profiler, after a warm-up
    import_seconds: float  # in a process of their own; no part of the profile
    pairs: int

    @property
    def seconds(self) -> float:
        """Time that the profiler saw."""
        return sum(numbers[2] for numbers in self.stats.values())

    @property
    def einsum(self) -> tuple[int, float]:
        """Calls of NumPy's compiled einsum, and their share of the time."""
        found = [numbers for (_, _, name), numbers in self.stats.items() if "c_einsum" in name]
        return sum(one[1] for one in found), sum(one[2] for one in found) / self.seconds

    def report(self) -> str:
        """The report that is printed and kept beside the profile."""
        calls, share = self.einsum
        einsum = "np.einsum: no call"
        if calls:
            each = 1e6 * share * self.seconds / calls
            einsum = f"np.einsum: {share:.1%} of the time; {calls} calls of {each:.3g} µs" + (
                f", {calls / self.pairs:.3g} a pair" if self.pairs else ""
            )
        lines = [
            f"{self.load.title}; {measure.machine()}",
            f"{self.pairs} pairs in {self.seconds:.4g} s with cProfile, {self.plain_seconds:.4g} s without; "
            f"imports take {self.import_seconds:.2g} s more, in a fresh process",
            einsum,
        ]
        ranked = sorted(self.stats.items(), key=lambda item: -item[1][2])[:TOP]
        body = [
            [_name(function), str(calls), f"{own:.4g}", f"{own / self.seconds:.1%}", f"{total / self.seconds:.1%}"]
            for function, (_, calls, own, total, _) in ranked
        ]
        return "\n".join([*lines, "", markdown(["function", "calls", "own s", "own", "with callees"], body), ""])


def _name(function: callgraph.Function) -> str:
    file, line, name = function
    return f"{file}:{line} {name}" if line else name.replace("|", "/")


def profile_call(load: Load) -> Profile:
    """Profile making the calculator and one power spectrum, after a warm-up: no import and no compilation is in it."""

    def call(frames: Any = load.frames) -> Any:
        return make_calculator(load.backend, load.hypers).power_spectrum(frames)

    call(load.frames[:1])
    measure.pin_threads(1)  # once more: the first call has loaded libraries
    begin = time.perf_counter()
    call()
    plain = time.perf_counter() - begin
    profiler = cProfile.Profile()
    profiler.enable()
    call()
    profiler.disable()
    stats = callgraph.statistics_of(profiler)
    pairs = counts(load.frames, load.calculator)["pairs"]
    return Profile(load, stats, plain, import_time(load.backend), pairs)


def import_time(backend: str) -> float:
    """Seconds that a fresh process needs to import ASE, the package and what the backend needs."""
    modules = ", ".join(filter(None, ["ase.io", "anisoap_opt.kernels", BACKENDS[backend].needs]))
    code = f"import time; begin = time.perf_counter(); import {modules}; print(time.perf_counter() - begin)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return float(done.stdout)


def run_cprofile(load: Load, suffix: str, logs: Path, figures: Path) -> str:
    """Write ``prof_SYSTEM_FRAMES.prof``, the report as ``.txt`` beside it, and the call graph."""
    profile = profile_call(load)
    stem = f"prof_{load.system}_{len(load.frames)}{suffix}"
    callgraph.write_profile(logs / f"{stem}.prof", profile.stats)
    write_whole(logs / f"{stem}.txt", profile.report())
    png = figures / f"prof_{load.system}_callgraph{suffix}.png"
    callgraph.draw(logs / f"{stem}.prof", png, load.title)
    return f"{profile.report()}\nwrote {logs / stem}.prof, {logs / stem}.txt, {png}"
