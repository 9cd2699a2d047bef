"""From measurements to an answer: what to measure next, and when to stop. It knows nothing of how that is done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from anisoap_bench.bisect.belief import StepBelief
from anisoap_bench.gate.statistics import log_ratios

CERTAIN = 0.99
"""An answer needs this probability."""
CLEAR = 0.95
"""Of several benchmarks, the first one that has changed with this probability is bisected."""
FIRST = 4
"""Pairs of good and bad to begin with: they show the size of the step and of the scatter."""
AHEAD = (1, 2, 4, 8)
"""A commit that has to be built first is judged by the best of so many pairs with it, which share the cost."""


@dataclass(frozen=True)
class Cell:
    """Commits that no measurement can tell apart, from `first` to `last`, and the chance that one of them did it."""

    first: int
    last: int
    probability: float


class Search:
    """The state of a bisection, made of the pairs of its recording alone.

    Parameters
    ----------
    commits : int
        n; commits are numbered from 0, the good one, to n, the bad one.
    names : sequence of str
        Benchmarks; one of them is bisected.

    Attributes
    ----------
    benchmark : str or None
        The one that is bisected; None as long as it is not known whether any has changed.
    gaps : dict
        Commits at which it cannot be measured, and why; the caller's to keep.
    pairs : int
        Measured so far.
    """

    def __init__(self, commits: int, names: Sequence[str]) -> None:
        self.commits = commits
        # That any of several has changed is as likely as that none has.
        self.beliefs = {name: StepBelief(commits, 0.5 / len(names)) for name in names}
        self.gaps: dict[int, str] = {}
        self.pairs = 0
        self.benchmark: str | None = next(iter(names)) if len(names) == 1 else None

    def add(self, base: int, head: int, values: Mapping[str, Sequence[float]]) -> None:
        """Take account of one pair, base < head: by benchmark what was measured at either."""
        for name, both in values.items():
            self.beliefs[name].add(base, head, float(log_ratios(np.array(both), name)))
        self.pairs += 1
        if len(self.beliefs) > 1 and self.pairs >= FIRST:
            self._choose_benchmark()

    def _choose_benchmark(self) -> None:
        """Stay with the one chosen, unless it turns out not to have changed."""
        unchanged = {name: belief.probabilities()[-1] for name, belief in self.beliefs.items()}
        if self.benchmark is None or unchanged[self.benchmark] >= CERTAIN:
            clearest = min(unchanged, key=lambda name: unchanged[name])
            self.benchmark = clearest if unchanged[clearest] <= 1 - CLEAR else None

    @property
    def unchanged(self) -> float:
        """The chance that nothing has changed: of the benchmark, or of the least certain one of several."""
        names = self.beliefs if self.benchmark is None else [self.benchmark]
        return min(float(self.beliefs[name].probabilities()[-1]) for name in names)

    def cells(self) -> list[Cell]:
        """The commits, in groups that end with one that can be measured; none as long as no benchmark is chosen."""
        if self.benchmark is None:
            return []
        chances = self.beliefs[self.benchmark].probabilities()
        ends = self._measurable()
        return [
            Cell(before + 1, end, float(chances[before:end].sum()))
            for before, end in zip(ends[:-1], ends[1:], strict=True)
        ]

    @property
    def named(self) -> Cell | None:
        """The answer: the commits of which one has changed it for certain."""
        return next((cell for cell in self.cells() if cell.probability >= CERTAIN), None)

    @property
    def settled(self) -> bool:
        """Whether there is an answer, be it that nothing has changed."""
        return self.unchanged >= CERTAIN or self.named is not None

    def following(self, built: Collection[int], build: float, pair: float) -> tuple[int, int]:
        """The two commits to measure next: those that tell most for what they cost.

        Parameters
        ----------
        built : collection of int
            Commits that can be measured at once.
        build, pair : float
            Seconds to build a commit, and to measure two of them.
        """
        if self.benchmark is None or self.pairs < FIRST:
            return 0, self.commits
        belief = self.beliefs[self.benchmark]
        ends = np.array(self._measurable())
        before, after = np.triu_indices(len(ends), 1)
        base, head = ends[before], ends[after]
        up_to = np.append(0, np.cumsum(belief.probabilities()[:-1]))  # the chance that commit k or one before did it
        unbuilt = (~np.isin(base, list(built))).astype(int) + ~np.isin(head, list(built))
        inside = np.clip(up_to[head] - up_to[base], 0, 1)
        rates = [belief.information(inside, ahead) / (build * unbuilt + pair * ahead) for ahead in AHEAD]
        best = int(np.argmax(np.max(rates, axis=0)))
        return int(base[best]), int(head[best])

    def _measurable(self) -> list[int]:
        return [commit for commit in range(self.commits + 1) if commit not in self.gaps]
