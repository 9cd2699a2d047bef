"""How often the bisection is right: ``python -m anisoap_bench.bisect.simulate`` prints the documentation's table.

Histories of which one commit, or none, changes the time; beside the bisection `asv find`, by asv's own code.
"""

from __future__ import annotations

from contextlib import ExitStack
from unittest import mock

import numpy as np

from anisoap_bench.bisect.belief import Floats
from anisoap_bench.bisect.search import Search
from anisoap_bench.simulated_machine import Machine
from benchmarks.table import markdown

COMMITS, HISTORIES = 64, 200
MOST = 200
"""Pairs of one bisection."""
BUILD, PAIR = 20.0, 2.5
"""Seconds that a commit and a pair take, about those of a kernel's benchmark: for the choice of the next pair."""


def bisect(levels: Floats, machine: Machine) -> tuple[int | None, int, int]:
    """The commit that is named (0: none has changed it; None: it stays open), processes, and builds."""
    last = len(levels) - 1
    search, built = Search(last, ["benchmark"]), {0, last}
    while not search.settled and search.pairs < MOST:
        both = search.following(built, BUILD, PAIR)
        built.update(both)
        values = dict.fromkeys(both, 0.0)
        for commit in both if search.pairs % 2 == 0 else both[::-1]:
            values[commit] = float(np.exp(levels[commit] + machine.process()))
        search.take({"base": both[0], "head": both[1], "values": {"benchmark": [values[commit] for commit in both]}})
    named = search.named.last if search.named else 0 if search.settled else None
    return named, 2 * search.pairs, len(built)


def asv_find(levels: Floats, machine: Machine) -> int:
    """The commit that `asv find` names; everything that would run is replaced, the search is not."""
    from asv.commands import find

    installed: list[int] = []
    named: list[int] = []  # its last one is the answer

    def seconds(*args: object, **more: object) -> list[float]:
        return [float(np.exp(levels[installed[-1]] + machine.process()))]

    benchmarks = mock.MagicMock(**{"keys.return_value": ["b"], "__len__.return_value": 1})
    environment = mock.Mock(
        requirements={}, **{"install_project.side_effect": lambda conf, repo, commit: installed.append(commit)}
    )
    hashes = {"get_hashes_from_range.return_value": list(range(len(levels)))[::-1]}
    repo = mock.Mock(**hashes, **{"get_decorated_hash.side_effect": lambda commit, length: named.append(commit)})
    result = mock.MagicMock(**{"get_result_value.side_effect": seconds})
    with ExitStack() as stack:
        for name, value in {
            "Benchmarks": mock.Mock(**{"discover.return_value": benchmarks}),
            "Machine": mock.MagicMock(),
            "Results": mock.Mock(),
            "Setup": mock.Mock(**{"run.return_value": [environment]}),
            "get_repo": lambda conf: repo,
            "log": mock.MagicMock(),
            "run_benchmarks": lambda *args, **more: result,
        }.items():
            stack.enter_context(mock.patch.object(find, name, value))
        find.Find.run(mock.Mock(), "good~1..bad", "b", skip_save=True)
    return named[-1]


CASES = {
    "1.4 %": {"scatter": 0.02 / np.sqrt(2)},
    "1.4 %, heavy tails": {"scatter": 0.02 / np.sqrt(2), "tails": 3},
    "1.4 %, drift": {"scatter": 0.02 / np.sqrt(2), "drift": 0.05},
    "1.4 %, builds differ by 0.5 %": {"scatter": 0.02 / np.sqrt(2), "builds": 0.005},
    "2.0 %": {"scatter": 0.02},
}
STEPS = {"+3 %": 1.03, "+5 %": 1.05, "+10 %": 1.10, "none": 1.0}


def row(case: str, step: str, histories: int = HISTORIES) -> list[str]:
    """Cells of one kind of machine and one step, at a commit that is drawn."""
    found: list[tuple[bool, bool, int, int, bool]] = []
    for seed in range(histories):
        machines = [Machine(np.random.default_rng(seed), **CASES[case]) for _ in range(2)]
        change = int(np.random.default_rng((seed, 1)).integers(1, COMMITS + 1)) if STEPS[step] != 1 else 0
        levels = [machine.history(COMMITS, change, float(np.log(STEPS[step]))) for machine in machines]
        named, processes, builds = bisect(levels[0], machines[0])
        by_asv = asv_find(levels[1], machines[1])
        found.append((named == change, named not in (change, 0, None), processes, builds, by_asv == change))
    right, wrong, processes, builds, by_asv = np.array(found, dtype=float).T
    return [
        *(case, step, f"{right.mean():.1%}", f"{wrong.mean():.1%}"),
        *(f"{np.quantile(processes, share):.0f}" for share in (0.5, 0.9)),
        *(f"{np.median(builds):.0f}", f"{by_asv.mean():.1%}" if STEPS[step] != 1 else "any"),
    ]


HEADER = [
    *("scatter of a process", "step", "right answer", "a wrong commit named"),
    *("processes, median", "in 9 of 10 histories at most", "builds, median", "`asv find` names it"),
]


def main() -> None:
    """Print the table; the small step, which takes many pairs, is in it once."""
    chosen = [(case, step) for case in CASES for step in STEPS if step != "+3 %" or case == next(iter(CASES))]
    print(markdown(HEADER, [row(*each) for each in chosen], padded=False))


if __name__ == "__main__":
    main()
