"""Lines of recordings, as a run writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from anisoap_bench.history.book import Book


def commit(number: int, runs: Sequence[str] = ("b",), **more: Any) -> dict[str, Any]:
    """A commit called by its number."""
    known = {"number": number, "date": 1000 * number, "subject": f"number {number}", "before": name(number - 1)}
    known["versions"] = {"python": "3.11", "numpy": "2.0"}
    return {"commit": name(number), "runs": list(runs), "errors": {}, **known, **more}


def gap(number: int) -> dict[str, Any]:
    """A commit that could not be built."""
    line = commit(number, why=f"{number} does not build\nlong story")
    return {"gap": line.pop("commit"), **{key: line[key] for key in ("number", "before", "date", "subject", "why")}}


def pair(base: int, head: int, at: float = 0.0, **seconds: Sequence[float]) -> dict[str, Any]:
    """Seconds of base and head, by benchmark."""
    return {
        "base": name(base),
        "head": name(head),
        "values": {one: list(both) for one, both in seconds.items()},
        "at": at,
    }


def name(number: int) -> str:
    """A hash."""
    return f"{number % 100:02d}" * 20


def measured(levels: dict[str, Sequence[float]], scatter: float = 0.0, pairs: int = 6, anchored: int = 0) -> Book:
    """Neighbours of commits with these times in pairs, and every few of them with the first; log times scatter."""
    random = np.random.default_rng(0)
    commits = range(len(next(iter(levels.values()))))
    book = Book(commit(number, list(levels)) for number in commits)
    ends = [(number - 1, number) for number in commits if number]
    ends += [(0, number) for number in commits if anchored and number > 1 and number % anchored == 0]
    for base, head in ends:
        for _ in range(pairs):
            noise = np.exp(scatter * random.standard_normal((len(levels), 2)))
            book.take(
                pair(
                    base,
                    head,
                    **{one: noise[k] * np.take(times, (base, head)) for k, (one, times) in enumerate(levels.items())},
                )
            )
    return book
