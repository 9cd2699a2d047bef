"""What a recording of a history says: commits, what each can run, pairs, amounts, and why something changed.

A line is one of

    {"commit": hash, "before": hash, "number": …, "date": …, "subject": …, "versions": {…}, "asked": text of --only,
     "runs": [benchmarks], "errors": {benchmark: why}}
    {"gap": hash, "before": hash, "number": …, "date": …, "subject": …, "why": …}
    {"base": hash, "head": hash, "values": {benchmark: [seconds of base, of head]}}
    {"of": hash, "amounts": {benchmark: {quantity: value}}}
    {"change": hash, "benchmark": …, "why": sentence, "stages": …}

each with the time at which it was written, "at". The number of a commit counts first parents, so it orders them.
"before" is the commit before it that changes what a wheel is built from, measured or not. A line of amounts ends a
commit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.statistics import log_ratios
from anisoap_bench.history.levels import Change, Levels, Link, find_changes, find_levels
from anisoap_bench.json_lines import read

Line = Mapping[str, Any]
RECORDINGS = Path("results/history")
"""Tracked, one for each machine: ``MACHINE.jsonl``."""


@dataclass(frozen=True)
class Commit:
    """One commit: its place along the first parents, its date in milliseconds since 1970, and what it can run."""

    hash: str
    number: int
    date: int
    subject: str
    before: str = ""  # hash of the commit before it that could have changed something
    versions: Mapping[str, str] = field(default_factory=dict)  # of Python and libraries, when it was met first
    asked: frozenset[str] = frozenset()  # texts of --only
    runs: frozenset[str] = frozenset()
    errors: Mapping[str, str] = field(default_factory=dict)
    gap: str = ""  # why it could not be measured at all

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.hash[:10]} {self.subject}"


class Book:
    """A recording, as far as it goes."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self.of: dict[str, Commit] = {}
        self.pairs: dict[str, dict[tuple[str, str], list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
        self.amounts: dict[str, dict[str, dict[str, float]]] = {}
        self.reasons: dict[tuple[str, str], Line] = {}
        self.written: dict[str, float] = {}  # when a commit was measured last, seconds since 1970
        for line in lines:
            self.take(line)

    def take(self, line: Line) -> None:
        """Add one line; CannotMeasure if it is none of a history."""
        try:
            self._take(line)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise CannotMeasure(f"this is no line of a history: {error!r} in {str(line)[:200]}") from error

    def _take(self, line: Line) -> None:
        if "commit" in line or "gap" in line:
            self._meet(line)
        elif "values" in line:
            for benchmark, (base, head) in line["values"].items():
                log_ratios(np.array([base, head], dtype=float), benchmark)  # refuses what are no times
                self.pairs[benchmark][line["base"], line["head"]].append((float(base), float(head)))
            self.written[line["head"]] = max(self.written.get(line["head"], 0.0), float(line["at"]))
        elif "amounts" in line:
            self.amounts[str(line["of"])] = {name: dict(found) for name, found in line["amounts"].items()}
        else:
            self.reasons[line["change"], line["benchmark"]] = line

    def _meet(self, line: Line) -> None:
        """A commit may be met again, for other benchmarks."""
        name = str(line.get("commit") or line["gap"])
        known = (name, int(line["number"]), int(line["date"]), str(line["subject"]), str(line.get("before", "")))
        if "gap" in line:
            self.of[name] = Commit(*known, gap=str(line["why"]))
            return
        before = self.of.get(name, Commit(*known))
        self.of[name] = Commit(
            *known,
            versions=before.versions or dict(line.get("versions", {})),
            asked=before.asked | {str(line.get("asked", ""))},
            runs=before.runs | frozenset(line["runs"]),
            errors={**before.errors, **line.get("errors", {})},
        )

    def lacks(self, commit: str, benchmark: str) -> str:
        """Why a benchmark, or any ("") cannot be measured at a commit; empty if it can, or nobody has tried."""
        one = self.of.get(commit)
        if one is None or one.gap or benchmark in {"", *one.runs} or one.asked.isdisjoint({"", benchmark}):
            return one.gap if one else ""
        return f"{benchmark}: {one.errors.get(benchmark, 'it is not there')}"

    def keep(self, numbers: Mapping[str, int]) -> list[str]:
        """Order commits by these numbers; what has none any more, as after a rebase, is left out and returned."""
        gone = [name for name in self.of if name not in numbers]
        self.of = {name: replace(one, number=numbers[name]) for name, one in self.of.items() if name in numbers}
        return gone

    @property
    def commits(self) -> list[Commit]:
        """All of them, in order."""
        return sorted(self.of.values(), key=lambda one: one.number)

    @property
    def benchmarks(self) -> list[str]:
        """All that any commit can run."""
        return sorted(set().union(*(one.runs for one in self.of.values())))

    def line_of(self, benchmark: str) -> list[Commit]:
        """The commits that can run a benchmark, in order."""
        return [one for one in self.commits if benchmark in one.runs]

    def count(self, benchmark: str, base: str, head: str) -> int:
        """How many pairs of two commits there are."""
        return len(self.pairs[benchmark].get((base, head), ()))

    def links(self, benchmark: str, places: Mapping[str, int]) -> list[Link]:
        """Pairs of a benchmark whose commits have a place."""
        return [
            (places[base], places[head], float(np.log(there / here)))
            for (base, head), values in self.pairs[benchmark].items()
            if base in places and head in places
            for here, there in values
        ]

    def levels(self) -> dict[str, Levels]:
        """Of each benchmark that has pairs; positions are those in `commits`."""
        places = {one.hash: place for place, one in enumerate(self.commits)}
        links = {name: self.links(name, places) for name in self.benchmarks}
        return {name: find_levels(found) for name, found in links.items() if found}

    def is_alone(self, change: Change) -> bool:
        """Whether no other commit can have made a change: the one before is the one that was measured before."""
        commits = self.commits
        before = commits[change.commit].before
        return before == commits[change.after].hash if before else change.commit - change.after == 1

    @property
    def num_pairs(self) -> int:
        """Log ratios, of all benchmarks."""
        return sum(len(values) for ends in self.pairs.values() for values in ends.values())

    def changes(self) -> list[Change]:
        """Commits that changed a benchmark."""
        return find_changes(self.levels())

    def seconds(self, benchmark: str, commit: str) -> list[float]:
        """Of every process of a commit."""
        return [
            both[side]
            for ends, values in self.pairs[benchmark].items()
            for side in (0, 1)
            if ends[side] == commit
            for both in values
        ]


def read_book(path: Path) -> Book:
    """A recording of a history; CannotMeasure names a file that is none, such as that of a bisection."""
    first, lines = read(path)
    if "history of" not in first:
        raise CannotMeasure(f"{path} is no recording of a history")
    try:
        return Book(lines)
    except CannotMeasure as error:
        raise CannotMeasure(f"{path}: {error}") from error
