"""How often a history is right: ``python -m anisoap_bench.history.simulate`` prints the documentation's table.

Histories of which one commit, or none, changes one of the benchmarks; the plan and the statistics are those of a real
one. Beside them asv's detection of steps, with one process of each commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from anisoap_bench.history.book import Book
from anisoap_bench.history.plan import wanted
from anisoap_bench.simulated_machine import Floats, Machine
from benchmarks.table import markdown

COMMITS, BENCHMARKS, HISTORIES = 40, 13, 100
FIRST_CHANGE = 2
"""asv names none at the first commits."""
ASV_THRESHOLD = 0.02
"""Smallest relative step that asv is told to name."""
PAIR = 1 / np.sqrt(2)

CASES: dict[str, dict[str, float]] = {
    "1.4 %": {"scatter": 0.014 * PAIR},
    "2.0 %": {"scatter": 0.02 * PAIR},
    "2.0 %, heavy tails": {"scatter": 0.02 * PAIR, "tails": 3},
    "2.0 %, drift": {"scatter": 0.02 * PAIR, "drift": 0.05},
    "1.4 %, builds differ by 0.25 %": {"scatter": 0.014 * PAIR, "builds": 0.0025},
    "1.4 %, builds differ by 0.5 %": {"scatter": 0.014 * PAIR, "builds": 0.005},
}
STEPS = {"none": 1.0, "+3 %": 1.03, "+5 %": 1.05, "+10 %": 1.10}


@dataclass
class Found:
    """What came of one history: changes named right and wrong, pairs a commit, and the error of the last level."""

    right: int
    wrong: int
    pairs: float
    error: float
    asv_right: bool
    asv_wrong: int


def history(seed: int, case: str, step: float) -> Found:
    """One history: measured pair by pair as a real one is, and once by asv."""
    random = np.random.default_rng(seed)
    machine = Machine(random, **CASES[case])
    changed, at = int(random.integers(BENCHMARKS)), int(random.integers(FIRST_CHANGE, COMMITS))
    steps = np.where(np.arange(BENCHMARKS) == changed, np.log(step), 0.0)
    levels = np.array([machine.history(COMMITS - 1, at, one) for one in steps])  # [benchmarks, commits]
    names = [f"b{number:02d}" for number in range(BENCHMARKS)]
    commits = [f"c{number:02d}" for number in range(COMMITS)]
    book, pairs = Book(), 0
    for number, commit in enumerate(commits):
        book.take({"commit": commit, "number": number, "date": 0, "subject": "", "runs": names})
        while todo := wanted(book, commit, names, newest=number == COMMITS - 1):
            for each in todo:
                for turn in range(each.number):
                    book.take(_pair(each.base, each.head, each.benchmarks, levels, machine, swapped=turn % 2 == 1))
                pairs += each.number * len(each.benchmarks)
    named = {(one.benchmark, one.commit) for one in book.changes()}
    truth = {(names[changed], at)} if step != 1 else set()
    errors = [
        float(line.values[-1]) - (levels[number][-1] - levels[number][0])
        for number, line in enumerate(book.levels().values())
    ]
    by_asv = {
        (name, commit)
        for name, line in zip(names, levels, strict=True)
        for commit in asv_names(np.exp(line + [machine.process() for _ in line]))
    }
    wrong = len(by_asv - truth)
    found = (
        len(named & truth),
        len(named - truth),
        pairs / COMMITS / BENCHMARKS,
        float(np.sqrt(np.mean(np.square(errors)))),
    )
    return Found(*found, bool(truth) and truth <= by_asv, wrong)


def _pair(base: str, head: str, names: Any, levels: Floats, machine: Machine, *, swapped: bool) -> dict[str, Any]:
    """A line of the recording: each benchmark's two processes one after the other."""
    values = {}
    for name in names:
        seconds = {}
        for commit in (head, base) if swapped else (base, head):
            seconds[commit] = float(np.exp(levels[int(name[1:]), int(commit[1:])] + machine.process()))
        values[name] = [seconds[base], seconds[head]]
    return {"base": base, "head": head, "values": values, "at": 0}


def asv_names(values: Floats) -> list[int]:
    """Commits at which asv's detection sees a step up that lasts."""
    from asv.step_detect import detect_regressions, detect_steps

    _, _, jumps = detect_regressions(detect_steps(values.tolist()), ASV_THRESHOLD)
    return [after for _, after, *_ in jumps or []]


HEADER = [
    *("scatter of a pair", "step", "named", "histories with a false name", "error of the last level"),
    *("pairs a commit", "asv names it", "histories with a false name by asv"),
]


def row(case: str, step: str, histories: int = HISTORIES) -> list[str]:
    """Cells of one kind of machine and one step."""
    found = [history(seed, case, STEPS[step]) for seed in range(histories)]
    right, asv = (np.mean([getattr(one, name) for one in found]) for name in ("right", "asv_right"))
    alarms, asv_alarms = (np.mean([getattr(one, name) > 0 for one in found]) for name in ("wrong", "asv_wrong"))
    error = np.sqrt(np.mean([one.error**2 for one in found]))
    pairs = np.mean([one.pairs for one in found])
    shown = [f"{right:.1%}", f"{asv:.1%}"] if STEPS[step] != 1 else ["–", "–"]
    return [case, step, shown[0], f"{alarms:.1%}", f"{error:.2%}", f"{pairs:.1f}", shown[1], f"{asv_alarms:.0%}"]


def main() -> None:
    """Print the table, a row as soon as it is known; the small step is in it for two machines."""
    chosen = [(case, step) for case in CASES for step in STEPS if step != "+3 %" or case in list(CASES)[:2]]
    print(markdown(HEADER, [], padded=False))
    for each in chosen:
        print(markdown(HEADER, [row(*each)], padded=False).splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
