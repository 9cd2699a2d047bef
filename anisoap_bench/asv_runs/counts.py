"""What a folder of asv's results holds: measured, skipped and failed benchmarks, old ones and new ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from anisoap_bench.asv_files import read_json, read_results
from anisoap_bench.errors import CannotMeasure


@dataclass
class Counts:
    """Results of some commits on one machine."""

    # With at least one value:
    commits: set[str] = field(default_factory=set)
    benchmarks: set[str] = field(default_factory=set)
    environments: set[str] = field(default_factory=set)
    # Benchmarks × commits × environments:
    new: int = 0  # with a value measured by this run
    old: int = 0  # or before
    skipped: int = 0  # for which the commit lacks what they need
    failed: list[str] = field(default_factory=list)  # by this run, for some parameters: ``commit benchmark``
    failed_before: int = 0  # the same of earlier runs; asv does not measure them again unless told to

    def __str__(self) -> str:
        text = (
            f"{len(self.commits)} commits × {len(self.benchmarks)} benchmarks × {len(self.environments)} environments: "
            f"{self.new} measured now, {self.old} before"
        )
        text += f"; {self.skipped} skipped, as the commit lacks what they need" if self.skipped else ""
        text += f"; {self.failed_before} failed before (--again measures them anew)" if self.failed_before else ""
        return text + (f"; {len(self.failed)} failed:\n" + "\n".join(self.failed) if self.failed else "")


def count(results: Path, machine: str, commits: Collection[str], since: float) -> Counts:
    """Count what asv's folder of results holds for some commits on one machine; what began after `since` is new."""
    counts = Counts()
    for one in read_results(results / machine):
        for name in one.rows if one.commit in commits else ():
            new, numbers = one.started(name) >= 1000 * since, one.numbers(name)
            if None in one.values(name).values():
                counts.failed += [f"{one.commit[:8]} {name}"] if new else []
                counts.failed_before += not new
            elif not numbers:
                counts.skipped += 1
            if numbers:
                counts.commits.add(one.commit)
                counts.benchmarks.add(name)
                counts.environments.add(one.about["env_name"])
                counts.new += new
                counts.old += not new
    return counts


def check_parameters(results: Path, machine: str, commits: Collection[str]) -> None:
    """CannotMeasure if results are of other parameters than the benchmark has now, with the same version.

    asv takes such results for the benchmark's own, and measures nothing again. A commit may lack some of the backends.
    """
    path = results / "benchmarks.json"
    now = read_json(path) if path.exists() else {}
    for one in read_results(results / machine):
        for name in one.rows if one.commit in commits else ():
            row, benchmark = one.rows[name], now.get(name)
            if not isinstance(benchmark, dict) or row.get("version") != benchmark["version"]:
                continue
            fixed = [axis for axis, what in enumerate(benchmark["param_names"]) if what != "backend"]
            before = row["params"]
            if len(before) != len(benchmark["params"]) or any(before[k] != benchmark["params"][k] for k in fixed):
                raise CannotMeasure(
                    f"{name}: results of {one.commit[:8]} are of other parameters than the class has now, with the "
                    f"same version {row['version']!r}: give the class a new version"
                )
