"""What the measurements say about which commit changed a benchmark, and how much the next one would tell.

Commits are numbered from 0, the good one, to n, the bad one. If commit k changed the log time by δ, a pair of processes
of commits i < j has a log ratio of δ where i < k ≤ j, else of 0, plus noise of scale σ with heavy tails (Student's t).
Only k matters in the end: δ and σ are summed over, on a grid. One answer more is that nothing changed: differences that
no one would flag, between commits i and j the part (j − i)/n of what lies between good and bad.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from anisoap_bench.gate.sequence import FLOOR

Floats = npt.NDArray[np.floating[Any]]

TAILS = 4
"""Degrees of freedom of the noise: single pairs that are far off count for little."""
SIZES = np.geomspace(np.log(FLOOR), np.log(30), 40)
"""|δ|, each as likely as the next: from what the gate would not flag to a factor of 30, in steps of 15 %."""
STEPS = np.concatenate([SIZES, -SIZES])
SMALL = np.log(FLOOR) / 3 * special.ndtri((np.arange(len(STEPS)) + 0.5) / len(STEPS))
"""Differences of good and bad where nothing changed, normal: three standard deviations are what is never flagged."""
SCALES = np.geomspace(0.002, 0.3, 15)
"""σ, each as likely as the next."""
FINE = 2000
"""Sizes of the step on the grid for its interval."""

CHANCES = np.linspace(0, 1, 51)
APART = 8.0
"""Separation of two normal distributions of unit width from which on a number tells which of them it is from."""


class StepBelief:
    """Probabilities of the commits; differences are log ratios.

    Parameters
    ----------
    commits : int
        n, those that may have changed it; each is as likely as the next.
    changed : float
        The chance, before anything is measured, that one of them did.
    """

    def __init__(self, commits: int, changed: float = 0.5) -> None:
        prior = np.append(np.full(commits, changed / commits), 1 - changed)  # [n + 1]
        self.log = np.log(prior)[:, None, None] + np.zeros((commits + 1, len(STEPS), len(SCALES)))
        self.seen: list[tuple[int, int, float]] = []
        self._known: Floats | None = None  # the probabilities on the whole grid, once somebody has asked

    def add(self, base: int, head: int, difference: float) -> None:
        """Multiply by the likelihood of one log ratio."""
        self.seen.append((base, head, difference))
        self._known = None
        unchanged = _log_noise(difference, SCALES)  # [scales]
        changed = _log_noise(difference - STEPS[:, None], SCALES)  # [steps, scales]
        self.log[:-1] += unchanged
        self.log[base:head] += changed - unchanged  # row k − 1 is commit k's
        part = (head - base) / (len(self.log) - 1)
        self.log[-1] += _log_noise(difference - part * SMALL[:, None], SCALES)

    def probabilities(self) -> Floats:
        """Of commits 1 … n and, last, of no change: shape [n + 1]."""
        return self._weights().sum(axis=(1, 2))

    def information(self, inside: Floats, repeats: int) -> Floats:
        """Of the mean of so many pairs, whose noise is taken for normal, at the size of the step expected so far."""
        weights = self._weights()[:-1].sum(axis=0)  # [steps, scales]
        separation = float((weights * np.abs(STEPS)[:, None] / SCALES).sum() / weights.sum())
        return np.interp(inside, CHANCES, _two_normals(round(min(separation * repeats**0.5, APART), 1)))

    def step(self, commit: int) -> tuple[float, float, float]:
        """Median and 95 % interval of the ratio by which a commit changed it, if it did, on a finer grid."""
        inside = np.array([d for base, head, d in self.seen if base < commit <= head])
        outside = np.array([d for base, head, d in self.seen if not base < commit <= head])
        steps = np.linspace(inside.min() - SCALES[0], inside.max() + SCALES[0], FINE)
        log = _log_noise(outside[:, None], SCALES).sum(axis=0) + sum(
            _log_noise(d - steps[:, None], SCALES) for d in inside
        )  # [steps, scales]
        share = np.cumsum(np.exp(log - log.max()).sum(axis=1))
        middle, low, high = np.exp(np.interp([0.5, 0.025, 0.975], share / share[-1], steps))
        return float(middle), float(low), float(high)

    def _weights(self) -> Floats:
        if self._known is None:
            weights = np.exp(self.log - self.log.max())
            self._known = weights / weights.sum()
        return self._known


def _log_noise(residual: Any, scale: Floats) -> Floats:
    """Log density of Student's t, up to a constant."""
    return np.asarray(-(TAILS + 1) / 2 * np.log1p((residual / scale) ** 2 / TAILS) - np.log(scale))


@cache
def _two_normals(separation: float) -> Floats:
    """What a number tells about which of two normal distributions of unit width it is from, in nats: shape [chances].

    `CHANCES` are of the one that is `separation` away from 0.
    """
    x = np.linspace(-APART, separation + APART, 200)
    first, second = np.exp(-0.5 * (x - np.array([[0], [separation]])) ** 2) / np.sqrt(2 * np.pi)
    chances = CHANCES[:, None]
    mixture = chances * second + (1 - chances) * first  # [chances, x]
    told = special.entr(mixture) - chances * special.entr(second) - (1 - chances) * special.entr(first)
    return np.asarray(told.sum(axis=1) * (x[1] - x[0]))
