"""One bisection of what scatters: a recording of pairs, as a history's, with the next pair chosen by what it tells."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from anisoap_bench.bisect.search import Search
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.history.book import Book
from anisoap_bench.history.measure import Session

PREPARE, PAIR = 20.0, 2.5
"""Seconds that a commit and a pair take, before any is known."""


class Bisection:
    """What a recording says: conditions, its first line, and the lines of a history.

    Attributes
    ----------
    search : Search or None
        None as long as it is not known which benchmarks good and bad can run.

    Raises
    ------
    CannotMeasure
        If this is no recording of a bisection.
    """

    def __init__(self, conditions: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> None:
        self.book = Book()
        self.search: Search | None = None
        try:
            self.commits, self.benchmark = list(conditions["commits"]), str(conditions["benchmark"])
            self.subjects = dict(zip(self.commits, conditions["subjects"], strict=True))
            self.quantity = str(conditions["quantity"])
            self._begin()
            for line in lines:
                self.book.take(line)
                self._begin()
                if "values" in line and self.search:
                    self.search.add(*(self.commits.index(line[side]) for side in ("base", "head")), line["values"])
        except (KeyError, TypeError, ValueError) as error:
            raise CannotMeasure(f"this is no recording of a bisection: {error!r}") from error

    def measure(self, session: Session, *, most: int) -> None:
        """Measure what tells most, until there is an answer or so many pairs are measured.

        Raises
        ------
        CannotMeasure
            If good or bad cannot be measured, or a pair fails which its commits were ready for.
        OutOfTime
            If the session's time is over.
        """
        for name, commit in (("good", self.commits[0]), ("bad", self.commits[-1])):
            session.meet(commit, again=True)
            if why := self.book.lacks(commit, self.benchmark):
                raise CannotMeasure(f"{name} ({commit[:10]}) cannot be measured: {why}")
        self._begin()
        if self.search is None:
            raise CannotMeasure("good and bad have no benchmark in common")
        search = self.search
        preparing: list[float] = []
        measuring: list[float] = []
        while not search.settled and search.pairs < most:
            session.only = search.benchmark or ""
            ready = [k for k, commit in enumerate(self.commits) if session.is_ready(commit)]
            both = search.following(ready, median(preparing or [PREPARE]), median(measuring or [PAIR]))
            begin = time.monotonic()
            base, head = (session.meet(self.commits[one]) for one in both)
            new = len({*both} - {*ready})
            preparing += [(time.monotonic() - begin) / new] * new if new else []
            self._begin()
            if not base or not head or search.gaps.keys() & {*both}:
                continue
            names = [search.benchmark] if search.benchmark else search.beliefs
            begin = time.monotonic()
            search.add(*both, session.pair(base, head, frozenset(names), swapped=search.pairs % 2 == 1))
            measuring.append(time.monotonic() - begin)

    def _begin(self) -> None:
        """Begin the search once it is known what good and bad can run; keep its gaps."""
        if self.search is None:
            ends = [
                self.book.of[one].runs if one in self.book.of else frozenset()
                for one in self.commits[:: len(self.commits) - 1]
            ]
            names = [self.benchmark] if self.benchmark else sorted(frozenset.intersection(*ends))
            self.search = Search(len(self.commits) - 1, names) if names else None
        if self.search and self.search.benchmark:
            why = [self.book.lacks(commit, self.search.benchmark) for commit in self.commits]
            self.search.gaps = {number: words for number, words in enumerate(why) if words}
