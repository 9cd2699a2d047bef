"""The gate's decision replayed on a recording, in chains of trials that share no process; rates with intervals.

The two builds, which are equal, may play base or head in any block. The roles follow the four rows of a Hadamard matrix
and their negatives, a chain of trials for each. Over whole periods of the rows, the mean ratios of two rows are
uncorrelated, and those of a row and its negative are opposite, of which the one-sided test sees one end each. So the
chains together tell more than one would, and less than independent ones: every rate comes with two intervals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from scipy import stats

from anisoap_bench.calibration.recording import BLOCK, PLANTED, TWIN, Recording, Stream
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.pairs import work
from anisoap_bench.gate.result import NOT_MEASURED, REGRESSION, Decision
from anisoap_bench.gate.sequence import MINUTES, Fits, Names, Plan, Source, decide

EFFECTS = (1.03, 1.05, 1.10)
PREPARATION = 13
"""Pairs: what a run does beside them takes as long as so many (docs/gate.md)."""

_ROWS = ((0, 0, 0, 0), (0, 1, 0, 1), (0, 0, 1, 1), (0, 1, 1, 0))
ROLES = np.array([*_ROWS, *(tuple(1 - sign for sign in row) for row in _ROWS)], dtype=bool)
"""Whether the twin plays the base in each of four blocks, [patterns, blocks]; the blocks after follow as these."""

UNCHANGED, EXCHANGED = 0, 4
"""The patterns in which one build is the base throughout."""


@dataclass
class Tally:
    """How often something happened, in chains of trials.

    Attributes
    ----------
    chains : list of (int, int)
        Per chain, whose trials share no process, in how many of its trials it happened, and the trials.
    """

    chains: list[tuple[int, int]] = field(default_factory=list)

    @property
    def events(self) -> int:
        """Trials in which it happened."""
        return sum(events for events, _ in self.chains)

    @property
    def trials(self) -> int:
        """All trials."""
        return sum(trials for _, trials in self.chains)

    @property
    def rate(self) -> float:
        """Events per trial; not a number without trials."""
        return self.events / self.trials if self.trials else float("nan")

    def interval(self) -> tuple[float, float]:
        """95 % interval of Clopper and Pearson as if all trials were independent."""
        return _interval(self.events, self.trials)

    @property
    def trials_per_chain(self) -> int:
        """Mean length of a chain, rounded down: so many trials share no process."""
        return self.trials // max(1, len(self.chains))

    def cautious(self) -> tuple[float, float]:
        """The interval as if all chains, which share processes, told no more than one of mean length.

        Their mean number of events is rounded down for the lower end and up for the upper one.
        """
        trials, chains = self.trials_per_chain, max(1, len(self.chains))
        fewest, most = self.events // chains, -(-self.events // chains)
        return _interval(min(fewest, trials), trials)[0], _interval(min(most, trials), trials)[1]

    def as_dict(self) -> dict[str, Any]:
        """For the report."""
        return {
            "events": self.events,
            "trials": self.trials,
            "trials_per_chain": self.trials_per_chain,
            "rate": None if not self.trials else self.rate,
            "interval": self.interval(),
            "interval_cautious": self.cautious(),
        }


def _interval(events: int, trials: int) -> tuple[float, float]:
    if not trials:
        return 0.0, 1.0
    found = stats.binomtest(events, trials).proportion_ci(0.95, method="exact")
    return float(found.low), float(found.high)


def source_at(
    stream: Stream,
    start: int,
    *,
    roles: int = UNCHANGED,
    slowed: tuple[str, float] | None = None,
    other: tuple[str, Stream] | None = None,
) -> Source:
    """Pairs of a recording from a place on.

    Parameters
    ----------
    stream : dict
        Of two equal builds.
    start : int
        First pair.
    roles : int
        Row of `ROLES`.
    slowed : (str, float), optional
        A benchmark whose times of the head are multiplied.
    other : (str, Stream), optional
        A benchmark that is taken from another stream, from the same pair on.
    """
    position = 0

    def cut(name: str, pairs: int) -> tuple[Any, Any]:
        times = other[1][name] if other and other[0] == name else stream[name]
        first = start + position
        base, head = (each[first : first + pairs] for each in times)
        swapped = ROLES[roles, (position + np.arange(pairs)) // BLOCK % ROLES.shape[1]]
        base, head = np.where(swapped, head, base), np.where(swapped, base, head)
        return base, head * slowed[1] if slowed and slowed[0] == name else head

    def source(pairs: int, names: Names | None = None) -> dict[str, tuple[Any, Any]]:
        nonlocal position
        found = {name: cut(name, pairs) for name in stream if names is None or name in names}
        position += pairs
        return found

    return source


@dataclass(frozen=True)
class Limit:
    """The time of a run: so many pairs of processes that run so many benchmarks."""

    pairs: int
    benchmarks: int

    @classmethod
    def of(cls, recording: Recording) -> Limit:
        """As many as a run has time for at the pace of a recording."""
        pairs = int(60 * MINUTES / max(recording.seconds_per_pair, 0.01)) - PREPARATION
        return cls(pairs, len(recording.streams[TWIN]))

    def after(self, pairs: int) -> Fits:
        """Whether there is time for more once so many were run; each "yes" takes of it."""
        left = (self.pairs - pairs) * work(self.benchmarks)

        def fits(more: int, benchmarks: int) -> bool:
            nonlocal left
            fit = more * work(benchmarks) <= left
            left -= more * work(benchmarks) if fit else 0
            return fit

        return fits


def chain(trial: Callable[[int], Source], recorded: int, plan: Plan, limit: Limit) -> list[Decision]:
    """Decisions one after the other, each from where the one before ended.

    None begins where fewer pairs are left than a trial may take: to count those that happen to be short there would
    favour what is decided early.

    Parameters
    ----------
    trial : callable
        Given the first pair, the source of a trial.
    recorded : int
        Pairs in all.
    limit : Limit
        The first look is taken anyway.
    """
    start, decisions = 0, []
    while start + plan.first.looks[-1] + plan.confirming.looks[-1] <= recorded:
        decision = decide(trial(start), plan, limit.after(plan.first.looks[0]))
        decisions.append(decision)
        start += _pairs(decision)
    return decisions


def equal_builds(stream: Stream, plan: Plan, limit: Limit) -> list[list[Decision]]:
    """Trials without any difference, a chain for every pattern of roles."""
    return [chain(partial(source_at, stream, roles=r), _length(stream), plan, limit) for r in range(len(ROLES))]


def multiplied(stream: Stream, effect: float, plan: Plan, limit: Limit) -> list[list[Decision]]:
    """Trials in which one benchmark's recorded times of the head are multiplied: two chains a benchmark."""
    return [
        chain(partial(source_at, stream, roles=r, slowed=(name, effect)), _length(stream), plan, limit)
        for name in stream
        for r in (UNCHANGED, EXCHANGED)
    ]


def really_planted(stream: Stream, slow: Stream, plan: Plan, limit: Limit) -> list[list[Decision]]:
    """Trials in which one benchmark comes from pairs whose head was slower, and the others from equal builds."""
    recorded = min(_length(stream), _length(slow))
    return [chain(partial(source_at, stream, other=(name, slow)), recorded, plan, limit) for name in stream]


def detected(decision: Decision, name: str) -> bool:
    """Whether the gate blocks and names this benchmark."""
    return any(one.name == name and one.verdict == "slower" for one in decision.comparisons)


def replay(recording: Recording) -> dict[str, Any]:
    """Every rate that a recording tells.

    Returns
    -------
    dict
        ``false_alarms``, ``false_alarms_fixed``, ``undecided`` and ``flagged_first`` of equal builds; ``multiplied``
        and ``planted``: detections by effect; ``pairs``; ``spread``.

    Raises
    ------
    CannotMeasure
        If the recording is too short for a trial.
    """
    plan = Plan()
    stream = recording.streams[TWIN]
    limit = Limit.of(recording)
    equal = equal_builds(stream, plan, limit)
    tally = partial(_tally, equal)
    fixed = [equal[UNCHANGED], equal[EXCHANGED]]
    decisions = [decision for each in equal for decision in each]
    used = [_pairs(decision) for decision in decisions]
    if not used:
        raise CannotMeasure(f"{_length(stream)} pairs of equal builds are too few for a trial: record more")
    return {
        "false_alarms": tally(lambda d: d.exit_code == REGRESSION).as_dict(),
        # Only there does a lasting difference of the two builds, where the system places them, count in full.
        "false_alarms_fixed": _tally(fixed, lambda d: d.exit_code == REGRESSION).as_dict(),
        "undecided": tally(lambda d: d.exit_code == NOT_MEASURED).as_dict(),
        "flagged_first": tally(lambda d: any(one.confirmed is not None for one in d.comparisons)).as_dict(),
        "multiplied": {f"{by:.2f}": _power(multiplied(stream, by, plan, limit), stream, 2) for by in EFFECTS},
        "planted": {
            f"{PLANTED[kind]:.2f}": {
                **_power(really_planted(stream, slow, plan, limit), stream, 1),
                "measured_ratio": _median_ratio(slow),
            }
            for kind, slow in sorted(recording.streams.items())
            if kind in PLANTED
        },
        "pairs": {"recorded": _length(stream), "limit": limit.pairs, "median": int(np.median(used)), "most": max(used)},
        "spread": {name: _spread(*times) for name, times in sorted(stream.items())},
    }


def _tally(chains: list[list[Decision]], happened: Callable[[Decision], bool]) -> Tally:
    return Tally([(sum(map(happened, each)), len(each)) for each in chains])


def _power(chains: list[list[Decision]], stream: Stream, repeats: int) -> dict[str, Any]:
    """Detections; each benchmark of the stream in turn has `repeats` chains."""
    names = [name for name in stream for _ in range(repeats)]
    found = [[one for one in each if detected(one, name)] for name, each in zip(names, chains, strict=True)]
    tally = Tally([(len(some), len(each)) for some, each in zip(found, chains, strict=True)])
    used = [_pairs(one) for some in found for one in some]
    return {**tally.as_dict(), "pairs_median": int(np.median(used)) if used else None}


def _pairs(decision: Decision) -> int:
    return decision.first_pairs + decision.confirming_pairs


def _length(stream: Stream) -> int:
    return min(len(base) for base, _ in stream.values())


def _median_ratio(stream: Stream) -> float:
    """Median over the benchmarks of the median ratio."""
    return float(np.median([np.median(head / base) for base, head in stream.values()]))


def _spread(base: Any, head: Any) -> float:
    """Standard deviation of one process's log time, from the middle of the pairs' log ratios."""
    ratios = np.log(head / base)
    return float(stats.median_abs_deviation(ratios, scale="normal") / np.sqrt(2))
