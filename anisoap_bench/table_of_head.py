"""The table of ``make bench``, from asv's results of HEAD: ``python -m anisoap_bench.table_of_head``."""

from __future__ import annotations

import sys
from pathlib import Path

from anisoap_bench.asv_files import read_results
from anisoap_bench.git import git
from anisoap_bench.systems import Line, lines
from benchmarks import measure, workloads
from benchmarks.table import markdown

RESULTS = Path(".asv/results")
HEADER = ["system", "backend", "ms/frame", "pairs/s", "peak MB", "faster than reference"]


def row(line: Line) -> list[str]:
    """Cells of one system and backend."""
    pairs = workloads.count_pairs(line.system) / len(workloads.system(line.system))
    speed = f"{pairs / line.seconds:.3g}"
    return [line.system, line.backend, line.milliseconds, speed, line.megabytes, line.faster]


def main() -> int:
    """Print the table; 1 if there is nothing to print."""
    commit = git("rev-parse", "HEAD")
    results = [one for about in RESULTS.glob("*/machine.json") for one in read_results(about.parent)]
    found = lines([one for one in results if one.commit == commit])
    if not found:
        print(f"no results for commit {commit[:8]} in {RESULTS}: run `make bench`", file=sys.stderr)
        return 1
    print(f"\npower_spectrum, frames in memory to array, one thread; {measure.machine()}\n")
    print(markdown(HEADER, [row(line) for line in found]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
