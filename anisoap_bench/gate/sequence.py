"""From pairs to verdicts: looks at growing numbers of pairs, then fresh pairs for whatever was flagged.

The same functions serve a real run, the replay of a recording and a simulation of many trials at once: leading axes of
the arrays are trials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import stats

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.result import Comparison, Decision, Verdict
from anisoap_bench.gate.statistics import SHARE, Flags, Floats, holm, log_ratios, p_values, summarise, upper_bound

Names: TypeAlias = frozenset[str]
Source: TypeAlias = Callable[[int, Names], Mapping[str, Floats]]
Fits: TypeAlias = Callable[[int, int], bool]
Codes: TypeAlias = npt.NDArray[np.int8]

MINUTES = 10.0
"""A run has so many, with all that it does beside its pairs."""

UNKNOWN, CLEAR, FLAGGED = 0, 1, 2
VERDICTS: tuple[Verdict, ...] = ("unknown", "not slower", "slower")


@dataclass(frozen=True)
class Phase:
    """Numbers of pairs at which a phase looks at its data, and the two risks taken at each look.

    Attributes
    ----------
    looks : tuple of int
        Pairs in all; even, so that ABBA blocks are whole.
    level : tuple of float
        Family-wise chance of a false flag; the sum over the looks is the level of the phase.
    miss : tuple of float
        Chance that the upper bound of one benchmark lies below its true value.
    """

    looks: tuple[int, ...]
    level: tuple[float, ...]
    miss: tuple[float, ...]


FIRST = Phase(looks=(8, 12, 20, 30), level=(0.02, 0.04, 0.08, 0.11), miss=(0.01, 0.005, 0.005, 0.05))
CONFIRMING = Phase(looks=(8, 14, 26), level=(0.003, 0.007, 0.02), miss=(0.002, 0.003, 0.05))
EFFECT = 1.05
"""The slow-down of interest, as a ratio: a benchmark whose upper bound lies below it is clear."""
FLOOR = 1.015
"""A median ratio below this one is never flagged."""
SUPPORT = 0.05
"""A flag is taken back while the p-value of all pairs so far is above this."""


def always(pairs: int, number: int) -> bool:
    """There is time for anything."""
    return True


def run_phase(
    draw: Callable[[int], Floats], asked: Flags, phase: Phase, fits: Fits = always
) -> tuple[Codes, Any, Floats]:
    """Look, settle what can be settled, draw more pairs for the rest.

    A benchmark that is clear stays so. A flag is taken back while all pairs so far, drawn for the sake of others, no
    longer support it, which makes false flags rarer only. Holm's family is all that is asked for at every look, settled
    or not: to leave the settled ones out would choose the family by its data.

    Parameters
    ----------
    draw : callable
        Given a number of pairs, that many fresh log ratios, shape [..., benchmarks, pairs].
    asked : array of bool, shape [..., benchmarks]
        Benchmarks to settle.
    fits : callable
        Given the pairs so far, whether there is time for so many more; without, the phase ends, and what is open stays
        unknown.

    Returns
    -------
    codes : array of int, shape [..., benchmarks]
        UNKNOWN, CLEAR or FLAGGED; what was not asked for is CLEAR.
    pairs : array of int, shape [...]
        Pairs used by each trial.
    ratios : array of float, shape [..., benchmarks, pairs]
        Everything drawn.
    """
    codes = np.where(asked, UNKNOWN, CLEAR).astype(np.int8)
    pairs = np.zeros(asked.shape[:-1], dtype=int)
    ratios = np.empty((*asked.shape, 0))
    for look, level, miss in zip(phase.looks, phase.level, phase.miss, strict=True):
        open_trials = (codes == UNKNOWN).any(axis=-1)
        drawn = ratios.shape[-1]
        if not open_trials.any() or not fits(drawn, look - drawn):
            break
        ratios = np.concatenate([ratios, draw(look - drawn)], axis=-1)
        pairs = np.where(open_trials, look, pairs)
        summary = summarise(ratios, SHARE)
        p = p_values(summary)
        slower = holm(p, asked, level) & (summary.median >= np.log(FLOOR))
        clear = upper_bound(summary, miss) < np.log(EFFECT)
        doubted = (codes == FLAGGED) & open_trials[..., None] & (p > SUPPORT)
        codes = np.where(doubted, UNKNOWN, codes)
        found = np.where(slower, FLAGGED, np.where(clear, CLEAR, UNKNOWN))
        codes = np.where(codes == UNKNOWN, found, codes).astype(np.int8)
    return codes, pairs, ratios


def decide(source: Source, names: Sequence[str], fits: Fits = always) -> Decision:
    """Verdicts on every benchmark of a source of pairs.

    Parameters
    ----------
    source : callable
        Given a number of pairs and the names of benchmarks, per benchmark the seconds of base and of head, shape
        [2, pairs], of fresh processes. To confirm, only what was flagged is asked for.
    names : sequence of str
        The benchmarks.
    fits : callable
        Whether there is time for so many more pairs of so many benchmarks. It is asked before every look but the first
        one; "no" ends the phase, and what it has not settled stays unknown.

    Raises
    ------
    CannotMeasure
        If the source gives another number of pairs or a bad time.
    """

    def settle(asked: Sequence[str], phase: Phase, first_is_taken: bool) -> tuple[Codes, int, Floats, bool]:
        """Of one phase codes, pairs, ratios, and whether time ran out before its last look."""
        codes, pairs, ratios = run_phase(
            lambda pairs: _draw(source, pairs, asked),
            np.ones(len(asked), dtype=bool),
            phase,
            lambda drawn, more: (first_is_taken and not drawn) or fits(more, len(asked)),
        )
        return codes, int(pairs), ratios, bool((codes == UNKNOWN).any() and pairs < phase.looks[-1])

    first, first_pairs, first_ratios, stopped = settle(names, FIRST, first_is_taken=True)
    flagged = [name for name, code in zip(names, first, strict=True) if code == FLAGGED]
    second, second_pairs, second_ratios, stopped_again = settle(flagged, CONFIRMING, first_is_taken=False)
    comparisons = []
    for name, code, ratios in zip(names, first, first_ratios, strict=True):
        confirmed = None
        if name in flagged:
            number = flagged.index(name)
            code, confirmed = second[number], bool(second[number] == FLAGGED)
            ratios = second_ratios[number] if second_pairs else ratios  # else there was no time for a fresh pair
        comparisons.append(_compare(name, ratios, VERDICTS[int(code)], confirmed))
    return Decision(tuple(comparisons), first_pairs, second_pairs, stopped or stopped_again)


def _draw(source: Source, pairs: int, names: Sequence[str]) -> Floats:
    """Fresh log ratios, [benchmarks, pairs]."""
    observed = source(pairs, frozenset(names))
    ratios = [log_ratios(observed[name], name) for name in names]
    if any(each.shape != (pairs,) for each in ratios):
        raise CannotMeasure(f"asked for {pairs} pairs, got {[each.shape for each in ratios]}")
    return np.stack(ratios)


def _compare(name: str, ratios: Floats, verdict: Verdict, confirmed: bool | None) -> Comparison:
    summary = summarise(ratios, SHARE)
    half = float(stats.t.isf(0.025, summary.freedom) * summary.error)
    mean = float(summary.mean)
    return Comparison(
        name=name,
        pairs=len(ratios),
        ratio=float(np.exp(mean)),
        low=float(np.exp(mean - half)),
        high=float(np.exp(mean + half)),
        p_value=float(p_values(summary)),
        verdict=verdict,
        confirmed=confirmed,
    )
