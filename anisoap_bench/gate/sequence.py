"""From pairs to verdicts: looks at growing numbers of pairs, then fresh pairs for whatever was flagged.

The same functions serve a real run, the replay of a recording and a simulation of many trials at once: leading axes of
the arrays are trials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import stats

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.result import Comparison, Decision, Verdict
from anisoap_bench.gate.statistics import Flags, Floats, holm, log_ratios, p_values, summarise, upper_bound

Names: TypeAlias = frozenset[str]
Source: TypeAlias = Callable[[int, Names | None], Mapping[str, tuple[Floats, Floats]]]
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


@dataclass(frozen=True)
class Plan:
    """The rules of a run.

    Attributes
    ----------
    effect : float
        The slow-down of interest, as a ratio: a benchmark whose upper bound lies below it is clear.
    floor : float
        A median ratio below this one is never flagged.
    share : float
        Part of the pairs that is drawn in at each end.
    support : float
        A flag is taken back while the p-value of all pairs so far is above this.
    """

    first: Phase = Phase(looks=(8, 12, 20, 30), level=(0.02, 0.04, 0.08, 0.11), miss=(0.01, 0.005, 0.005, 0.05))
    confirming: Phase = Phase(looks=(8, 14, 26), level=(0.003, 0.007, 0.02), miss=(0.002, 0.003, 0.05))
    effect: float = 1.05
    floor: float = 1.015
    share: float = 0.2
    support: float = 0.05


def always(pairs: int, benchmarks: int = 0) -> bool:
    """There is time for any number of pairs."""
    return True


def run_phase(
    draw: Callable[[int], Floats], asked: Flags, phase: Phase, plan: Plan, fits: Callable[[int], bool] = always
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
        Whether there is time for so many more pairs; without, the phase ends, and what is open stays unknown.

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
        more = look - ratios.shape[-1]
        if not open_trials.any() or not fits(more):
            break
        ratios = np.concatenate([ratios, draw(more)], axis=-1)
        pairs = np.where(open_trials, look, pairs)
        summary = summarise(ratios, plan.share)
        p = p_values(summary)
        slower = holm(p, asked, level) & (summary.median >= np.log(plan.floor))
        clear = upper_bound(summary, miss) < np.log(plan.effect)
        doubted = (codes == FLAGGED) & open_trials[..., None] & (p > plan.support)
        codes = np.where(doubted, UNKNOWN, codes)
        found = np.where(slower, FLAGGED, np.where(clear, CLEAR, UNKNOWN))
        codes = np.where(codes == UNKNOWN, found, codes).astype(np.int8)
    return codes, pairs, ratios


def decide(source: Source, plan: Plan | None = None, fits: Fits = always) -> Decision:
    """Verdicts on every benchmark of a source of pairs.

    Parameters
    ----------
    source : callable
        Given a number of pairs and the names of benchmarks, or None for all, per benchmark the seconds of base and of
        head, arrays of that length, of fresh processes. To confirm, only what was flagged is asked for.
    plan : Plan, optional
    fits : callable
        Whether there is time for so many more pairs of so many benchmarks. It is asked before every look but the first
        one; "no" ends the phase, and what it has not settled stays unknown.

    Raises
    ------
    CannotMeasure
        If the source has no benchmark, changes its benchmarks, or gives another number of pairs or a bad time.
    """
    plan = plan or Plan()
    names: list[str] = []

    def draw(pairs: int, asked: list[str] | None = None) -> Floats:
        observed = source(pairs, None if asked is None else frozenset(asked))
        names[:] = names or list(observed)
        wanted = names if asked is None else asked
        if not names or set(observed) != set(wanted):
            raise CannotMeasure(f"the benchmarks are not the same in every process: {wanted} and {list(observed)}")
        ratios = [log_ratios(*observed[name], name) for name in wanted]
        if any(each.shape != (pairs,) for each in ratios):
            raise CannotMeasure(f"asked for {pairs} pairs, got {[each.shape for each in ratios]}")
        return np.stack(ratios)

    ran_out = False

    def there_is_time(pairs: int, benchmarks: int) -> bool:
        nonlocal ran_out
        fit = fits(pairs, benchmarks)
        ran_out |= not fit
        return fit

    opening = [draw(plan.first.looks[0])]
    first, first_pairs, first_ratios = run_phase(
        lambda pairs: opening.pop() if opening else draw(pairs),
        np.ones(len(names), dtype=bool),
        plan.first,
        plan,
        lambda pairs: bool(opening) or there_is_time(pairs, len(names)),
    )
    flagged = [name for name, code in zip(names, first, strict=True) if code == FLAGGED]
    second, second_pairs, second_ratios = run_phase(
        lambda pairs: draw(pairs, flagged),
        np.ones(len(flagged), dtype=bool),
        plan.confirming,
        plan,
        lambda pairs: there_is_time(pairs, len(flagged)),
    )
    fresh = dict(zip(flagged, zip(second, second_ratios, strict=True), strict=True))
    comparisons = []
    for name, of_first, ratios_of_first in zip(names, first, first_ratios, strict=True):
        code, ratios = fresh.get(name, (of_first, ratios_of_first))
        confirmed = bool(code == FLAGGED) if name in fresh else None
        shown = ratios if len(ratios) else ratios_of_first  # there was no time for a fresh pair
        comparisons.append(_compare(name, shown, VERDICTS[int(code)], confirmed, plan))
    return Decision(tuple(comparisons), int(first_pairs), int(second_pairs), ran_out)


def _compare(name: str, ratios: Floats, verdict: Verdict, confirmed: bool | None, plan: Plan) -> Comparison:
    summary = summarise(ratios, plan.share)
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
