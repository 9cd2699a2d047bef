"""What a folder of asv's results holds: measured, skipped and failed benchmarks, old ones and new ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anisoap_bench.errors import CannotMeasure


@dataclass
class Counts:
    """Results of some commits on one machine.

    Attributes
    ----------
    commits, benchmarks, environments : set of str
        With at least one value.
    new, old : int
        Benchmarks × commits × environments with a value, measured by this run or before.
    skipped : int
        Those for which a commit lacks what they need.
    failed : list of str
        ``commit benchmark`` of those of this run without a value for some parameters.
    failed_before : int
        The same of earlier runs; asv does not measure them again unless told to.
    """

    commits: set[str] = field(default_factory=set)
    benchmarks: set[str] = field(default_factory=set)
    environments: set[str] = field(default_factory=set)
    new: int = 0
    old: int = 0
    skipped: int = 0
    failed: list[str] = field(default_factory=list)
    failed_before: int = 0

    def __str__(self) -> str:
        text = (
            f"{len(self.commits)} commits × {len(self.benchmarks)} benchmarks × {len(self.environments)} environments: "
            f"{self.new} measured now, {self.old} before"
        )
        text += f"; {self.skipped} skipped, as the commit lacks what they need" if self.skipped else ""
        text += f"; {self.failed_before} failed before (--again measures them anew)" if self.failed_before else ""
        return text + (f"; {len(self.failed)} failed:\n" + "\n".join(self.failed) if self.failed else "")


def measured_commits(results: Path, machine: str) -> set[str]:
    """Hashes of the commits with results of one machine."""
    return {content["commit_hash"] for content in _contents(results, machine)}


def count(results: Path, machine: str, commits: list[str], since: float) -> Counts:
    """Count what a folder holds for some commits.

    Parameters
    ----------
    results : pathlib.Path
        asv's ``results_dir``.
    machine : str
    commits : list of str
        Full hashes.
    since : float
        Seconds since 1970: what started later is new.
    """
    counts, wanted = Counts(), set(commits)
    for content in _contents(results, machine):
        if content["commit_hash"] in wanted:
            for name, row in content["results"].items():
                _add(counts, content, name, dict(zip(content["result_columns"], row, strict=False)), since)
    return counts


def _add(counts: Counts, content: dict[str, Any], name: str, row: dict[str, Any], since: float) -> None:
    values, new = row["result"], (row.get("started_at") or 0) >= 1000 * since
    if values is None or None in values:
        if new:
            counts.failed.append(f"{content['commit_hash'][:8]} {name}")
        else:
            counts.failed_before += 1
    if not any(_is_number(value) for value in values or []):
        counts.skipped += values is not None and None not in values
        return
    counts.commits.add(content["commit_hash"])
    counts.benchmarks.add(name)
    counts.environments.add(content["env_name"])
    counts.new += new
    counts.old += not new


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and value == value  # asv's NaN: skipped


def _contents(results: Path, machine: str) -> list[dict[str, Any]]:
    contents = []
    for path in sorted((results / machine).glob("*.json")):
        if path.name == "machine.json":
            continue
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            contents.append({key: content[key] for key in ("commit_hash", "env_name", "results", "result_columns")})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CannotMeasure(f"{path} is not a file of asv: {error!r}") from error
    return contents
