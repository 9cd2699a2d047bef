"""Print the table of ``make bench`` from asv's results of HEAD: ``python -m benchmarks.table``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks import measure, workloads
from benchmarks.backends import BACKENDS

RESULTS = Path(".asv/results")
Key = tuple[str, str]  # system, backend


def load(commit: str, benchmark: str) -> dict[Key, float]:
    """Values of one benchmark of `Systems` at one commit, by (system, backend); skipped ones are left out."""
    from asv.results import Results

    values: dict[Key, float] = {}
    for path in sorted(RESULTS.glob(f"*/{commit[:8]}*.json"), key=lambda path: path.stat().st_mtime):
        results = Results.load(str(path))
        name = f"descriptors.Systems.{benchmark}"
        if name not in results.get_all_result_keys():
            continue
        params = [[value.strip("'") for value in axis] for axis in results.get_result_params(name)]
        flat = [(system, backend) for system in params[0] for backend in params[1]]
        measured = results.get_result_value(name, results.get_result_params(name))
        values.update({key: value for key, value in zip(flat, measured, strict=True) if value == value and value})
    return values


def rows(times: dict[Key, float], memory: dict[Key, float]) -> list[list[str]]:
    """Cells of the table, one row per system and backend that was measured."""
    table = []
    for system in workloads.SYSTEMS:
        pairs = workloads.count_pairs(system) / len(workloads.system(system))
        for backend in BACKENDS:
            seconds = times.get((system, backend))
            if seconds is None:
                continue
            reference = times.get((system, "reference"))
            table.append(
                [
                    system,
                    backend,
                    f"{1e3 * seconds:.3g}",
                    f"{pairs / seconds:.3g}",
                    f"{memory[system, backend] / 1e6:.1f}" if (system, backend) in memory else "–",
                    f"{reference / seconds:.0f}×" if reference else "–",
                ]
            )
    return table


def markdown(header: list[str], body: list[list[str]]) -> str:
    """A Markdown table with columns padded so that it reads well on a terminal too."""
    widths = [max(len(row[k]) for row in [header, *body]) for k in range(len(header))]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in [header, *body]]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> int:
    """Print the table; 1 if there is nothing to print."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    times = load(commit, "track_seconds_per_frame")
    if not times:
        print(f"no results for commit {commit[:8]} in {RESULTS}: run `make bench`", file=sys.stderr)
        return 1
    header = ["system", "backend", "ms/frame", "pairs/s", "peak MB", "faster than reference"]
    print(f"\npower_spectrum, frames in memory to array, one thread; {measure.machine()}\n")
    print(markdown(header, rows(times, load(commit, "track_peak_memory"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
