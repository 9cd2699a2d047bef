"""What a history found: the commits that changed a benchmark, and how far it has come, as text and as JSON."""

from __future__ import annotations

import json
from typing import Any

from anisoap_bench.gate.report import one_line
from anisoap_bench.history.book import Book
from anisoap_bench.history.levels import Change, Levels, find_changes
from benchmarks.table import markdown

CHANGES = ["commit", "benchmark", "time", "95 % interval", "why"]
LEVELS = ["benchmark", "newest/first", "95 % interval", "scatter of a pair", "commits", "pairs"]
NOTHING = "No commit changed any of them."


def report(book: Book) -> str:
    """Everything, as Markdown that reads well on a terminal too."""
    lines = [_counts(book), "", "## Changes", ""]
    levels = book.levels()
    rows = [[one_line(cell).replace("|", "&#124;") for cell in change_row(book, one)] for one in find_changes(levels)]
    lines += [markdown(CHANGES, rows) if rows else NOTHING, ""]
    lines += ["## The newest commit against the first", ""]
    lines += [markdown(LEVELS, [_level_row(book, *item) for item in sorted(levels.items())]), ""]
    gaps = [one for one in book.commits if one.gap]
    lines += ["## Not measured", ""] if gaps else []
    lines += [f"- {one_line(one.name)}: {one_line(_in_short(one.gap))}" for one in gaps]
    return "\n".join(lines).rstrip() + "\n"


def as_json(book: Book) -> str:
    """Changes and levels for programs; commits by their hashes."""
    commits, levels = book.commits, book.levels()
    changes = [
        {
            "commit": commits[one.commit].hash,
            "subject": commits[one.commit].subject,
            "after": commits[one.after].hash,
            "alone": book.is_alone(one),
            **{name: getattr(one, name) for name in ("benchmark", "ratio", "low", "high", "p_value")},
            "why": _why(book, one),
        }
        for one in find_changes(levels)
    ]
    lines = {
        name: [
            dict(zip(("commit", "ratio", "low", "high"), (commits[at].hash, *line.interval(place)), strict=True))
            for place, at in enumerate(line.commits)
        ]
        for name, line in levels.items()
    }
    return json.dumps({"changes": changes, "levels": lines}, indent=1) + "\n"


def _in_short(words: str) -> str:
    """What failed, and the last that it said."""
    first, *more = [line for line in words.splitlines() if line.strip()]
    return f"{first} {more[-1]}" if more else first


def _counts(book: Book) -> str:
    measured = [one for one in book.commits if not one.gap]
    if not measured:
        return "nothing measured yet"
    return (
        f"{len(measured)} commits, {measured[0].hash[:10]} to {measured[-1].hash[:10]}; "
        f"{len(book.benchmarks)} benchmarks, {book.num_pairs} log ratios of pairs"
    )


def change_row(book: Book, change: Change) -> list[str]:
    """Cells under CHANGES, as plain text."""
    commits = book.commits
    where = commits[change.commit].name
    if not book.is_alone(change):
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
