"""Levels of many commits from pairs of them, and which commits changed them.

A pair of processes of commits i and j gives the log ratio of their times, y = L_j − L_i + noise. The levels L follow by
least squares over all pairs, with weights by which single pairs that are far off count for little: noise is Student's t
with ν degrees of freedom, and the weights and its scale σ are found in turns (expectation–maximisation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats
from scipy.sparse import csgraph

from anisoap_bench.gate.sequence import FLOOR
from anisoap_bench.gate.statistics import holm

Floats = npt.NDArray[np.floating[Any]]
Link = tuple[int, int, float]
"""One pair: positions of its commits, and log(head/base)."""

TAILS = 4
"""ν, as for the bisection."""
ROUNDS = 100
"""Of weights and scale; they settle long before."""
SMALLEST = 1e-4
"""σ is not taken for less: a few pairs may agree by chance."""
BUILDS = 0.0025
"""Least standard deviation of the log time of a build for no reason in its code: where its parts lie in memory."""
FEW = 10
"""Of fewer steps it cannot be learnt how much builds differ."""
LOOKS = 4
"""How often the plan looks at a step before it leaves it."""
LEVEL = 0.01
"""Chance that a history names anything that did not change, over all its benchmarks and commits."""


@dataclass(frozen=True)
class Levels:
    """Levels of one benchmark at the commits that were measured.

    Attributes
    ----------
    commits : array of int, shape [levels]
        Their positions, ascending. The first one has level 0.
    values : array of float, shape [levels]
        Log time, relative to the first one.
    covariance : array of float, shape [levels, levels]
        Of the values; row and column 0 are 0.
    scatter : float
        σ, of a pair.
    freedom : int
        Pairs more than levels that had to be found.
    builds : float
        How much builds differ, a standard deviation of log times, learnt from the steps, of which most are none.
    """

    commits: npt.NDArray[np.int_]
    values: Floats
    covariance: Floats
    scatter: float
    freedom: int
    builds: float = BUILDS

    def step(self, position: int) -> tuple[float, float]:
        """Difference to the level before, and its standard error, builds that differ by chance included."""
        contrast = np.zeros(len(self.values))
        contrast[[position - 1, position]] = -1, 1
        variance = contrast @ self.covariance @ contrast + 2 * self.builds**2
        return float(contrast @ self.values), float(np.sqrt(variance))

    def interval(self, position: int, risk: float = 0.05) -> tuple[float, float, float]:
        """Ratio to the first commit, with the interval that the true one is outside of with that risk."""
        error = np.sqrt(self.covariance[position, position] + (2 * self.builds**2 if position else 0.0))
        return ratio_interval(float(self.values[position]), float(error), self.freedom, risk)


@dataclass(frozen=True)
class Change:
    """A commit that changed a benchmark.

    The change is in `commit`, or in one between it and `after` that could not be measured: positions.
    """

    benchmark: str
    after: int
    commit: int
    ratio: float
    low: float  # of the 95 % interval
    high: float
    p_value: float


def ratio_interval(difference: float, error: float, freedom: int, risk: float = 0.05) -> tuple[float, float, float]:
    """A log difference as a ratio, with its interval."""
    half = float(stats.t.isf(risk / 2, max(freedom, 1))) * error
    middle, low, high = np.exp([difference, difference - half, difference + half])
    return float(middle), float(low), float(high)


def find_levels(links: Sequence[Link]) -> Levels:
    """Levels by weighted least squares, of the commits that pairs, at least one, join with the newest one."""
    ends = np.array([link[:2] for link in links])
    known, places = np.unique(ends, return_inverse=True)
    places = places.reshape(ends.shape)  # [links, 2]
    graph = sparse.coo_array((np.ones(len(links)), places.T), shape=(len(known), len(known)))
    _, component = csgraph.connected_components(graph, directed=False)
    joined = component == component[-1]
    kept = joined[places[:, 0]]
    number = np.cumsum(joined) - 1  # of each commit among those that are joined
    base, head = number[places[kept]].T
    y = np.array([link[2] for link in links])[kept]
    design = np.zeros((len(y), joined.sum()))
    rows = np.arange(len(y))
    design[rows, head] += 1
    design[rows, base] -= 1
    design = design[:, 1:]  # the first level is 0
    values, variance, scatter, freedom = _fit(design, y)
    covariance = np.zeros((joined.sum(), joined.sum()))
    covariance[1:, 1:] = variance
    values = np.append(0.0, values)
    return Levels(known[joined], values, covariance, scatter, freedom, _builds(values, covariance))


def _builds(values: Floats, covariance: Floats) -> float:
    """How much builds differ: what steps scatter more than their errors, robustly, as some of them are changes."""
    steps = np.diff(values)
    if len(steps) < FEW:
        return BUILDS
    variances = np.diag(covariance)[1:] + np.diag(covariance)[:-1] - 2 * np.diag(covariance, 1)
    scale = stats.median_abs_deviation(steps, scale="normal")
    return max(BUILDS, float(np.sqrt(max(scale**2 - np.median(variances), 0.0) / 2)))


def _fit(design: Floats, y: Floats) -> tuple[Floats, Floats, float, int]:
    """Of Student's t regression the values, their covariance, the scale and the degrees of freedom."""
    freedom = max(len(y) - design.shape[1], 0)
    weights, scale = np.ones(len(y)), np.inf
    for _ in range(ROUNDS):
        normal = design.T @ (weights[:, None] * design)
        values = np.linalg.solve(normal, design.T @ (weights * y))
        residual = y - design @ values
        before, scale = scale, max(float(np.sqrt((weights * residual**2).sum() / max(freedom, 1))), SMALLEST)
        weights = (TAILS + 1) / (TAILS + (residual / scale) ** 2)
        if abs(scale - before) < 1e-4 * scale:
            break
    # Fisher's information of Student's t about its place is (ν + 1)/(ν + 3) of the normal one's.
    covariance = (TAILS + 3) / (TAILS + 1) * scale**2 * np.linalg.inv(design.T @ design)
    return values, covariance, scale, freedom


def find_changes(levels: Mapping[str, Levels], level: float = LEVEL) -> list[Change]:
    """Commits that changed a benchmark, improvements and what was repaired later included, in order.

    Every step between neighbours on every benchmark's line is a hypothesis; Holm's test bounds the chance of any false
    one among all of them. Changes smaller than the gate's floor are not told. Where a step was suspected, pairs were
    added: each of the `LOOKS` takes its part of the level.
    """
    steps: list[Change] = []
    for name, line in levels.items():
        for position in range(1, len(line.commits)):
            difference, error = line.step(position)
            p = float(2 * stats.t.sf(abs(difference) / error, max(line.freedom, 1)))
            after, commit = (int(one) for one in line.commits[position - 1 : position + 1])
            steps.append(Change(name, after, commit, *ratio_interval(difference, error, line.freedom), p))
    if not steps:
        return []
    p_values = np.array([one.p_value for one in steps])
    rejected = holm(p_values, np.ones(len(steps), dtype=bool), level / LOOKS)
    found = [one for one, told in zip(steps, rejected, strict=True) if told and _counts(one.ratio)]
    return sorted(found, key=lambda one: (one.commit, one.benchmark))


def _counts(ratio: float) -> bool:
    return max(ratio, 1 / ratio) >= FLOOR
