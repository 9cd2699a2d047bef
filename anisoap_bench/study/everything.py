"""Run the whole study, for every installed backend, and renew results/: metrics, tables, figures, logs, README.md.

Each step is a process of its own, and what it wrote stays when a later one fails or is interrupted. `reference` takes
fewer frames, as it needs a hundred to a thousand times as long; the tables say how many.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pandas as pd

from anisoap_bench.files import write_whole
from anisoap_bench.study.aggregate import machine_name, software
from anisoap_bench.study.workload import installed
from benchmarks.environment import ROOT, environment
from benchmarks.measure import seconds_of

FILES = {
    "species": ("one_species.xyz", "benzenes.xyz", "three_species.xyz", "four_species.xyz"),
    "ellipsoids": ("ellipsoids.xyz",),
}
ROUNDS = 2
"""Times that all backends take turns."""
REFERENCE_FRAMES = {"species": 4, "ellipsoids": 40}
REPORTS = {"scaling": "scaling.txt", "validate": "validation.txt"}
"""Commands whose words are kept in ``logs``."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study all``."""
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder that is renewed")
    parser.add_argument("--backends", nargs="+", metavar="NAME", help="all that are installed, unless given")
    parser.add_argument("--quick", action="store_true", help="few frames and 2 repeats: shows that it works")


def main(options: argparse.Namespace) -> int:
    """Do all steps; the largest exit code of them, which are 0, 1 and 2."""
    steps = all_steps(installed(options.backends), options.out, options.quick)
    codes: list[int] = []
    for number, step in enumerate(steps, 1):
        print(f"[{number}/{len(steps)}] {' '.join(step)}", flush=True)
        seconds = seconds_of(lambda step=step: codes.append(run_step(step, options.out)))  # type: ignore[misc]
        print(f"    {seconds:.1f} s, exit code {codes[-1]}", flush=True)
    failed = [" ".join(step) for step, code in zip(steps, codes, strict=True) if code]
    write_whole(options.out / "README.md", readme(options.out, options.quick, failed))
    for words in failed:
        print(f"failed: {words}", file=sys.stderr)
    return max(codes)


def all_steps(backends: list[str], out: Path, quick: bool) -> list[tuple[str, ...]]:
    """What comes after ``study``; backends take turns, forwards and backwards, so that a drift meets all of them."""
    steps: list[tuple[str, ...]] = []
    for turn in range(1 if quick else ROUNDS):
        for backend in backends if turn % 2 == 0 else backends[::-1]:
            for group, files in FILES.items() if backend != "reference" or turn == 0 else ():
                frames = 2 if quick else REFERENCE_FRAMES[group] if backend == "reference" else None
                less = (*(("--frames", str(frames)) if frames else ()), *(("--repeats", "2") if quick else ()))
                metrics = str(out / "metrics" / f"{backend}_{group}_{turn + 1}.json")
                steps.append(("run", "--backend", backend, "--files", *files, *less, "--out", metrics))
    metrics_files = [step[-1] for step in steps]
    tables, figures, logs = (str(out / name) for name in ("tables", "figures", "logs"))
    table, checks = f"{tables}/combined_from_metrics.csv", f"{tables}/validation.csv"
    fast, few = (("--quick",), ("--frames", "2")) if quick else ((), ())
    profile = ("profile", "--logs", logs, "--figures", figures, "--files", "benzenes.xyz")
    slow = few or ("--frames", "4")
    return [
        *steps,
        ("aggregate", "--out", table, "--inputs", *metrics_files),
        ("scaling", "--out", tables, "--backends", *backends, *fast),
        ("plot", "--table", table, "--figdir", figures),
        ("validate", "--backend", *backends, "--out", checks, *few),
        (*profile, "ellipsoids.xyz", *few),
        (*profile, "--tool", "py-spy", *few),
        *([(*profile, "ellipsoids.xyz", *slow, "--backend", "reference")] if "reference" in backends else []),
        *([(*profile, *slow, "--tool", "torch")] if "torch_full" in backends else []),
    ]


def run_step(step: tuple[str, ...], out: Path) -> int:
    """Exit code of one step; what it prints goes to the terminal, and to its report if it has one."""
    environment = {name: value for name, value in os.environ.items() if name != "ANISOAP_BACKEND"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "anisoap_bench", "study", *step]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    sys.stdout.write(done.stdout)
    if step[0] in REPORTS and done.returncode in (0, 1):  # 1: it found something, and says what
        write_whole(out / "logs" / REPORTS[step[0]], done.stdout)
    return min(abs(done.returncode), 2)


def readme(folder: Path, quick: bool, failed: list[str]) -> str:
    """README.md of the folder: what was measured, on what, and how the time grows, from the files that are there."""
    here = environment()
    state = ", with changes that are not committed" if here["git"]["dirty"] else ""
    lines = [
        "# Results of the study",
        "",
        "Made by `make study`; every run replaces this folder's files. `docs/study.md` says how to read them.",
        "",
        *(["**Quick run: it shows that the commands work; its numbers mean nothing.**", ""] if quick else []),
        *([f"**Failed, so that their files are missing or older: {', '.join(failed)}.**", ""] if failed else []),
        f"- Machine: {machine_name(here)} ({here['os']['name'] or 'unknown system'}, {here['os']['architecture']})",
        f"- Software: {software(here)}",
        f"- Commit: {here['git']['commit'] or 'unknown'}{state}",
        f"- Date: {datetime.now(timezone.utc):%Y-%m-%d}",
        "- Threads: 1",
    ]
    table, scaling = folder / "tables" / "combined_from_metrics.csv", folder / "logs" / "scaling.txt"
    if table.is_file():
        frames = pd.read_csv(table).groupby("backend", sort=False)["frames"].unique()
        lines += [f"- Frames, {backend}: {', '.join(map(str, sorted(counts)))}" for backend, counts in frames.items()]
    if scaling.is_file():
        told = [f"- {line}" for line in scaling.read_text(encoding="utf-8").splitlines() if line]
        lines += ["", "## How the time grows", "", *told]
    return "\n".join([*lines, ""])
