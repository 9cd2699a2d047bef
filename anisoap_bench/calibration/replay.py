"""The gate's decision replayed on a recording, in chains of trials that share no process; rates with intervals.

The two builds, which are equal, may play base or head in any block. The roles follow the four rows of a Hadamard matrix
and their negatives, a chain of trials for each. Over whole periods of the rows, the mean ratios of two rows are
uncorrelated, and those of a row and its negative are opposite, of which the one-sided test sees one end each. So the
chains together tell more than one would, and less than independent ones: every rate comes with two intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy import stats

from anisoap_bench.calibration.recording import BLOCK, PLANTED, TWIN, Recording, Stream
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.pairs import work
from anisoap_bench.gate.result import NOT_MEASURED, REGRESSION, Decision
from anisoap_bench.gate.sequence import CONFIRMING, FIRST, MINUTES, Fits, Names, Source, decide

EFFECTS = (1.03, 1.05, 1.10)
PREPARATION = 13
"""Pairs: what a run does beside them takes as long as so many (docs/gate.md)."""

_ROWS = ((0, 0, 0, 0), (0, 1, 0, 1), (0, 0, 1, 1), (0, 1, 1, 0))
ROLES = np.array([*_ROWS, *(tuple(1 - sign for sign in row) for row in _ROWS)], dtype=bool)
"""Whether the twin plays the base in each of four blocks, [patterns, blocks]; the blocks after follow as these."""

UNCHANGED, EXCHANGED = 0, 4
"""The patterns in which one build is the base throughout."""

Chain = list[Decision]
"""Trials that share no process."""


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
    stream = recording.streams[TWIN]
    limit = Limit.of(recording)
    run = partial(chain, recorded=_length(stream), limit=limit)
    equal = [run(partial(source_at, stream, roles=roles)) for roles in range(len(ROLES))]
    used = [decision.pairs for each in equal for decision in each]
    if not used:
        raise CannotMeasure(f"{_length(stream)} pairs of equal builds are too few for a trial: record more")

    def multiplied(by: float) -> dict[str, Any]:
        """One benchmark's times of whichever build plays the head are multiplied: two chains a benchmark."""
        names, chains = [], []
        for name, times in stream.items():
            for roles, factors in ((UNCHANGED, (1, by)), (EXCHANGED, (by, 1))):
                names.append(name)
                chains.append(
                    run(partial(source_at, {**stream, name: times * np.array(factors)[:, None]}, roles=roles))
                )
        return _power(names, chains)

    def planted(slow: Stream) -> dict[str, Any]:
        """One benchmark comes from pairs whose head was slower, and the others from equal builds."""
        recorded = min(_length(stream), _length(slow))
        chains = [chain(partial(source_at, {**stream, name: slow[name]}), recorded, limit) for name in stream]
        return {**_power(list(stream), chains), "measured_ratio": _median_ratio(slow)}

    return {
        "false_alarms": _rate(equal, lambda d: d.exit_code == REGRESSION),
        # Only there does a lasting difference of the two builds, where the system places them, count in full.
        "false_alarms_fixed": _rate([equal[UNCHANGED], equal[EXCHANGED]], lambda d: d.exit_code == REGRESSION),
        "undecided": _rate(equal, lambda d: d.exit_code == NOT_MEASURED),
        "flagged_first": _rate(equal, lambda d: any(one.confirmed is not None for one in d.comparisons)),
        "multiplied": {f"{by:.2f}": multiplied(by) for by in EFFECTS},
        "planted": {
            f"{PLANTED[kind]:.2f}": planted(slow) for kind, slow in sorted(recording.streams.items()) if kind in PLANTED
        },
        "pairs": {"recorded": _length(stream), "limit": limit.pairs, "median": int(np.median(used)), "most": max(used)},
        "spread": {name: _spread(*times) for name, times in sorted(stream.items())},
    }


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

    def after_first_look(self) -> Fits:
        """Whether there is time for more, once the first look was taken, which is anyway; each "yes" takes of it."""
        left = (self.pairs - FIRST.looks[0]) * work(self.benchmarks)

        def fits(more: int, benchmarks: int) -> bool:
            nonlocal left
            fit = more * work(benchmarks) <= left
            left -= more * work(benchmarks) if fit else 0
            return fit

        return fits


def chain(trial: Callable[[int], tuple[Source, list[str]]], recorded: int, limit: Limit) -> Chain:
    """Decisions one after the other, each from where the one before ended, of so many recorded pairs.

    None begins where fewer pairs are left than a trial may take: to count those that happen to be short there would
    favour what is decided early. A trial gives, for its first pair, a source and its benchmarks.
    """
    start = 0
    decisions: Chain = []
    while start + FIRST.looks[-1] + CONFIRMING.looks[-1] <= recorded:
        decisions.append(decide(*trial(start), limit.after_first_look()))
        start += decisions[-1].pairs
    return decisions


def source_at(stream: Stream, start: int, *, roles: int = UNCHANGED) -> tuple[Source, list[str]]:
    """Pairs of a recording from a place on, in the roles of a row of `ROLES`, and the names of its benchmarks."""
    position = 0

    def source(pairs: int, names: Names) -> Stream:
        nonlocal position
        swapped = ROLES[roles, (position + np.arange(pairs)) // BLOCK % ROLES.shape[1]]
        now = slice(start + position, start + position + pairs)
        position += pairs
        return {name: np.where(swapped, stream[name][::-1, now], stream[name][:, now]) for name in names}

    return source, list(stream)


def rate(chains: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """How often something happened, in how many trials of each chain of how many, with two 95 % intervals.

    ``interval`` is that of Clopper and Pearson as if all trials were independent. ``interval_cautious`` takes all
    chains, which share processes, for no more than one of mean length, with their mean number of events, rounded down
    for the lower end and up for the upper one.
    """
    events, trials = (sum(each) for each in zip(*chains, strict=True))
    per_chain = trials // len(chains)
    fewest, most = events // len(chains), -(-events // len(chains))
    return {
        "events": events,
        "trials": trials,
        "trials_per_chain": per_chain,
        "rate": events / trials if trials else None,
        "interval": _interval(events, trials),
        "interval_cautious": (
            _interval(min(fewest, per_chain), per_chain)[0],
            _interval(min(most, per_chain), per_chain)[1],
        ),
    }


def _interval(events: int, trials: int) -> tuple[float, float]:
    if not trials:
        return 0.0, 1.0
    found = stats.binomtest(events, trials).proportion_ci(0.95, method="exact")
    return float(found.low), float(found.high)


def _rate(chains: Sequence[Chain], happened: Callable[[Decision], bool]) -> dict[str, Any]:
    return rate([(sum(map(happened, each)), len(each)) for each in chains])


def _power(names: Sequence[str], chains: Sequence[Chain]) -> dict[str, Any]:
    """How often the benchmark that is slower in each of the chains is found, and how many pairs that takes."""
    found = [[one for one in each if detected(one, name)] for name, each in zip(names, chains, strict=True)]
    used = [one.pairs for some in found for one in some]
    rates = rate([(len(some), len(each)) for some, each in zip(found, chains, strict=True)])
    return {**rates, "pairs_median": int(np.median(used)) if used else None}


def detected(decision: Decision, name: str) -> bool:
    """Whether the gate blocks and names this benchmark."""
    return any(one.name == name and one.verdict == "slower" for one in decision.comparisons)


def _length(stream: Stream) -> int:
    return next(iter(stream.values())).shape[1]


def _median_ratio(stream: Stream) -> float:
    """Median over the benchmarks of the median ratio."""
    return float(np.median([np.median(head / base) for base, head in stream.values()]))


def _spread(base: Any, head: Any) -> float:
    """Standard deviation of one process's log time, from the middle of the pairs' log ratios."""
    ratios = np.log(head / base)
    return float(stats.median_abs_deviation(ratios, scale="normal") / np.sqrt(2))
