"""Intervals of medians, ratios and exponents, against exact values and against simulated data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from anisoap_bench.study.intervals import median_interval, ratio_interval, rejected
from anisoap_bench.study.scaling import power_law


def test_median_interval_takes_the_known_order_statistics() -> None:
    assert median_interval(range(1, 6)) is None  # five samples enclose the median in 15 of 16 cases only
    assert median_interval([3, 1, 2, 5, 4, 6]) == (1, 6)
    assert median_interval(range(1, 21)) == (6, 15)  # as tabulated for n = 20: 95.9 %


def test_median_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for samples in rng.lognormal(size=(2000, 12)):
        low, high = median_interval(samples.tolist()) or (np.nan, np.nan)
        covered += low <= 1.0 <= high
    assert 0.95 <= covered / 2000 <= 0.975  # exactly 96.1 %


@pytest.mark.parametrize(("n", "m"), [(3, 5), (4, 4), (7, 7), (7, 5), (12, 9)])
def test_cut_off_agrees_with_the_rank_test_of_scipy(n: int, m: int) -> None:
    cut = rejected(n, m)
    values = np.arange(n + m, dtype=float)

    def p_value(u: int) -> float:
        """Two-sided probability of the statistic u, by a ranking that has it."""
        first = np.arange(n)
        for k in range(u):
            first[n - 1 - k // m] += 1
        rest = np.setdiff1d(values, first)
        assert (first[:, None] > rest).sum() == u
        return float(stats.mannwhitneyu(first, rest, method="exact").pvalue)

    assert p_value(cut) > 0.05
    assert cut == 0 or p_value(cut - 1) <= 0.05


def test_ratio_interval_of_known_samples() -> None:
    """Four against four: only the extreme ratios may go beyond (critical value 0)."""
    low, high = ratio_interval([20, 22, 24, 26], [2.0, 2.1, 2.2, 2.3]) or (0, 0)
    assert (low, high) == pytest.approx((20 / 2.3, 26 / 2.0))
    assert ratio_interval([1, 2, 3], [1, 2, 3]) is None


def test_ratio_interval_covers_a_known_factor() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(1000):
        slow, fast = 5.0 * rng.lognormal(0, 0.1, 7), rng.lognormal(0, 0.1, 7)
        low, high = ratio_interval(slow, fast) or (np.nan, np.nan)
        covered += low <= 5.0 <= high
    assert 0.94 <= covered / 1000 <= 0.98


def test_ratio_interval_hardly_moves_with_an_outlier() -> None:
    samples = [1.0, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06]
    low, high = ratio_interval([2 * x for x in samples], [*samples[:-1], 10.0]) or (0, 0)
    assert 1.8 < low < 2 < high < 2.2


def test_power_law_recovers_an_exact_exponent() -> None:
    fit = power_law({x: 3.0 * x**1.7 for x in (1000, 2000, 4000, 8000)})
    assert fit == pytest.approx(
        {"exponent": 1.7, "exponent_low": 1.7, "exponent_high": 1.7, "steepest": 1.7, "factor": 3.0}
    )


def test_power_law_interval_covers_the_exponent() -> None:
    rng = np.random.default_rng(2)
    x = np.geomspace(100, 10000, 6)
    fits = [power_law(dict(zip(x, x**2.1 * rng.lognormal(0, 0.2, 6), strict=True))) for _ in range(1000)]
    assert 0.93 <= np.mean([fit["exponent_low"] <= 2.1 <= fit["exponent_high"] for fit in fits]) <= 0.97


def test_power_law_of_two_points_has_no_interval() -> None:
    fit = power_law({1: 1, 10: 100})
    assert fit["exponent"] == pytest.approx(2.0)
    assert np.isnan(fit["exponent_low"])
