"""Posteriors and what a pair tells, beside naive twins; the interval of a step."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from anisoap_bench.bisect import belief
from anisoap_bench.bisect.belief import SCALES, SMALL, STEPS, TAILS, StepBelief
from anisoap_bench.gate.sequence import FLOOR

OBSERVED = [(0, 3, 0.06), (0, 1, -0.01), (1, 3, 0.04), (2, 3, 0.4), (0, 2, 0.013)]


def naive_posterior(commits: int, changed: float, observed: list[tuple[int, int, float]]) -> list[float]:
    """One commit, one size, one scale and one pair at a time."""
    weights = []
    for commit in range(1, commits + 2):  # the last one: nothing changed
        prior = changed / commits if commit <= commits else 1 - changed
        total = 0.0
        for step, small in zip(STEPS, SMALL, strict=True):
            for scale in SCALES:
                likelihood = 1.0
                for base, head, difference in observed:
                    expected = step if base < commit <= head else 0.0
                    if commit > commits:
                        expected = small * (head - base) / commits
                    likelihood *= stats.t.pdf(difference, TAILS, loc=expected, scale=scale)
                total += likelihood
        weights.append(prior * total)
    return [weight / sum(weights) for weight in weights]


@pytest.mark.parametrize("seen", [0, 1, 5])
@pytest.mark.parametrize("changed", [0.5, 0.05])
def test_the_posterior_is_that_of_the_naive_twin(monkeypatch: pytest.MonkeyPatch, seen: int, changed: float) -> None:
    for name in ("STEPS", "SMALL"):  # a coarser grid, for the twin is slow
        monkeypatch.setattr(belief, name, getattr(belief, name)[::7])
        monkeypatch.setitem(globals(), name, getattr(belief, name))
    found = StepBelief(3, changed)
    for one in OBSERVED[:seen]:
        found.add(*one)
    np.testing.assert_allclose(found.probabilities(), naive_posterior(3, changed, OBSERVED[:seen]), rtol=1e-9)


def test_the_grid_has_both_directions_and_nothing_that_the_gate_would_not_flag() -> None:
    np.testing.assert_allclose(np.sort(STEPS), np.sort(-STEPS))
    assert np.abs(STEPS).min() == pytest.approx(math.log(FLOOR))
    assert SMALL.mean() == pytest.approx(0, abs=1e-12)
    assert SMALL.std() == pytest.approx(math.log(FLOOR) / 3, rel=0.02)


@pytest.mark.parametrize("chance", [0.1, 0.5])
@pytest.mark.parametrize("separation", [0.5, 2.5, 8.0])
def test_what_a_number_tells_is_its_mutual_information(chance: float, separation: float) -> None:
    def integrand(x: float) -> float:
        one, other = stats.norm.pdf(x), stats.norm.pdf(x - separation)
        mixture = (1 - chance) * one + chance * other
        return (1 - chance) * one * math.log(one / mixture) + chance * other * math.log(other / mixture)

    expected, _ = integrate.quad(integrand, -8, separation + 8, limit=200)
    found = np.interp(chance, belief.CHANCES, belief._two_normals(separation))
    assert found == pytest.approx(expected, rel=1e-4)


def test_a_pair_tells_most_where_the_change_is_as_likely_inside_as_outside() -> None:
    found = StepBelief(8)
    for pair in range(4):
        found.add(0, 8, 0.05 + 0.04 * (-1) ** pair)
    inside = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
    once, often = found.information(inside, 1), found.information(inside, 8)
    assert once.argmax() == often.argmax() == 2
    assert (often[1:-1] > once[1:-1]).all()
    assert (often <= math.log(2)).all()
    np.testing.assert_allclose(once[[0, -1]], 0, atol=1e-9)


@pytest.mark.parametrize("step", [0.05, -0.1])
def test_the_interval_holds_the_step_in_19_of_20_histories(step: float) -> None:
    random, held, histories = np.random.default_rng(0), 0, 200
    for _ in range(histories):
        found = StepBelief(4)
        for head in (4, 2) * 6:
            found.add(0, head, float(step * (head == 4) + 0.02 * random.standard_normal()))
        middle, low, high = found.step(3)
        assert low < middle < high
        held += low < math.exp(step) < high
    assert 0.90 <= held / histories <= 0.99
