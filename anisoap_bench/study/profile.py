"""``study profile``: where the time of one call goes, by cProfile, py-spy or Torch's profiler.

Only the call is profiled, after a warm-up: no import, no compilation. What is written for the default backend has the
plain names, such as prof_benzenes_200.prof and prof_benzenes_callgraph.png; with --backend the backend's name ends
them. `reference` takes fewer frames, and the number in the name is that of the frames. The title of each figure says
backend and frames.
"""

from __future__ import annotations

import argparse
import cProfile
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ase import Atoms

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole
from anisoap_bench.study import callgraph
from anisoap_bench.study.run import positive
from anisoap_bench.study.workload import check_frames, counts, hypers_for, read_frames
from anisoap_opt import BACKENDS, EllipsoidalDensityProjection
from benchmarks import measure, workloads
from benchmarks.environment import ROOT
from benchmarks.table import markdown

REFERENCE_FRAMES = {"ellipsoids": 8}
"""Frames that `reference` is profiled on unless --frames says otherwise; 4 of a file that isn't listed."""
TOP = 12
"""Functions that a report lists."""


@dataclass(frozen=True)
class Historical:
    """What the study's README reports, for its own code, machine and data."""

    seconds: float
    einsum_share: float
    einsum_calls: int | None
    frames: int


HISTORICAL = {
    "benzenes": Historical(100.85, 0.755, 2_362_962, 200),
    "ellipsoids": Historical(1.856, 0.297, None, 200),
}


@dataclass(frozen=True)
class Load:
    """What is profiled: one call of `power_spectrum` on some frames, ready to be made.

    Attributes
    ----------
    system : str
        Name of the file without its suffix.
    backend : str
    frames : list of ase.Atoms
    hypers : dict
    suffix : str
        Ends the names of the files that are written: the backend, if one was asked for.
    """

    system: str
    backend: str
    frames: list[Atoms]
    hypers: dict[str, Any]
    suffix: str

    @property
    def title(self) -> str:
        """One line that says what was measured."""
        size = f"max_angular {self.hypers['max_angular']}, max_radial {self.hypers.get('max_radial')}"
        return f"{self.system}.xyz, {len(self.frames)} frames, backend {self.backend}, {size}"

    def calculator(self) -> EllipsoidalDensityProjection:
        """A new calculator."""
        return EllipsoidalDensityProjection(**self.hypers, backend=self.backend)

    def call(self) -> Any:
        """What is profiled: making the calculator, and one power spectrum."""
        return self.calculator().power_spectrum(self.frames)


@dataclass(frozen=True)
class Profile:
    """One profiled call.

    Attributes
    ----------
    load : Load
    stats : dict
        See `callgraph.statistics_of`.
    plain_seconds : float
        The same call without the profiler, after a warm-up.
    import_seconds : float
        Imports in a process of their own; no part of the profile.
    pairs : int
    """

    load: Load
    stats: dict[callgraph.Function, tuple[Any, ...]]
    plain_seconds: float
    import_seconds: float
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
        if self.load.backend == "reference" and self.load.system in HISTORICAL and calls >= self.pairs > 0:
            lines.append(self._beside(HISTORICAL[self.load.system], round(calls / self.pairs)))
        ranked = sorted(self.stats.items(), key=lambda item: -item[1][2])[:TOP]
        body = [
            [_name(function), str(calls), f"{own:.4g}", f"{own / self.seconds:.1%}", f"{total / self.seconds:.1%}"]
            for function, (_, calls, own, total, _) in ranked
        ]
        return "\n".join([*lines, "", markdown(["function", "calls", "own s", "own", "with callees"], body), ""])

    def _beside(self, found: Historical, calls_a_pair: int) -> str:
        """The historical finding, and what its number of calls says about its pairs."""
        line = f"historical, by the study's README: {found.einsum_share:.1%} of {found.seconds} s"
        if found.einsum_calls is None:
            return line
        each = 1e6 * found.einsum_share * found.seconds / found.einsum_calls
        pairs = found.einsum_calls / calls_a_pair / found.frames
        return (
            f"{line}; {found.einsum_calls} calls of {each:.3g} µs for {found.frames} frames. "
            f"With {calls_a_pair} calls a pair, one for each l, that is {pairs:.0f} pairs a frame; "
            f"here {self.pairs / len(self.load.frames):.0f}"
        )


def _name(function: callgraph.Function) -> str:
    file, line, name = function
    return f"{file}:{line} {name}" if line else name.replace("|", "/")


def import_time(backend: str) -> float:
    """Seconds that a fresh process needs to import ASE, the package and what the backend needs."""
    modules = ", ".join(filter(None, ["ase.io", "anisoap_opt.kernels", BACKENDS[backend].needs]))
    code = f"import time; begin = time.perf_counter(); import {modules}; print(time.perf_counter() - begin)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return float(done.stdout)


def profile_call(load: Load) -> Profile:
    """Profile one call after a warm-up, so that no import and no compilation is in it."""
    replace(load, frames=load.frames[:1]).call()
    measure.pin_threads(1)  # once more: the first call has loaded libraries
    begin = time.perf_counter()
    load.call()
    plain = time.perf_counter() - begin
    profiler = cProfile.Profile()
    profiler.enable()
    load.call()
    profiler.disable()
    stats = callgraph.statistics_of(profiler)
    pairs = counts(load.frames, load.calculator())["pairs"]
    return Profile(load, stats, plain, import_time(load.backend), pairs)


def run_cprofile(load: Load, logs: Path, figures: Path) -> str:
    """Write ``prof_SYSTEM_FRAMES.prof``, the report as ``.txt`` beside it, and the call graph."""
    profile = profile_call(load)
    stem = f"prof_{load.system}_{len(load.frames)}{load.suffix}"
    callgraph.write_profile(logs / f"{stem}.prof", profile.stats)
    write_whole(logs / f"{stem}.txt", profile.report())
    png = figures / f"prof_{load.system}_callgraph{load.suffix}.png"
    callgraph.draw(logs / f"{stem}.prof", png, load.title)
    return f"{profile.report()}\nwrote {logs / stem}.prof, {logs / stem}.txt, {png}"


def make_load(path: Path, backend: str | None, frames: int | None, hypers: str | None, few: bool = False) -> Load:
    """Read what is to be profiled.

    Parameters
    ----------
    path : pathlib.Path
    backend : str or None
        None takes the default and names the files without it.
    frames : int or None
        None takes all, and at most REFERENCE_FRAMES for `reference` or where `few` are wanted.
    hypers : str or None
        See `workload.hypers_for`.
    few : bool
    """
    system = path.stem
    changes = hypers_for(system, hypers)
    try:
        calculator = EllipsoidalDensityProjection(**changes, backend=backend)
    except (ModuleNotFoundError, ValueError, TypeError) as error:
        raise CannotMeasure(str(error)) from error
    read = read_frames(path, frames)
    if frames is None and (few or calculator.backend == "reference"):
        read = read[: REFERENCE_FRAMES.get(system, 4)]
    check_frames(path, read, calculator)
    return Load(system, calculator.backend, read, changes, f"_{backend}" if backend else "")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study profile``."""
    parser.add_argument("--tool", choices=["cprofile", "py-spy", "torch"], default="cprofile")
    parser.add_argument("--data", nargs="?", const="", default="", help="folder; $DATA_ROOT, else data/")
    parser.add_argument("--files", nargs="+", default=["benzenes.xyz"])
    parser.add_argument("--backend", choices=list(BACKENDS), help="its name then ends the names of the files written")
    parser.add_argument(
        "--frames", type=positive, help="frames of each file (default: all; for reference 4, ellipsoids 8)"
    )
    parser.add_argument(
        "--hypers", help="a size such as '(9, 6)', a JSON object, or a JSON file; else the system's own"
    )
    parser.add_argument("--seconds", type=positive, default=5, help="how long py-spy watches (default: 5)")
    parser.add_argument("--logs", "--out", type=Path, default=Path("results/logs"), dest="logs")
    parser.add_argument("--figures", type=Path, default=Path("results/figures"))


def main(options: argparse.Namespace) -> int:
    """Profile the files one after the other; print a report of each."""
    folder = Path(options.data) if options.data else workloads.data_folder()
    measure.pin_threads(1)
    for name in options.files:
        path = folder / name
        if options.tool == "cprofile":
            load = make_load(path, options.backend, options.frames, options.hypers)
            print(run_cprofile(load, options.logs, options.figures))
        elif options.tool == "py-spy":
            from anisoap_bench.study import sampling

            load = make_load(path, options.backend, options.frames, options.hypers)
            print(sampling.run_py_spy(load, path, options.logs, options.seconds))
        else:
            from anisoap_bench.study import torch_trace

            load = make_load(path, options.backend or "torch_full", options.frames, options.hypers, few=True)
            print(torch_trace.run_torch(load, options.logs))
    return 0
