"""Pairs of processes, one after the other: what each benchmark took of both builds."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.drive import observe, observe_pair
from anisoap_bench.gate.statistics import Floats
from anisoap_bench.gate.worker import PEAK
from anisoap_bench.terminal import note

Values = dict[str, list[float]]
"""By benchmark that of base and of head: seconds of a call, or bytes."""


def measure_pair(
    base: Build,
    head: Build,
    suite: Path,
    core: int | None,
    names: frozenset[str] | None,
    *,
    swapped: bool,
    memory: bool = False,
) -> Values:
    """Run a process of either build for these benchmarks, or all; if swapped, that of head is the first.

    They take turns where time is measured, see `observe_pair`. CannotMeasure if one of them lacks a benchmark.
    """
    order = (head, base) if swapped else (base, head)
    if memory:
        found = observe(order, suite, core=core, amounts=True, names=names)
        measured = [{name: each[PEAK] for name, each in one.amounts.items() if PEAK in each} for one in found]
    else:
        measured = [one.seconds for one in observe_pair(*order, suite, core=core, names=names)]
    of_base, of_head = reversed(measured) if swapped else measured
    asked = of_base.keys() | of_head.keys() if names is None else names
    for build, of in ((base, of_base), (head, of_head)):
        if missing := sorted(asked - of.keys()):
            raise CannotMeasure(f"{build.name} ran these before, and now did not: {', '.join(missing)}")
    return {name: [of_base[name], of_head[name]] for name in sorted(asked)}


class PairSource:
    """A source of fresh pairs: base begins in the even ones and head in the odd ones, whatever the benchmarks.

    The last pair should have ended by the deadline, on the clock of `time.monotonic`.
    """

    def __init__(self, base: Build, head: Build, suite: Path, core: int | None, deadline: float = math.inf) -> None:
        self.builds, self.suite, self.core, self.deadline = (base, head), suite, core, deadline
        self.taken, self.work, self.seconds = 0, 0, 0.0

    def __call__(self, pairs: int, names: frozenset[str]) -> dict[str, Floats]:
        """Measure so many: per benchmark the seconds of a call of base and of head, shape [2, pairs]."""
        note(f"pairs of processes {self.taken + 1} to {self.taken + pairs}, of {', '.join(sorted(names))}")
        begin = time.monotonic()
        found = []
        for _ in range(pairs):
            found.append(measure_pair(*self.builds, self.suite, self.core, names, swapped=self.taken % 2 == 1))
            self.taken += 1
        self.work += pairs * work(len(names))
        self.seconds += time.monotonic() - begin
        return {name: np.array([one[name] for one in found]).T for name in sorted(names)}

    def fits(self, pairs: int, benchmarks: int) -> bool:
        """Whether so many more of so many benchmarks would end before the deadline, at the pace so far."""
        pace = self.seconds / max(self.work, 1)
        return time.monotonic() + pace * pairs * work(benchmarks) <= self.deadline


def work(benchmarks: int) -> int:
    """What a pair of processes takes, in units of what a benchmark takes: to start takes up to three, with torch."""
    return 3 + benchmarks
