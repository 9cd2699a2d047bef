"""The search on made-up histories: how often it is right and at what price, gaps, several benchmarks, bad lines."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anisoap_bench.bisect import simulate
from anisoap_bench.bisect.measure import Answers
from anisoap_bench.bisect.report import FOUND, OPEN, UNCHANGED, exit_code
from anisoap_bench.bisect.run import measure
from anisoap_bench.bisect.search import FIRST, Search
from anisoap_bench.errors import CannotMeasure

HISTORIES = 20
SCATTER = 0.02 / np.sqrt(2)
"""Of a process: 2 % a pair."""


def many(step: float, **machine: Any) -> tuple[list[tuple[int, int | None]], float]:
    """The commit that changed the time (0: none) and the one that is named, and the median number of processes."""
    answers, processes = [], []
    for seed in range(HISTORIES):
        random = np.random.default_rng(seed)
        change = int(random.integers(1, simulate.COMMITS + 1)) if step != 1 else 0
        source = simulate.Machine(random, **{"scatter": SCATTER, **machine})
        named, taken, _ = simulate.bisect(source.history(simulate.COMMITS, change, float(np.log(step))), source)
        answers.append((change, named))
        processes.append(taken)
    return answers, float(np.median(processes))


@pytest.mark.parametrize(
    ("step", "machine", "most"),
    [
        (1.05, {}, 60),
        (1.05, {"tails": 3}, 60),
        (0.95, {"drift": 0.05}, 60),
        (1.10, {"scatter": 0.02}, 40),
    ],
    ids=["+5 %", "heavy tails", "drift, -5 %", "+10 %, more scatter"],
)
def test_the_commit_is_named_within_the_processes_that_were_promised(
    step: float, machine: dict[str, float], most: int
) -> None:
    answers, processes = many(step, **machine)
    assert sum(change == named for change, named in answers) >= 0.95 * HISTORIES
    assert processes <= most


def test_without_a_step_no_commit_is_named() -> None:
    answers, processes = many(1.0)
    assert answers == [(0, 0)] * HISTORIES
    assert processes <= 30


def test_builds_that_differ_a_little_are_no_change() -> None:
    answers, _ = many(1.0, builds=0.003)
    assert sum(named not in (0, None) for _, named in answers) <= 1


def test_of_two_changes_the_larger_one_is_named() -> None:
    for seed in range(10):
        machine = simulate.Machine(np.random.default_rng(seed), SCATTER)
        levels = machine.history(simulate.COMMITS, 20, float(np.log(1.05))) + machine.history(
            simulate.COMMITS, 45, float(np.log(1.10))
        )
        assert simulate.bisect(levels, machine)[0] == 45


def test_asv_find_is_asked_as_it_is() -> None:
    """Without scatter it names the right one."""
    quiet = simulate.Machine(np.random.default_rng(0), scatter=0.0)
    for change in (1, 23, 64):
        assert simulate.asv_find(quiet.history(simulate.COMMITS, change, 0.05), quiet) == change


def test_a_row_of_the_table() -> None:
    *named, right, wrong, median, most, builds, by_asv = simulate.row("2.0 %", "+5 %", histories=10)
    assert named == ["2.0 %", "+5 %"]
    assert float(right.rstrip("%")) >= 90 > 70 >= float(by_asv.rstrip("%"))
    assert float(wrong.rstrip("%")) <= 10
    assert int(builds) < int(median) <= int(most)


def feed(search: Search, step: float, change: int, gaps: tuple[int, ...] = ()) -> None:
    """Measure until it is settled, without scatter worth the name."""
    random, built = np.random.default_rng(1), {0, search.commits}
    while not search.settled and search.pairs < 100:
        both = search.following(built, 20.0, 5.0)
        if lacking := [commit for commit in both if commit in gaps]:
            search.take({"gap": lacking[0], "why": "does not build"})
            continue
        built.update(both)
        seconds = [1.0, float(np.exp(step * (both[0] < change <= both[1]) + 0.01 * random.standard_normal()))]
        search.take({"base": both[0], "head": both[1], "values": {name: seconds for name in names(search)}})


def names(search: Search) -> list[str]:
    return [search.benchmark] if search.benchmark else list(search.beliefs)


@pytest.mark.parametrize("change", [6, 7, 8])
def test_a_gap_beside_the_change_leaves_a_range(change: int) -> None:
    search = Search(12, ["a"])
    feed(search, 0.1, change, gaps=(6, 7))
    assert (search.named.first, search.named.last) == (6, 8)
    assert exit_code(search) == OPEN
    assert set(search.gaps) == {6, 7}


def test_a_gap_elsewhere_costs_nothing() -> None:
    search = Search(12, ["a"])
    feed(search, -0.1, 3, gaps=(6, 7, 9))
    assert (search.named.first, search.named.last) == (3, 3)
    assert exit_code(search) == FOUND


def test_of_several_benchmarks_the_changed_one_is_bisected() -> None:
    random = np.random.default_rng(0)
    search = Search(8, ["a", "b", "c"])
    built = {0, 8}
    while not search.settled:
        base, head = search.following(built, 20.0, 5.0)
        built |= {base, head}
        asked = names(search)
        ratios = {name: 0.1 * (name == "b" and base < 5 <= head) + 0.01 * random.standard_normal() for name in asked}
        if search.pairs < FIRST:
            assert asked == ["a", "b", "c"]
        search.take({"base": base, "head": head, "values": {name: [1, np.exp(d)] for name, d in ratios.items()}})
    assert search.benchmark == "b"
    assert search.named.last == 5


def test_nothing_changed_means_none_of_several() -> None:
    search = Search(8, ["a", "b", "c"])
    feed(search, 0.0, 1)
    assert exit_code(search) == UNCHANGED
    assert search.benchmark is None
    assert min(belief.probabilities()[-1] for belief in search.beliefs.values()) >= 0.99


def test_answers_that_are_certain_take_as_many_as_halving_does() -> None:
    for change in range(1, 65):
        search = Search(64, ["command"], certain=True)
        built = {0, 64}
        while not search.settled:
            base, head = search.following(built, 20.0, 5.0)
            built |= {base, head}
            both = [float(commit >= change) for commit in (base, head)]
            search.take({"base": base, "head": head, "values": {"command": both}})
        assert search.named.last == change
        assert len(built) <= 2 + 6


@pytest.mark.parametrize(
    "line",
    [
        {},
        [],
        {"gap": 1},
        {"gap": 99, "why": "x"},
        {"gap": -1, "why": "x"},
        {"gap": "3", "why": "x"},
        {"gap": True, "why": "x"},
        {"gap": 3, "why": 7},
        {"base": 0, "head": 4, "values": {}},
        {"base": 0, "head": 4, "values": []},
        {"base": 0.0, "head": 4, "values": {"a": [1.0, 1.0]}},
        {"base": 2, "head": 1, "values": {"a": [1.0, 1.0]}},
        {"base": 0, "head": 9, "values": {"a": [1.0, 1.0]}},
        {"base": 0, "head": 1, "values": {"another": [1.0, 1.0]}},
        {"base": 0, "head": 1, "values": {"a": [1.0]}},
        {"base": 0, "head": 1, "values": {"a": [1.0, 0.0]}},
        {"base": 0, "head": 1, "values": {"a": [1.0, "x"]}},
        {"base": "0", "head": 1, "values": {}},
    ],
)
def test_a_line_that_means_nothing_is_an_error(line: dict[str, Any]) -> None:
    with pytest.raises(CannotMeasure):
        Search(4, ["a"]).take(line)


@pytest.mark.parametrize("values", [[0, 2], [0, "1"], ["x", "x"], [[], []], [0]])
def test_answers_are_0_or_1(values: list[Any]) -> None:
    with pytest.raises(CannotMeasure, match="means nothing"):
        Search(4, ["a"], certain=True).take({"base": 0, "head": 4, "values": {"a": values}})


def test_a_commit_answers_as_before() -> None:
    search = Search(4, ["a"], certain=True)
    search.take({"base": 0, "head": 4, "values": {"a": [0, 1]}})
    with pytest.raises(CannotMeasure, match="the bad commit answers otherwise"):
        search.take({"base": 0, "head": 4, "values": {"a": [0, 0]}})
    assert search.pairs == 1
    assert search.unchanged == 0


def test_what_contradicts_the_recording_stays_out_of_it(tmp_path: Path) -> None:
    search = Search(4, ["a"], certain=True)
    search.take({"base": 0, "head": 4, "values": {"a": [0, 1]}})
    with pytest.raises(CannotMeasure, match="the good commit answers otherwise"):
        measure(search, Answers(lambda commit: True), list("abcde"), tmp_path / "r", end=math.inf, most=9)
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(("commit", "name"), [(0, "good"), (4, "bad")])
def test_good_and_bad_have_to_be_measured(commit: int, name: str) -> None:
    with pytest.raises(CannotMeasure, match=f"the {name} commit cannot be measured: planted"):
        Search(4, ["a"]).take({"gap": commit, "why": "planted"})
