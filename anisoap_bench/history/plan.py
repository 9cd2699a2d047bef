"""Which pairs a history needs: every commit against the one before, and some against the first.

The errors of neighbours add up along a line of commits; the pairs with the first commit, the anchor, stop that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from anisoap_bench.history.book import Book
from anisoap_bench.history.levels import find_levels

NEIGHBOURS, ANCHORED = 4, 6
"""Pairs of a commit with the one before, and with the anchor; even, so that either begins as often."""
MORE, MOST = 4, 16
"""Pairs of neighbours that are added at a time where a step is suspected or the error is large; so many in all."""
EVERY = 5
"""Every so many commits, and at the newest one, the anchor is measured too."""
RECENT = 5
"""Commits before one, whose pairs tell how much a pair scatters."""
SUSPICIOUS = 2.0
"""Of a step, in standard errors: one of twenty commits without a step is as far off."""
PRECISE = 0.0125
"""A standard error that is small enough: a step of 5 % is four of them."""


@dataclass(frozen=True)
class Pairs:
    """So many pairs of two commits, hashes, in these benchmarks."""

    base: str
    head: str
    number: int
    benchmarks: tuple[str, ...]


def is_complete(book: Book, commit: str, names: Sequence[str]) -> bool:
    """Whether a commit was measured to its end in these benchmarks, those of them that it can run."""
    can = [name for name in names if name in book.of[commit].runs]
    known = book.amounts.get(commit, {}).keys() >= set(can)
    return not book.of[commit].gap and known and not wanted(book, commit, can, newest=False)


def wanted(book: Book, commit: str, names: Sequence[str], *, newest: bool) -> list[Pairs]:
    """Pairs that a commit still needs: with its neighbour, with the anchor, and more where it is not clear.

    Benchmarks whose line does not go through the commit before have another neighbour, or anchor. So there may be
    several pairs of commits. What is not clear is seen when all else is measured.
    """
    lacking: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    for name in names:
        line = [one.hash for one in book.line_of(name)]
        place = line.index(commit) if commit in line else 0
        anchored = place % EVERY == 0 or newest
        ends = {line[place - 1]: NEIGHBOURS, **({line[0]: ANCHORED} if anchored else {})} if place else {}
        for base, number in ends.items():
            if (missing := number - book.count(name, base, commit)) > 0:
                lacking[base, commit, missing].append(name)
    if not lacking:
        for name, base in _open(book, commit, names).items():
            if (missing := min(MORE, MOST - book.count(name, base, commit))) > 0:
                lacking[base, commit, missing].append(name)
    return [Pairs(base, head, number, tuple(found)) for (base, head, number), found in lacking.items()]


def _open(book: Book, commit: str, names: Sequence[str]) -> dict[str, str]:
    """Benchmarks that may have a step at a commit, and the commit before on their line; the last few tell."""
    found = {}
    for name in names:
        line = [one.hash for one in book.line_of(name)]
        place = line.index(commit) if commit in line else 0
        recent = {one: number for number, one in enumerate(line[max(place - RECENT, 0) : place + 1])}
        links = book.links(name, recent)
        if place and links:
            levels = find_levels(links)
            difference, error = levels.step(len(levels.commits) - 1)
            if error > PRECISE or abs(difference) > SUSPICIOUS * error:
                found[name] = line[place - 1]
    return found
