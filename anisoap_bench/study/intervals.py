"""95 % intervals of medians and of ratios."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

CONFIDENCE = 0.95
Interval = tuple[float, float]


def median_interval(samples: Sequence[float]) -> Interval | None:
    """Interval of the median, between two of the samples; None if there are too few of them (fewer than 6).

    Nothing is assumed about how times are distributed: SciPy counts how often a fair coin falls on one side.
    """
    from scipy import stats

    found = stats.quantile_test(samples, p=0.5).confidence_interval(CONFIDENCE)
    return (float(found.low), float(found.high)) if np.isfinite([found.low, found.high]).all() else None


def ratio_interval(numerator: Sequence[float], denominator: Sequence[float]) -> Interval | None:
    """Interval of the factor between two sets of times, or None if there are too few samples to give one.

    The ratios of every sample of one to every sample of the other, in order, cut off where the rank test of Mann and
    Whitney would reject the factor. Exact if both sets are spread alike but for the factor; a slow outlier moves the
    ends little. The interval is of these repeats: what changes between two processes is in it only if both ran in
    several.
    """
    ratios = np.sort(np.divide.outer(np.asarray(numerator, float), np.asarray(denominator, float)), axis=None)
    k = rejected(len(numerator), len(denominator))
    return (float(ratios[k - 1]), float(ratios[-k])) if k else None


def rejected(n: int, m: int) -> int:
    """How many of the smallest ratios are to be left out at either end, plus one; 0 if the samples are too few.

    Number of the values 0, 1, … of the statistic U that are, taken together, less probable than half of what is left
    of the confidence.
    """
    return int(np.searchsorted(np.cumsum(_of_u(n, m)), (1 - CONFIDENCE) / 2, side="right"))


@cache
def _of_u(n: int, m: int) -> npt.NDArray[np.float64]:
    """Probability of each value of U, [n m + 1]: the largest of all samples is one of the n, or of the m."""
    found = np.zeros(n * m + 1)
    if not n or not m:
        return found + 1
    found[m:] += n / (n + m) * _of_u(n - 1, m)
    found[: n * (m - 1) + 1] += m / (n + m) * _of_u(n, m - 1)
    return found
