"""What a history found: the commits that changed a benchmark, and how far it has come, as text and as JSON."""

from __future__ import annotations

import json
from typing import Any

from anisoap_bench.history.book import Book
from anisoap_bench.history.levels import Change, Levels
from benchmarks.table import markdown

CHANGES = ["commit", "benchmark", "time", "95 % interval", "why"]
LEVELS = ["benchmark", "newest/first", "95 % interval", "scatter of a pair", "commits", "pairs"]
NOTHING = "No commit changed any of them."


def report(book: Book) -> str:
    """Everything, as Markdown that reads well on a terminal too."""
    lines = [_counts(book), "", "## Changes", ""]
    changes, levels = book.changes(), book.levels()
    lines += [markdown(CHANGES, [_change_row(book, one) for one in changes]) if changes else NOTHING, ""]
    lines += ["## The newest commit against the first", ""]
    lines += [markdown(LEVELS, [_level_row(book, *item) for item in sorted(levels.items())]), ""]
    gaps = [one for one in book.commits if one.gap]
    lines += ["## Not measured", ""] if gaps else []
    lines += [f"- {one.name}: {one.gap.splitlines()[0]}" for one in gaps]
    return "\n".join(lines).rstrip() + "\n"


def as_json(book: Book) -> str:
    """Changes and levels for programs; commits by their hashes."""
    commits = book.commits
    changes = [
        {
            "commit": commits[one.commit].hash,
            "subject": commits[one.commit].subject,
            "after": commits[one.after].hash,
            **{name: getattr(one, name) for name in ("benchmark", "ratio", "low", "high", "p_value")},
            "why": _why(book, one),
        }
        for one in book.changes()
    ]
    lines = {
        name: [
            dict(zip(("commit", "ratio", "low", "high"), (commits[at].hash, *levels.interval(place)), strict=True))
            for place, at in enumerate(levels.commits)
        ]
        for name, levels in book.levels().items()
    }
    return json.dumps({"changes": changes, "levels": lines}, indent=1) + "\n"


def _counts(book: Book) -> str:
    measured = [one for one in book.commits if not one.gap]
    pairs = sum(len(values) for ends in book.pairs.values() for values in ends.values())
    if not measured:
        return "nothing measured yet"
    return (
        f"{len(measured)} commits, {measured[0].hash[:10]} to {measured[-1].hash[:10]}; "
        f"{len(book.benchmarks)} benchmarks, {pairs} log ratios of pairs"
    )


def _change_row(book: Book, change: Change) -> list[str]:
    commits = book.commits
    where = commits[change.commit].name
    if change.commit - change.after > 1:
        where += f" (or one after {commits[change.after].hash[:10]})"
    return [where, change.benchmark, *_ratio(change.ratio, change.low, change.high), _why(book, change)]


def _why(book: Book, change: Change) -> str:
    found: Any = book.reasons.get((book.commits[change.commit].hash, change.benchmark), {})
    return str(found.get("why", "–"))


def _level_row(book: Book, name: str, levels: Levels) -> list[str]:
    pairs = sum(len(values) for values in book.pairs[name].values())
    spread = f"{levels.scatter:.1%}"
    return [name, *_ratio(*levels.interval(len(levels.values) - 1)), spread, str(len(levels.values)), str(pairs)]


def _ratio(ratio: float, low: float, high: float) -> list[str]:
    return [f"× {ratio:.3f}", f"{low:.3f} to {high:.3f}"]
