"""``study profile``: where the time of one call goes, by cProfile, py-spy or Torch's profiler.

Only the call is profiled, after a warm-up: no import, no compilation. What is written for the default backend has the
plain names, such as prof_benzenes_200.prof and prof_benzenes_callgraph.png; with --backend the backend's name ends
them. `reference` takes fewer frames, and the number in the name is that of the frames. The title of each figure says
backend and frames.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from anisoap_bench.study.functions import run_cprofile
from anisoap_bench.study.options import add_data, add_hypers, data_folder, positive
from anisoap_bench.study.sampling import run_py_spy
from anisoap_bench.study.torch_trace import run_torch
from anisoap_bench.study.workload import read_load
from anisoap_opt import BACKENDS
from benchmarks import measure

FEW_FRAMES = {"ellipsoids": 8}
"""Frames of `reference` and of a trace, unless --frames says otherwise; 4 of a file that isn't listed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study profile``."""
    parser.add_argument("--tool", choices=["cprofile", "py-spy", "torch"], default="cprofile")
    add_data(parser)
    parser.add_argument("--files", nargs="+", default=["benzenes.xyz"])
    parser.add_argument("--backend", choices=list(BACKENDS), help="its name then ends the names of the files written")
    frames = "frames of each file (default: all; for reference 4, ellipsoids 8)"
    parser.add_argument("--frames", type=positive, help=frames)
    add_hypers(parser)
    parser.add_argument("--seconds", type=positive, default=5, help="how long py-spy watches (default: 5)")
    parser.add_argument("--logs", "--out", type=Path, default=Path("results/logs"), dest="logs")
    parser.add_argument("--figures", type=Path, default=Path("results/figures"))


def main(options: argparse.Namespace) -> int:
    """Profile the files one after the other; print a report of each."""
    measure.pin_threads(1)
    backend = options.backend or ("torch_full" if options.tool == "torch" else None)
    suffix = f"_{options.backend}" if options.backend else ""
    for name in options.files:
        load = read_load(data_folder(options) / name, backend, options.frames, options.hypers)
        if options.frames is None and (options.tool == "torch" or load.backend == "reference"):
            load = replace(load, frames=load.frames[: FEW_FRAMES.get(load.system, 4)])
        if options.tool == "cprofile":
            print(run_cprofile(load, suffix, options.logs, options.figures))
        elif options.tool == "py-spy":
            print(run_py_spy(load, suffix, options.logs, options.seconds))
        else:
            print(run_torch(load, options.logs))
    return 0
