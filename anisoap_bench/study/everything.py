"""Run the whole study, for every installed backend, and renew results/: metrics, tables, figures, logs, README.md.

Each step is a process of its own, and what it wrote stays when a later one fails or is interrupted. `reference` takes
fewer frames, as it needs a hundred to a thousand times as long; the tables say how many.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole
from anisoap_bench.study.options import positive

ROOT = Path(__file__).resolve().parent.parent.parent
SPECIES = ("one_species.xyz", "benzenes.xyz", "three_species.xyz", "four_species.xyz")
ELLIPSOIDS = "ellipsoids.xyz"
REFERENCE_FRAMES = {"species": 4, "ellipsoids": 40}


@dataclass(frozen=True)
class Step:
    """One command of the study: what comes after ``study``, and the file in ``logs`` that keeps what it prints."""

    title: str
    arguments: tuple[str, ...]
    report: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study all``."""
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder that is renewed")
    parser.add_argument("--backends", nargs="+", metavar="NAME", help="all that are installed, unless given")
    parser.add_argument("--rounds", type=positive, default=2, help="times that all backends take turns, 2 unless given")
    parser.add_argument("--quick", action="store_true", help="few frames and 2 repeats: shows that it works")


def main(options: argparse.Namespace) -> int:
    """Do all steps; the largest exit code of them, which are 0, 1 and 2."""
    from anisoap_opt import BACKENDS
    from benchmarks import backends

    installed = [name for name in backends.BACKENDS if BACKENDS[name].installed]
    chosen = options.backends or installed
    if unknown := [name for name in chosen if name not in installed]:
        raise CannotMeasure(f"not installed: {', '.join(unknown)}; there are {', '.join(installed)}")
    steps = all_steps(chosen, options.out, 1 if options.quick else options.rounds, options.quick)
    results: list[tuple[Step, int, float]] = []
    begin = time.perf_counter()
    try:
        for number, step in enumerate(steps, 1):
            print(f"[{number}/{len(steps)}] {step.title}", flush=True)
            code, seconds = run_step(step, options.out)
            results.append((step, code, seconds))
            print(f"    {seconds:.1f} s" + (f", exit code {code}" if code else ""), flush=True)
    except KeyboardInterrupt:
        print(f"interrupted; what the {len(results)} finished steps wrote is in {options.out}", file=sys.stderr)
        return 2
    from anisoap_bench.study.summary import results_readme

    failed = [step.title for step, code, _ in results if code]
    write_whole(options.out / "README.md", results_readme(options.out, options.quick, failed))
    print(f"{options.out}: {len(results)} steps, {time.perf_counter() - begin:.0f} s, {len(failed)} failed")
    for title in failed:
        print(f"failed: {title}", file=sys.stderr)
    return max(code for _, code, _ in results)


def all_steps(backends: list[str], out: Path, rounds: int, quick: bool) -> list[Step]:
    """The steps in their order; backends take turns, forwards and backwards, so that a drift meets all of them."""
    steps = []
    for turn in range(rounds):
        for backend in backends if turn % 2 == 0 else backends[::-1]:
            if backend != "reference" or turn == 0:
                steps += run_steps(backend, out, turn, quick)
    metrics = tuple(dict.fromkeys(step.arguments[-1] for step in steps))
    tables, figures, logs = (str(out / name) for name in ("tables", "figures", "logs"))
    table, checks = f"{tables}/combined_from_metrics.csv", f"{tables}/validation.csv"
    fast, few, short = (("--quick",), ("--frames", "2"), ("--seconds", "1")) if quick else ((), (), ())
    profile = ("profile", "--logs", logs, "--figures", figures, *few, "--files", "benzenes.xyz")
    steps += [
        Step("aggregate", ("aggregate", "--out", table, "--inputs", *metrics)),
        Step("scaling", ("scaling", "--out", tables, "--backends", *backends, *fast), "scaling.txt"),
        Step("stages", ("stages", "--out", tables, *fast)),
        Step("plot", ("plot", "--table", table, "--figdir", figures)),
        Step("validate", ("validate", "--backend", *backends, "--out", checks, *few), "validation.txt"),
        Step("profile the default backend", (*profile, ELLIPSOIDS)),
        Step("flame graph", (*profile, "--tool", "py-spy", *short)),
    ]
    if "reference" in backends:
        steps.append(Step("profile reference", (*profile, ELLIPSOIDS, "--backend", "reference")))
    if "torch_full" in backends:
        steps.append(Step("trace of torch_full", (*profile, "--tool", "torch")))
    return steps


def run_steps(backend: str, out: Path, turn: int, quick: bool) -> list[Step]:
    """Both runs of a backend: the four files of constant N, as in the cookbook, and the ellipsoids."""
    steps = []
    for group, files in (("species", SPECIES), ("ellipsoids", (ELLIPSOIDS,))):
        frames = 2 if quick else REFERENCE_FRAMES[group] if backend == "reference" else None
        less = (*(("--frames", str(frames)) if frames else ()), *(("--repeats", "2") if quick else ()))
        metrics = out / "metrics" / f"{backend}_{group}{f'_{turn + 1}' if turn else ''}.json"
        arguments = ("run", "--backend", backend, "--files", *files, *less, "--out", str(metrics))
        steps.append(Step(f"run {backend}, {group}" + (f", {frames} frames" if frames else ""), arguments))
    return steps


def run_step(step: Step, out: Path) -> tuple[int, float]:
    """Exit code and seconds of one step; what it prints goes to the terminal, and to its report if it has one."""
    environment = {name: value for name, value in os.environ.items() if name != "ANISOAP_BACKEND"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    begin = time.perf_counter()
    command = [sys.executable, "-m", "anisoap_bench", "study", *step.arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    sys.stdout.write(done.stdout)
    if step.report and done.returncode in (0, 1):  # 1: it found something, and says what
        write_whole(out / "logs" / step.report, done.stdout)
    return min(abs(done.returncode), 2), time.perf_counter() - begin
