"""Measure how the time grows: with the species at constant N, with N at constant density, and with the neighbours.

Writes scaling.csv (every sample) and scaling_summary.csv (exponents with intervals), and prints whether growth with N
is worse than quadratic.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from anisoap_bench.study.aggregate import machine_name, write_table
from anisoap_bench.study.intervals import CONFIDENCE, ratio_interval
from anisoap_bench.study.workload import counts, installed, make_calculator, read_load
from benchmarks import workloads
from benchmarks.environment import disagreements, environment
from benchmarks.measure import in_turn, pin_threads, seconds_of

CUTOFFS = (4.0, 5.0, 6.0, 7.0, 8.0, 9.0)
QUADRATIC = 2.0
AXES = {"species": "species", "particles": "particles", "neighbors": "pairs_per_particle"}
"""Column that each experiment varies."""

USUAL: dict[str, Any] = {"particles": (250, 500, 1000, 2000, 4000, 8000), "neighbors_in": 500, "frames": 100}
"""Particles of the bulk frames; of the one whose cutoff is varied; frames of the files with 1 to 4 species."""
SIZES: dict[str, dict[str, Any]] = {
    "reference": {"particles": (16, 32, 64, 128), "neighbors_in": 32, "frames": 2},
    "numba": {**USUAL, "particles": (500, 1000, 2000, 4000, 8000, 16000, 32000), "neighbors_in": 4000},
}
"""How much one backend measures: about the same time for each."""
REPEATS = 6
QUICK: dict[str, Any] = {"particles": (8, 16, 32), "neighbors_in": 8, "frames": 2}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study scaling``."""
    parser.add_argument("--backends", nargs="+", metavar="NAME", help="all that are installed, unless given")
    parser.add_argument("--out", type=Path, default=Path("results/tables"), help="folder of the tables")
    parser.add_argument("--quick", action="store_true", help="tiny frames and 2 repeats: shows that it works")


def main(options: argparse.Namespace) -> int:
    """Measure, write both tables, print the statement."""
    rows = [row for name in installed(options.backends) for row in measure_backend(name, options.quick)]
    for difference in disagreements(1):
        print(f"warning: {difference}", file=sys.stderr)
    here = environment()
    where = {"machine": machine_name(here), "commit": here["git"]["commit"], "threads": 1}
    points = pd.DataFrame([{**where, **row} for row in rows])
    summary = summarise(points)
    for name, table in (("scaling", points), ("scaling_summary", summary)):
        write_table(options.out / f"{name}.csv", table)
    print(statement(summary))
    return 0


def measure_backend(backend: str, quick: bool) -> list[dict[str, Any]]:
    """Samples of the three experiments with one backend, on one thread."""
    sizes = QUICK if quick else SIZES.get(backend, USUAL)
    usual = workloads.HYPERS["(6, None)"]
    files = [workloads.data_folder() / f"{name}.xyz" for name in workloads.SPECIES_FILES.values()]
    problems: dict[str, list[tuple[dict[str, Any], list[Any]]]] = {
        "species": [(usual, read_load(file, backend, sizes["frames"]).frames) for file in files],
        "particles": [(usual, workloads.bulk(size, 2)) for size in sizes["particles"]],
        "neighbors": [({**usual, "cutoff_radius": r}, workloads.bulk(sizes["neighbors_in"], 2)) for r in CUTOFFS],
    }
    rows = []
    for experiment, cases in problems.items():
        calculators = [make_calculator(backend, hypers) for hypers, _ in cases]
        calls = [partial(c.power_spectrum, frames) for c, (_, frames) in zip(calculators, cases, strict=True)]
        for call in calls:
            call()
        pin_threads(1)  # after the first calls, which may have loaded libraries
        gc.collect()  # so that no sample pays for what came before
        samples = in_turn(2 if quick else REPEATS, *(partial(seconds_of, call) for call in calls)).tolist()
        for calculator, (_, frames), times in zip(calculators, cases, samples, strict=True):
            of = counts(frames, calculator)
            shared = {
                "backend": calculator.backend,
                "experiment": experiment,
                "cutoff_radius": calculator.cutoff_radius,
                "frames": of["frames"],
                "species": of["species"],
                "particles": of["particles"] // of["frames"],
                "pairs": of["pairs"],
                "pairs_per_particle": of["pairs"] / of["particles"],
            }
            rows += [{**shared, "repeat": k, "seconds": seconds} for k, seconds in enumerate(times)]
    return rows


def summarise(points: Any) -> Any:
    """One row a backend and experiment: exponent and interval, and the ratio of the last point's time to the first's.

    The exponent's interval is compared with 2 for N and for the species; neighbours are pairs themselves.
    """
    rows = []
    for (backend, experiment), group in points.groupby(["backend", "experiment"], sort=False):
        times = {x: list(of_one) for x, of_one in sorted(group.groupby(AXES[experiment])["seconds"])}
        medians = {x: statistics.median(of_one) for x, of_one in times.items()}
        fit = power_law(medians)
        first, last = min(times), max(times)
        low, high = ratio_interval(times[last], times[first]) or (None, None)
        worse = None if experiment == "neighbors" else worse_than_quadratic(fit["exponent_low"], fit["exponent_high"])
        size = {"backend": backend, "experiment": experiment, "points": len(times), "repeats": len(times[first])}
        ratio = {"from": first, "to": last, "ratio": medians[last] / medians[first]}
        ends = {"ratio_low": low, "ratio_high": high}
        rows.append({**size, **ratio, **ends, **fit, "worse_than_quadratic": worse})
    return pd.DataFrame(rows)


def power_law(points: dict[float, float]) -> dict[str, float]:
    """Least squares of log y on log x, at least two points in the order of x: y = factor · x^exponent.

    With the exponent's interval by Student's t (not a number for two points), and the largest exponent between two
    neighbouring points.
    """
    from scipy import stats

    log_x, log_y = np.log(list(points)), np.log(list(points.values()))
    fit, freedom = stats.linregress(log_x, log_y), len(points) - 2
    half = stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * fit.stderr if freedom else np.nan
    return {
        "exponent": fit.slope,
        "exponent_low": fit.slope - half,
        "exponent_high": fit.slope + half,
        "steepest": (np.diff(log_y) / np.diff(log_x)).max(),
        "factor": np.exp(fit.intercept),
    }


def worse_than_quadratic(low: float, high: float) -> str:
    """Whether an exponent's interval lies above 2 ("yes"), not above ("no"), or on both sides ("cannot be told")."""
    if low > QUADRATIC:
        return "yes"
    return "no" if high <= QUADRATIC else "cannot be told"


def statement(summary: Any) -> str:
    """The study's question answered in sentences, from the summary's numbers."""
    lines = []
    for backend, group in summary.groupby("backend", sort=False):
        rows = {row["experiment"]: row for row in group.to_dict("records")}
        power = {experiment: _with_interval(row, "exponent") for experiment, row in rows.items()}
        species, particles = rows["species"], rows["particles"]
        lines.append(
            f"{backend}: from 1 to 4 species at constant N the time changes by a factor of "
            f"{_with_interval(species, 'ratio')}, as the species to the power {power['species']}; worse than "
            f"quadratic: {species['worse_than_quadratic']}. It grows with N (at constant density, "
            f"{particles['from']:.0f} to {particles['to']:.0f} particles) to the power {power['particles']}, between "
            f"two neighbouring sizes at most {particles['steepest']:.2f}; worse than quadratic: "
            f"{particles['worse_than_quadratic']}. With the neighbours of a particle it grows to the power "
            f"{power['neighbors']}."
        )
    return "\n".join(lines)


def _with_interval(row: dict[str, Any], name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return f"{row[name]:.2f}" + ("" if pd.isna(low) else f" (95 % interval {low:.2f} to {high:.2f})")
