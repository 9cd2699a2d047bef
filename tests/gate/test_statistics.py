"""The statistic against scipy's, simulated noise and a naive procedure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import mstats

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.sequence import CONFIRMING, FIRST
from anisoap_bench.gate.statistics import SHARE, Summary, holm, log_ratios, p_values, summarise, upper_bound

LOOKS = sorted({*FIRST.looks, *CONFIRMING.looks})


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("side", [0, 1])
def test_times_that_are_none(bad, side):
    times = [np.ones(4), np.ones(4)]
    times[side][2] = bad
    with pytest.raises(CannotMeasure, match="positive"):
        log_ratios(np.array(times), "a")


def test_log_ratios():
    np.testing.assert_allclose(np.exp(log_ratios(np.array([[2.0, 1.0], [1.0, 3.0]]), "a")), [0.5, 3.0])


@pytest.mark.parametrize("pairs", LOOKS)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.3])
def test_summary_is_dixon_and_tukeys(pairs, share):
    ratios = np.random.default_rng(pairs).standard_t(2, (5, pairs))
    summary = summarise(ratios, share)
    for row, mean, error, median in zip(ratios, summary.mean, summary.error, summary.median, strict=True):
        winsorised = np.asarray(mstats.winsorize(row, (share, share)))
        left = pairs - 2 * int(share * pairs)
        assert mean == pytest.approx(winsorised.mean())
        assert error == pytest.approx(stats.sem(winsorised) * (pairs - 1) / (left - 1))
        assert median == pytest.approx(np.median(row))
        assert summary.freedom == left - 1


def test_without_winsorising_it_is_the_t_test():
    ratios = np.random.default_rng(0).normal(0.1, 1, (4, 12))
    expected = stats.ttest_1samp(ratios, 0, axis=1, alternative="greater").pvalue
    np.testing.assert_allclose(p_values(summarise(ratios, 0.0)), expected)


def test_the_sample_is_left_as_it_was():
    ratios = np.arange(8.0)[::-1].copy()
    summarise(ratios, SHARE)
    np.testing.assert_array_equal(ratios, np.arange(8.0)[::-1])


def test_too_few_pairs():
    with pytest.raises(CannotMeasure, match="too few"):
        summarise(np.zeros((3, 1)), SHARE)


def test_times_that_never_vary():
    assert p_values(summarise(np.full(8, 0.1), SHARE)) == 0
    assert p_values(summarise(np.full(8, -0.1), SHARE)) == 1
    assert p_values(summarise(np.zeros(8), SHARE)) == 0.5


@pytest.mark.parametrize("pairs", LOOKS)
def test_p_values_keep_their_level(pairs):
    """Without a difference, p ≤ level in at most 1.1 times that part: normal noise, every number of pairs in use."""
    ratios = np.random.default_rng(pairs).standard_normal((40_000, pairs))
    p = p_values(summarise(ratios, SHARE))
    for level in (0.05, 0.005):
        assert stats.binomtest(int((p <= level).sum()), len(p)).proportion_ci(0.999).low <= 1.1 * level


def test_both_phases_keep_their_level_together():
    """At the levels that Holm's procedure asks of one of 13 benchmarks, where Student's t is least good."""
    phases = []
    for phase in (FIRST, CONFIRMING):
        wrong = 0.0
        for pairs, level in zip(phase.looks, phase.level, strict=True):
            ratios = np.random.default_rng(pairs).standard_normal((500_000, pairs))
            wrong += 13 * float((p_values(summarise(ratios, SHARE)) <= level / 13).mean())
        phases.append(wrong)
    assert sum(FIRST.level) * sum(CONFIRMING.level) == pytest.approx(0.0075)
    assert 0.0075 < phases[0] * phases[1] <= 0.01


@pytest.mark.parametrize("pairs", LOOKS)
def test_upper_bound_covers(pairs):
    ratios = np.random.default_rng(pairs).normal(0.05, 0.02, (40_000, pairs))
    missed = upper_bound(summarise(ratios, SHARE), 0.01) < 0.05
    assert stats.binomtest(int(missed.sum()), len(missed)).proportion_ci(0.999).low <= 0.012
    assert missed.any()


def test_upper_bound_by_hand():
    summary = Summary(mean=np.array(0.02), error=np.array(0.01), median=np.array(0.0), freedom=7)
    assert upper_bound(summary, 0.05) == pytest.approx(0.02 + 0.01 * 1.8945786)


def naive_holm(p, level):
    """Holm's procedure as written in words."""
    rejected = [False] * len(p)
    for step, index in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        if p[index] > level / (len(p) - step):
            break
        rejected[index] = True
    return rejected


@given(st.lists(st.sampled_from([0.001, 0.004, 0.006, 0.011, 0.02, 0.03, 0.2, 1.0]), min_size=1, max_size=8))
def test_holm_is_the_naive_one(p):
    found = holm(np.array(p), np.ones(len(p), dtype=bool), 0.05)
    assert found.tolist() == naive_holm(p, 0.05)


def test_holm_counts_only_the_family():
    p = np.array([0.02, 0.001, 0.03])
    assert holm(p, np.array([True, False, True]), 0.05).tolist() == [True, False, True]
    assert not holm(p, np.zeros(3, dtype=bool), 0.05).any()


@pytest.mark.parametrize("common", [0.0, 0.5, 0.95])
def test_holm_keeps_the_level_of_the_family(common):
    """Thirteen true hypotheses whose data are correlated: any rejection is a false one."""
    random = np.random.default_rng(1)
    ratios = np.sqrt(1 - common) * random.standard_normal((20_000, 13, 12))
    ratios += np.sqrt(common) * random.standard_normal((20_000, 1, 12))
    p = p_values(summarise(ratios, SHARE))
    wrong = holm(p, np.ones(p.shape, dtype=bool), 0.05).any(axis=1)
    assert stats.binomtest(int(wrong.sum()), len(wrong)).proportion_ci(0.999).low <= 0.055
