"""Levels by least squares, their intervals, and the commits that are named."""

from __future__ import annotations

import numpy as np
import pytest

from anisoap_bench.history.levels import BUILDS, find_changes, find_levels
from tests.history.lines import measured

TIMES = [1.0, 1.0, 1.1, 1.1, 1.1, 1.0, 1.0, 0.8]


def test_levels_of_pairs_without_scatter_are_the_times() -> None:
    levels = find_levels([(0, 1, 0.1), (1, 3, 0.2), (0, 3, 0.3), (3, 4, -0.3)])
    assert levels.commits.tolist() == [0, 1, 3, 4]
    np.testing.assert_allclose(levels.values, [0, 0.1, 0.3, 0.0], atol=1e-12)
    assert levels.freedom == 1


def test_what_no_pair_joins_with_the_newest_commit_has_no_level() -> None:
    levels = find_levels([(0, 1, 0.1), (3, 4, 0.2)])
    assert levels.commits.tolist() == [3, 4]


def test_one_pair_far_off_counts_for_little() -> None:
    random = np.random.default_rng(1)
    links = [(0, 1, 0.05 + 0.01 * one) for one in random.standard_normal(12)]
    links[3] = (0, 1, 1.0)
    (_, value), (_, error) = find_levels(links).values, np.sqrt(np.diag(find_levels(links).covariance))
    assert value == pytest.approx(0.05, abs=0.01)
    assert np.mean([link[2] for link in links]) > 0.12
    assert error < 0.01


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    random, inside = np.random.default_rng(2), []
    for _ in range(300):
        ends = [(0, 1), (1, 2), (0, 2)] * 6
        builds = np.append(0.0, np.sqrt(2) * BUILDS * random.standard_normal(2))
        links = [(i, j, float(builds[j] - builds[i] + 0.02 * random.standard_normal())) for i, j in ends]
        _, low, high = find_levels(links).interval(2)
        inside.append(low < 1 < high)
    assert 0.91 < np.mean(inside) < 0.99


def test_pairs_with_the_first_commit_stop_the_errors_from_adding_up() -> None:
    times = {"b": [1.0] * 41}
    alone, anchored = (measured(times, 0.01, anchored=each).levels()["b"] for each in (0, 5))
    assert alone.covariance[-1, -1] > 5 * anchored.covariance[-1, -1]
    assert abs(anchored.values[-1]) < 0.01


def test_steps_up_and_down_are_named_and_those_that_were_repaired() -> None:
    book = measured({"a": [1.0] * 8, "b": TIMES}, 0.01)
    assert [(one.benchmark, one.commit) for one in book.changes()] == [("b", 2), ("b", 5), ("b", 7)]
    up, down, faster = book.changes()
    assert up.low < 1.1 < up.high
    assert down.low < 1 / 1.1 < down.high
    assert faster.ratio == pytest.approx(0.8, rel=0.02)
    assert (up.after, up.p_value < 1e-6) == (1, True)


def test_a_step_below_the_floor_is_none_however_certain() -> None:
    book = measured({"b": [1.0, 1.0, 1.012, 1.012]}, 1e-5, pairs=200)
    assert book.changes() == []
    assert measured({"b": [1.0, 1.0, 1.03, 1.03]}, 1e-5).changes()[0].commit == 2


def test_nothing_is_named_where_nothing_changed() -> None:
    books = [measured({f"b{k}": [1.0] * 20 for k in range(13)}, 0.014)]
    assert books[0].changes() == []
    assert find_changes({}) == []
