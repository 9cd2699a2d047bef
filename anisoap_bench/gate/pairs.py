"""Pairs of processes one after the other, as many as are asked for and time is left for."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.drive import observe_pair
from anisoap_bench.gate.statistics import Floats
from anisoap_bench.terminal import note


class PairSource:
    """A source of fresh pairs: base begins in the even ones and head in the odd ones, whatever the benchmarks.

    The last pair should have ended by the deadline, on the clock of `time.monotonic`.
    """

    def __init__(self, base: Build, head: Build, suite: Path, core: int | None, deadline: float = math.inf) -> None:
        self.builds, self.suite, self.core, self.deadline = (base, head), suite, core, deadline
        self.taken, self.work, self.seconds = 0, 0, 0.0

    def __call__(self, pairs: int, names: frozenset[str]) -> dict[str, tuple[Floats, Floats]]:
        """Measure so many: per benchmark the seconds of a call of base and of head, each of shape [pairs]."""
        note(f"pairs of processes {self.taken + 1} to {self.taken + pairs}, of {', '.join(sorted(names))}")
        begin = time.monotonic()
        found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in sorted(names)}
        for _ in range(pairs):
            sides = (0, 1) if self.taken % 2 == 0 else (1, 0)
            first, second = (self.builds[side] for side in sides)
            observed = observe_pair(first, second, self.suite, core=self.core, names=names)
            for side, one in zip(sides, observed, strict=True):
                if missing := sorted(names - set(one.seconds)):
                    raise CannotMeasure(f"{self.builds[side].name} ran these before, and now did not: {missing}")
                for name, times in found.items():
                    times[side].append(one.seconds[name])
            self.taken += 1
        self.work += pairs * work(len(names))
        self.seconds += time.monotonic() - begin
        return {name: (np.array(base), np.array(head)) for name, (base, head) in found.items()}

    def fits(self, pairs: int, benchmarks: int) -> bool:
        """Whether so many more of so many benchmarks would end before the deadline, at the pace so far."""
        pace = self.seconds / max(self.work, 1)
        return time.monotonic() + pace * pairs * work(benchmarks) <= self.deadline


def work(benchmarks: int) -> int:
    """What a pair of processes takes, in units of what a benchmark takes: to start takes up to three, with torch."""
    return 3 + benchmarks
