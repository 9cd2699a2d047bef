"""Pairs of processes one after the other, as many as are asked for and time is left for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.drive import observe_pair
from anisoap_bench.gate.statistics import Floats


def alternate(
    base: Build,
    head: Build,
    suite: Path,
    pairs: int,
    core: int | None,
    *,
    names: frozenset[str],
    first: int = 0,
) -> dict[str, tuple[Floats, Floats]]:
    """Measure pairs of processes, base first in the even ones and head first in the odd ones.

    Parameters
    ----------
    base, head : Build
    suite : pathlib.Path
    pairs : int
    core : int or None
        Of the rounds.
    names : frozenset of str
        Benchmarks to run.
    first : int
        Number of the first pair, so that the order goes on where an earlier call ended.

    Returns
    -------
    dict
        Per benchmark the seconds of a call of base and of head, each of shape [pairs].
    """
    found: dict[str, dict[str, list[float]]] = {base.name: {}, head.name: {}}
    for pair in range(first, first + pairs):
        order = (base, head) if pair % 2 == 0 else (head, base)
        for build, one in zip(order, observe_pair(*order, suite, core=core, names=names), strict=True):
            if missing := sorted(names - set(one.seconds)):
                raise CannotMeasure(f"{build.name} ran these benchmarks before, and now did not: {missing}")
            for name in sorted(names):
                found[build.name].setdefault(name, []).append(one.seconds[name])
    return {name: (np.array(found[base.name][name]), np.array(found[head.name][name])) for name in found[base.name]}


class PairSource:
    """A source of fresh pairs; the order goes on from call to call, whatever the benchmarks.

    Parameters
    ----------
    base, head, suite, core, names
        As of `alternate`.
    deadline : float
        On the clock of `time.monotonic`: when the last pair should have ended.
    say : callable
        Is told what is measured now.
    """

    def __init__(
        self,
        base: Build,
        head: Build,
        suite: Path,
        core: int | None,
        names: frozenset[str],
        *,
        deadline: float = math.inf,
        say: Callable[[str], None] = lambda words: None,
    ) -> None:
        self.base, self.head, self.suite, self.core, self.names = base, head, suite, core, names
        self.deadline, self.say = deadline, say
        self.taken, self.work, self.seconds = 0, 0, 0.0

    def __call__(self, pairs: int, names: frozenset[str] | None = None) -> dict[str, tuple[Floats, Floats]]:
        """Measure so many, of some benchmarks or of all."""
        names = self.names if names is None else names
        which = "" if names == self.names else f", of {', '.join(sorted(names))}"
        self.say(f"pairs of processes {self.taken + 1} to {self.taken + pairs}{which}")
        begin = time.monotonic()
        found = alternate(self.base, self.head, self.suite, pairs, self.core, names=names, first=self.taken)
        self.taken += pairs
        self.work += pairs * work(len(names))
        self.seconds += time.monotonic() - begin
        return found

    def fits(self, pairs: int, benchmarks: int) -> bool:
        """Whether so many more of so many benchmarks would end before the deadline, at the pace so far."""
        pace = self.seconds / max(self.work, 1)
        return time.monotonic() + pace * pairs * work(benchmarks) <= self.deadline


def work(benchmarks: int) -> int:
    """What a pair of processes takes, in units of what a benchmark takes: to start takes up to three, with torch."""
    return 3 + benchmarks
