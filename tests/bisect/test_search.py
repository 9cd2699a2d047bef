"""The search on made-up histories: how often it is right and at what price, gaps, several benchmarks, bad lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anisoap_bench import simulate
from anisoap_bench.bisect.certain import halve
from anisoap_bench.bisect.report import FOUND, OPEN, UNCHANGED, exit_code
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
        change = int(random.integers(1, simulate.BISECTED + 1)) if step != 1 else 0
        source = simulate.Machine(random, **{"scatter": SCATTER, **machine})
        named, taken, _ = simulate.bisect(source.history(simulate.BISECTED, change, float(np.log(step))), source)
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
        levels = machine.history(simulate.BISECTED, 20, float(np.log(1.05))) + machine.history(
            simulate.BISECTED, 45, float(np.log(1.10))
        )
        assert simulate.bisect(levels, machine)[0] == 45


def test_asv_find_is_asked_as_it_is() -> None:
    """Without scatter it names the right one."""
    quiet = simulate.Machine(np.random.default_rng(0), scatter=0.0)
    for change in (1, 23, 64):
        assert simulate.asv_find(quiet.history(simulate.BISECTED, change, 0.05), quiet) == change


def test_a_row_of_the_table() -> None:
    *named, right, wrong, median, most, builds, by_asv = simulate.row_of_bisections("2.8 %", "+5 %", count=10)
    assert named == ["2.8 %", "+5 %"]
    assert float(right.rstrip("%")) >= 90 > 70 >= float(by_asv.rstrip("%"))
    assert float(wrong.rstrip("%")) <= 10
    assert int(builds) < int(median) <= int(most)


def feed(search: Search, step: float, change: int, gaps: tuple[int, ...] = ()) -> None:
    """Measure until it is settled, without scatter worth the name."""
    random, built = np.random.default_rng(1), {0, search.commits}
    while not search.settled and search.pairs < 100:
        both = search.following(built, 20.0, 5.0)
        if lacking := [commit for commit in both if commit in gaps]:
            search.gaps[lacking[0]] = "does not build"
            continue
        built.update(both)
        seconds = [1.0, float(np.exp(step * (both[0] < change <= both[1]) + 0.01 * random.standard_normal()))]
        search.add(*both, {name: seconds for name in names(search)})


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
        search.add(base, head, {name: [1, np.exp(d)] for name, d in ratios.items()})
    assert search.benchmark == "b"
    assert search.named.last == 5


def test_nothing_changed_means_none_of_several() -> None:
    search = Search(8, ["a", "b", "c"])
    feed(search, 0.0, 1)
    assert exit_code(search) == UNCHANGED
    assert search.benchmark is None
    assert min(belief.probabilities()[-1] for belief in search.beliefs.values()) >= 0.99


@pytest.mark.parametrize("values", [{"a": [1.0, 0.0]}, {"a": [float("nan"), 1.0]}])
def test_a_time_is_a_positive_number(values: dict[str, Any]) -> None:
    with pytest.raises(CannotMeasure, match="a: a time of"):
        Search(4, ["a"]).add(0, 4, values)


@pytest.mark.parametrize("change", range(1, 65))
def test_what_is_certain_takes_as_many_as_halving_does(change: int) -> None:
    asked: list[str] = []

    def ask(commit: str) -> bool:
        asked.append(commit)
        return int(commit) >= change

    assert halve([str(number) for number in range(65)], ask) == ([str(change)], {})
    assert len(asked) == len(set(asked)) <= 2 + 6


@pytest.mark.parametrize("change", [5, 6, 7, 8, 9])
def test_commits_that_give_no_answer_stay_beside_the_one_after_them(change: int) -> None:
    def ask(commit: str) -> bool:
        if commit in "67":
            raise CannotMeasure("planted")
        return int(commit) < change

    culprits, gaps = halve("0123456789", ask)
    assert culprits == (["6", "7", "8"] if change in (6, 7, 8) else [str(change)])
    assert set(gaps.values()) <= {"planted"}
