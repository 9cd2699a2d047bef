"""95 % intervals of medians, of ratios and of exponents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import comb

import numpy as np

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
    k = _rejected(len(numerator), len(denominator))
    return (float(ratios[k - 1]), float(ratios[-k])) if k else None


@cache
def _rejected(n: int, m: int) -> int:
    """How many of the smallest ratios are to be left out at either end, plus one; 0 if the samples are too few.

    Number of the values 0, 1, … of the statistic U that are, taken together, less probable than half of what is left
    of the confidence. Its distribution is ∏ (1 - q^(m+i)) / (1 - q^i), i = 1 … n, over C(n + m, n).
    """
    counts = [1] + [0] * (n * m)
    for i in range(1, n + 1):
        for power in range(n * m, m + i - 1, -1):
            counts[power] -= counts[power - m - i]
        for power in range(i, n * m + 1):
            counts[power] += counts[power - i]
    allowed, below, k = (1 - CONFIDENCE) / 2 * comb(n + m, n), 0, 0
    while below + counts[k] <= allowed:
        below += counts[k]
        k += 1
    return k


@dataclass(frozen=True)
class PowerLaw:
    """Least squares of log y on log x."""

    exponent: float
    exponent_low: float  # 95 % interval, by Student's t; not a number for two points
    exponent_high: float
    steepest: float  # largest exponent between two neighbouring points
    factor: float  # y at x = 1


def power_law(x: Sequence[float], y: Sequence[float]) -> PowerLaw:
    """Fit y = factor · x^exponent to at least two points, x different."""
    from scipy import stats

    order = np.argsort(x)
    log_x, log_y = np.log(np.asarray(x, float))[order], np.log(np.asarray(y, float))[order]
    fit = stats.linregress(log_x, log_y)
    freedom = len(log_x) - 2
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * fit.stderr) if freedom else float("nan")
    slope = float(fit.slope)
    steepest = float((np.diff(log_y) / np.diff(log_x)).max())
    return PowerLaw(slope, slope - half, slope + half, steepest, float(np.exp(fit.intercept)))
