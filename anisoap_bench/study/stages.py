"""Measure where the time of a calculation goes, for the backends that can be taken apart; writes stages.csv."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from anisoap_bench.study.tables import write_table
from benchmarks import measure

SYSTEMS = ("benzenes", "ellipsoids")
STAGES = {
    "frames: check and stack": "check and stack frames",
    "wrap, sort in space": "wrapping, sorting in space",
    "per-particle Gaussians": "Gaussians of the particles",
    "neighbours": "neighbour search",
    "kernel: coefficients": "kernel",
    "coupling, sums": "power spectrum, mean",
}
"""Stages of `benchmarks.stages` that are measured, and what they are called in the table; a backend may lack some."""
WHOLE = "power_spectrum, all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study stages``."""
    parser.add_argument("--out", type=Path, default=Path("results/tables"), help="folder of the table")
    parser.add_argument("--quick", action="store_true", help="two frames of one file: shows that it works")


def main(options: argparse.Namespace) -> int:
    """Measure and write the table, on one thread."""
    measure.pin_threads(1)
    import pandas as pd

    from anisoap_opt import BACKENDS
    from benchmarks import stages, workloads

    rows = []
    for backend in (name for name in stages.BACKENDS if BACKENDS[name].installed):
        for system in SYSTEMS[: 1 if options.quick else None]:
            frames = workloads.system(system)[: 2 if options.quick else None]
            hypers = {**workloads.hypers_of(system), "subtract_center_contribution": True}  # as in older tables
            rows += stage_rows(backend, system, len(frames), stages.stages(backend, hypers, frames))
    write_table(options.out / "stages.csv", pd.DataFrame(rows), "%.6g")
    return 0


def stage_rows(backend: str, system: str, frames: int, milliseconds: dict[str, float]) -> list[dict[str, Any]]:
    """One row a stage, with its share of the sum of the stages; the whole calculation, measured by itself, last."""
    total = sum(milliseconds.get(name, 0.0) for name in STAGES)
    shared = {"backend": backend, "system": system, "frames": frames}
    rows = [
        {**shared, "stage": label, "milliseconds": milliseconds[name], "share": milliseconds[name] / total}
        for name, label in STAGES.items()
        if name in milliseconds
    ]
    return [*rows, {**shared, "stage": "all, measured at once", "milliseconds": milliseconds[WHOLE], "share": None}]
