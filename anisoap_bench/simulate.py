"""How often a bisection and a history are right: ``python -m anisoap_bench.simulate`` prints the tables of their pages.

One commit changes one benchmark, or none does, on a machine that scatters, drifts and has heavy tails. The next pair,
the plan and the statistics are those of real runs. Beside them are `asv find` and asv's detection of steps.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt

from anisoap_bench.bisect.search import Search
from anisoap_bench.history.book import Book
from anisoap_bench.history.plan import wanted
from benchmarks.table import markdown

Floats = npt.NDArray[np.floating[Any]]


@dataclass
class Machine:
    """Log times of processes that run one after the other.

    Attributes
    ----------
    random : numpy.random.Generator
    scatter : float
        Standard deviation of a process's log time; that of a pair is √2 times as much.
    tails : float
        Degrees of freedom of Student's t that the scatter follows.
    drift : float
        Size of a slope, a wave and a step of the machine's speed, log time over 100 processes.
    builds : float
        Standard deviation of the log time of a build, which all its processes share.
    """

    random: np.random.Generator
    scatter: float
    tails: float = np.inf
    drift: float = 0.0
    builds: float = 0.0
    slot: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.slope, self.wave, self.step = self.drift * self.random.standard_normal(3)
        self.period, self.phase, self.step_at = self.random.uniform((10, 0, 0), (100, 2 * np.pi, 100))

    def history(self, commits: int, change: int, step: float) -> Floats:
        """Log times of so many commits after the first one, of which one changes it by a log ratio."""
        offsets = self.builds * self.random.standard_normal(commits + 1)
        return np.asarray(offsets + step * (np.arange(commits + 1) >= change))

    def process(self) -> float:
        """Log time of the next process beside that of its commit."""
        noise = self.random.standard_normal()
        if np.isfinite(self.tails):
            noise = self.random.standard_t(self.tails) / np.sqrt(self.tails / (self.tails - 2))
        wave = self.wave * np.sin(2 * np.pi * self.slot / self.period + self.phase)
        speed = self.slope * self.slot / 100 + wave + self.step * (self.slot > self.step_at)
        self.slot += 1
        return float(self.scatter * noise + speed)

    def pair(self, base: float, head: float, *, swapped: bool) -> list[float]:
        """Seconds of two processes, one after the other, with these log times; if swapped, head is the first."""
        order = (head, base) if swapped else (base, head)
        seconds = [float(np.exp(level + self.process())) for level in order]
        return seconds[::-1] if swapped else seconds


BISECTED, MOST = 64, 200
"""Commits of a bisection, and its pairs at most."""
BUILD, PAIR = 20.0, 2.5
"""Seconds that a commit and a pair take, about those of a kernel's benchmark: for the choice of the next pair."""


def bisect(levels: Floats, machine: Machine) -> tuple[int | None, int, int]:
    """The commit that is named (0: none has changed it; None: it stays open), processes, and builds."""
    last = len(levels) - 1
    search, built = Search(last, ["b"]), {0, last}
    while not search.settled and search.pairs < MOST:
        base, head = search.following(built, BUILD, PAIR)
        built |= {base, head}
        search.add(base, head, {"b": machine.pair(levels[base], levels[head], swapped=search.pairs % 2 == 1)})
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


COMMITS, BENCHMARKS = 40, 13
FIRST_CHANGE = 2
"""asv names none at the first commits."""
ASV_THRESHOLD = 0.02
"""Smallest relative step that asv is told to name."""


def history(seed: int, step: float, **machine_like: float) -> tuple[int, int, float, float, bool, int]:
    """One history, measured pair by pair as a real one is, and once by asv.

    Changes named right and wrong, pairs a commit, the error of the last level; the same of asv's names.
    """
    random = np.random.default_rng(seed)
    machine = Machine(random, **machine_like)
    changed, at = int(random.integers(BENCHMARKS)), int(random.integers(FIRST_CHANGE, COMMITS))
    names, commits = ([f"{kind}{k:02d}" for k in range(n)] for kind, n in (("b", BENCHMARKS), ("c", COMMITS)))
    levels = {
        name: machine.history(COMMITS - 1, at, float(np.log(step)) if k == changed else 0.0)
        for k, name in enumerate(names)
    }
    book, pairs = Book(), 0
    for number, commit in enumerate(commits):
        book.take({"commit": commit, "number": number, "date": 0, "subject": "", "runs": names})
        while todo := wanted(book, commit, names, newest=number == COMMITS - 1):
            for each in todo:
                base = commits.index(each.base)
                for turn in range(each.number):
                    values = {
                        name: machine.pair(levels[name][base], levels[name][number], swapped=turn % 2 == 1)
                        for name in each.benchmarks
                    }
                    book.take({"base": each.base, "head": commit, "values": values, "at": 0})
                pairs += each.number * len(each.benchmarks)
    truth = {(names[changed], at)} if step != 1 else set()
    named = {(one.benchmark, one.commit) for one in book.changes()}
    found = book.levels()
    errors = [float(found[name].values[-1]) - (line[-1] - line[0]) for name, line in levels.items()]
    by_asv = {
        (name, commit)
        for name, line in levels.items()
        for commit in asv_names(np.exp(line + [machine.process() for _ in line]))
    }
    error = float(np.sqrt(np.mean(np.square(errors))))
    mine = len(named & truth), len(named - truth), pairs / COMMITS / BENCHMARKS, error
    return *mine, bool(truth & by_asv), len(by_asv - truth)


def asv_names(values: Floats) -> list[int]:
    """Commits at which asv's detection sees a step up that lasts."""
    from asv.step_detect import detect_regressions, detect_steps

    _, _, jumps = detect_regressions(detect_steps(values.tolist()), ASV_THRESHOLD)
    return [after for _, after, *_ in jumps or []]


PAIRED = np.sqrt(0.5)
"""Scatter of a process, in that of a pair."""
CASES: dict[str, dict[str, float]] = {
    "1.4 %": {"scatter": 0.014 * PAIRED},
    "2.0 %": {"scatter": 0.02 * PAIRED},
    "2.8 %": {"scatter": 0.02},
    "2.0 %, heavy tails": {"scatter": 0.02 * PAIRED, "tails": 3},
    "2.0 %, drift": {"scatter": 0.02 * PAIRED, "drift": 0.05},
    "1.4 %, builds differ by 0.25 %": {"scatter": 0.014 * PAIRED, "builds": 0.0025},
    "1.4 %, builds differ by 0.5 %": {"scatter": 0.014 * PAIRED, "builds": 0.005},
    "2.0 %, builds differ by 0.5 %": {"scatter": 0.02 * PAIRED, "builds": 0.005},
}
STEPS = {"none": 1.0, "+3 %": 1.03, "+5 %": 1.05, "+10 %": 1.10}

BISECTIONS = [
    *("scatter of a pair", "step", "right answer", "a wrong commit named", "processes, median"),
    *("in 9 of 10 histories at most", "builds, median", "`asv find` names it"),
]
HISTORIES = [
    *("scatter of a pair", "step", "named", "histories with a false name", "error of the last level"),
    *("pairs a commit", "asv names it", "histories with a false name by asv"),
]


def row_of_bisections(case: str, step: str, count: int = 200) -> list[str]:
    """Cells of one kind of machine and one step, at a commit that is drawn."""
    found: list[tuple[bool, bool, int, int, bool]] = []
    for seed in range(count):
        machines = [Machine(np.random.default_rng(seed), **CASES[case]) for _ in range(2)]
        change = int(np.random.default_rng((seed, 1)).integers(1, BISECTED + 1)) if STEPS[step] != 1 else 0
        levels = [machine.history(BISECTED, change, float(np.log(STEPS[step]))) for machine in machines]
        named, processes, builds = bisect(levels[0], machines[0])
        by_asv = asv_find(levels[1], machines[1])
        found.append((named == change, named not in (change, 0, None), processes, builds, by_asv == change))
    right, wrong, processes, builds, by_asv = np.array(found, dtype=float).T
    return [
        *(case, step, f"{right.mean():.1%}", f"{wrong.mean():.1%}"),
        *(f"{np.quantile(processes, share):.0f}" for share in (0.5, 0.9)),
        *(f"{np.median(builds):.0f}", f"{by_asv.mean():.1%}" if STEPS[step] != 1 else "any"),
    ]


def row_of_histories(case: str, step: str, count: int = 100) -> list[str]:
    """Cells of one kind of machine and one step."""
    found = np.array([history(seed, STEPS[step], **CASES[case]) for seed in range(count)], dtype=float)
    right, wrong, pairs, error, asv_right, asv_wrong = found.T
    shown = [f"{right.mean():.1%}", f"{asv_right.mean():.1%}"] if STEPS[step] != 1 else ["–", "–"]
    alarms, asv_alarms = ((each > 0).mean() for each in (wrong, asv_wrong))
    error_of_all = np.sqrt((error**2).mean())
    mine = [shown[0], f"{alarms:.1%}", f"{error_of_all:.2%}", f"{pairs.mean():.1f}"]
    return [case, step, *mine, shown[1], f"{asv_alarms:.0%}"]


def main() -> None:
    """Print both tables, a row as soon as it is known."""
    for header, row in ((BISECTIONS, row_of_bisections), (HISTORIES, row_of_histories)):
        print(markdown(header, [], padded=False))
        for case in CASES:
            for step in STEPS:
                print(markdown(header, [row(case, step)], padded=False).splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
