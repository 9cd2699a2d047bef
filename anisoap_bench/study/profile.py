"""``study profile``: where the time of one call goes, by cProfile, py-spy or Torch's profiler.

cProfile and Torch's profiler see the call alone, after a warm-up. py-spy watches a whole ``study run``, with its
imports. What is written for the default backend has the plain names, such as prof_benzenes_200.prof and
prof_benzenes_callgraph.png; with --backend the backend's name ends them. The number in the name is that of
the frames, and the title of each figure says backend and frames.
"""

from __future__ import annotations

import argparse
import cProfile
import gzip
import io
import json
import os
import pstats
import re
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import Any

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole
from anisoap_bench.study.workload import (
    Load,
    add_data,
    add_hypers,
    counts,
    data_folder,
    make_calculator,
    read_load,
)
from anisoap_bench.terminal import positive
from anisoap_opt import BACKENDS
from benchmarks import measure
from benchmarks.environment import ROOT

TOP = 12
"""Functions or operators that a report lists."""
REPEATS = 100
"""Calls that py-spy watches."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study profile``."""
    parser.add_argument("--tool", choices=["cprofile", "py-spy", "torch"], default="cprofile")
    add_data(parser)
    parser.add_argument("--files", nargs="+", default=["benzenes.xyz"])
    parser.add_argument("--backend", choices=list(BACKENDS), help="its name then ends the names of the files written")
    parser.add_argument("--frames", type=positive, help="only the first ones of each file")
    add_hypers(parser)
    parser.add_argument("--logs", "--out", type=Path, default=Path("results/logs"), dest="logs")
    parser.add_argument("--figures", type=Path, default=Path("results/figures"))


def main(options: argparse.Namespace) -> int:
    """Profile the files one after the other; print a report of each."""
    measure.pin_threads(1)
    backend = options.backend or ("torch_full" if options.tool == "torch" else None)
    suffix = f"_{options.backend}" if options.backend else ""
    for name in options.files:
        load = read_load(data_folder(options) / name, backend, options.frames, options.hypers)
        if options.tool == "cprofile":
            print(run_cprofile(load, suffix, options.logs, options.figures))
        elif options.tool == "py-spy":
            print(run_py_spy(load, suffix, options.logs))
        else:
            print(run_torch(load, options.logs))
    return 0


def call_of(load: Load) -> Any:
    """What is profiled, warmed up: making the calculator and one power spectrum."""

    def call(frames: Any = load.frames) -> Any:
        return make_calculator(load.backend, load.hypers).power_spectrum(frames)

    call(load.frames[:1])
    measure.pin_threads(1)  # once more: the first call has loaded libraries
    return call


def run_cprofile(load: Load, suffix: str, logs: Path, figures: Path) -> str:
    """Write ``prof_SYSTEM_FRAMES.prof``, the report as ``.txt`` beside it, and the call graph.

    Files are named without their folders, so that nothing tells of this machine.
    """
    call, profiler = call_of(load), cProfile.Profile()
    plain = measure.seconds_of(call)
    profiler.runcall(call)
    table = io.StringIO()
    stats = pstats.Stats(profiler, stream=table).strip_dirs().sort_stats("tottime")
    stats.print_stats(TOP)
    found: Any = stats
    pairs = counts(load.frames, load.calculator)["pairs"]
    report = (
        f"{load.title}; {measure.machine()}\n"
        f"{pairs} pairs in {found.total_tt:.4g} s with cProfile, {plain:.4g} s without\n"
        f"{einsum(found.stats, found.total_tt, pairs)}\n{table.getvalue().rstrip()}\n"
    )
    stem = logs / f"prof_{load.system}_{len(load.frames)}{suffix}"
    write_whole(stem.with_suffix(".txt"), report)
    stats.dump_stats(stem.with_suffix(".prof"))
    png = figures / f"prof_{load.system}_callgraph{suffix}.png"
    draw_calls(stem.with_suffix(".prof"), png, load.title)
    return f"{report}\nwrote {stem}.prof, {stem}.txt, {png}"


def einsum(stats: dict[tuple[str, int, str], tuple[Any, ...]], total: float, pairs: int) -> str:
    """Calls of NumPy's compiled einsum and their share of the time, from what `pstats` holds."""
    found = [numbers for (_, _, name), numbers in stats.items() if "c_einsum" in name]
    calls, seconds = sum(one[1] for one in found), sum(one[2] for one in found)
    if not calls:
        return "np.einsum: no call"
    each = f"{calls} calls of {1e6 * seconds / calls:.3g} µs"
    return f"np.einsum: {seconds / total:.1%} of the time; {each}" + (f", {calls / pairs:.3g} a pair" if pairs else "")


def draw_calls(profile: Path, png: Path, title: str) -> None:
    """Draw the call graph of a profile; functions below 2 %, and calls below 1 % of the time are left out."""
    options = ["--format=pstats", "--node-thres=2", "--edge-thres=1", "--wrap", "--show-samples", str(profile)]
    dot = ["dot", "-Tpng", "-Gdpi=80", "-Gfontsize=16", "-Glabelloc=t", f"-Glabel={title}"]
    graph = output([sys.executable, "-m", "gprof2dot", *options], "gprof2dot: pip install '.[bench]'")
    write_whole(png, output(dot, "graphviz, which brings dot", given=graph))


def output(command: list[str], needs: str, given: bytes = b"") -> bytes:
    """What a program prints; CannotMeasure if it is missing or fails."""
    try:
        done = subprocess.run(command, input=given, capture_output=True, cwd=ROOT)
    except FileNotFoundError as error:
        raise CannotMeasure(f"this needs {needs}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace")
        raise CannotMeasure(f"this needs {needs}; it said: {' '.join(said.split())}")
    return done.stdout


def run_py_spy(load: Load, suffix: str, logs: Path) -> str:
    """Write the flame graph of a ``study run``: ``bench.svg`` for benzenes, else ``bench_SYSTEM.svg``."""
    files = ["--data", str(load.path.resolve().parent), "--files", load.path.name, "--frames", str(len(load.frames))]
    how = ["--backend", load.backend, "--hypers", json.dumps(load.hypers), "--repeats", str(REPEATS)]
    svg = logs / f"bench{'' if load.system == 'benzenes' else f'_{load.system}'}{suffix}.svg"
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "flame.svg"
        command = [str(Path(sys.executable).with_name("py-spy")), "record", "--function", f"--output={drawn}", "--"]
        program = [sys.executable, "-m", "anisoap_bench", "study", "run", *files, *how]
        needs = "py-spy: pip install '.[bench]'; it may want root, or SYS_PTRACE in a container"
        output([*command, *program], needs)
        text = drawn.read_text().replace(f"{ROOT}/", "")
    title = f"{load.title}, study run"  # py-spy's is the command line, with paths of this machine
    text = re.sub(r'(<text id="title"[^>]*>)[^<]*', lambda found: found[1] + escape(title), text, count=1)
    write_whole(svg, text)
    return f"{load.title}\nwrote {svg}"


def run_torch(load: Load, logs: Path) -> str:
    """Write ``torch_SYSTEM_BACKEND.json.gz``, for chrome://tracing or Perfetto, and report the costliest operators."""
    if not load.backend.startswith("torch"):
        raise CannotMeasure(f"--tool torch needs the backend torch_mixed or torch_full, got {load.backend}")
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else Torch's profiler says on stderr that it starts and stops
    from torch.profiler import ProfilerActivity, profile

    call = call_of(load)
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        call()
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(raw))
        events = json.loads(raw.read_text())["traceEvents"]  # without the machine's and the files' names
    path = logs / f"torch_{load.system}_{load.backend}.json.gz"
    write_whole(path, gzip.compress(json.dumps({"traceEvents": events}).encode(), mtime=0))
    operators = profiler.key_averages().table(sort_by="self_cpu_time_total", row_limit=TOP)
    return f"{load.title}\n\n{operators}\nwrote {path}"
