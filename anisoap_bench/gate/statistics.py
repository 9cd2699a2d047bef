"""Paired log ratios, winsorised: mean, error, p-values, bounds, Holm. Every function takes any leading axes.

The mean of the winsorised sample with the standard error of Dixon and Tukey (Technometrics 10, 83, 1968): of n pairs
the g lowest and the g highest are drawn in to their neighbours; with h = n − 2g left and s the standard deviation of
the winsorised sample, mean/error nearly follows Student's t with h − 1 degrees of freedom,
error = s/√n · (n − 1)/(h − 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import stats

from anisoap_bench.errors import CannotMeasure

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Flags: TypeAlias = npt.NDArray[np.bool_]
SHARE = 0.2
"""Part of the pairs that is drawn in at each end."""


@dataclass(frozen=True)
class Summary:
    """Mean, its standard error and the median of the log ratios, arrays of one shape; degrees of freedom."""

    mean: Floats
    error: Floats
    median: Floats
    freedom: int


def log_ratios(seconds: Floats, name: str) -> Floats:
    """log(head/base) of seconds of base and of head, shape [2, …]; CannotMeasure if a time is no positive number."""
    for side, times in zip(("base", "head"), np.asarray(seconds, dtype=float), strict=True):
        if (bad := times[~(np.isfinite(times) & (times > 0))]).size:
            raise CannotMeasure(f"{name}: a time of {side} is not a positive number but {bad.flat[0]:g}")
    return np.asarray(np.log(seconds[1] / seconds[0]))


def summarise(ratios: Floats, share: float) -> Summary:
    """Winsorised mean and its error.

    Parameters
    ----------
    ratios : array of float, shape [..., pairs]
    share : float
        Part of the pairs that is drawn in at each end, rounded down.

    Returns
    -------
    Summary
        Arrays of shape [...].
    """
    pairs = ratios.shape[-1]
    drawn = int(share * pairs)
    left = pairs - 2 * drawn
    if left < 2:
        raise CannotMeasure(f"{pairs} pairs are too few for an error")
    ordered = np.sort(ratios, axis=-1)  # [..., pairs]
    median = (ordered[..., (pairs - 1) // 2] + ordered[..., pairs // 2]) / 2
    ordered[..., :drawn] = ordered[..., drawn, None]
    ordered[..., pairs - drawn :] = ordered[..., pairs - drawn - 1, None]
    error = ordered.std(axis=-1, ddof=1) / np.sqrt(pairs) * (pairs - 1) / (left - 1)
    return Summary(mean=ordered.mean(axis=-1), error=error, median=median, freedom=left - 1)


def p_values(summary: Summary) -> Floats:
    """One-sided p-values of "head takes no longer than base", shape [...]; 0 or 1 where nothing varies."""
    tiny = np.finfo(float).tiny
    return np.asarray(stats.t.sf(summary.mean / np.maximum(summary.error, tiny), summary.freedom))


def upper_bound(summary: Summary, miss: float) -> Floats:
    """The log ratio that the true one exceeds with probability `miss`, shape [...]."""
    return np.asarray(summary.mean + stats.t.isf(miss, summary.freedom) * summary.error)


def holm(p: Floats, among: Flags, level: float) -> Flags:
    """Which hypotheses Holm's step-down test rejects.

    Parameters
    ----------
    p : array of float, shape [..., hypotheses]
    among : array of bool, shape [..., hypotheses]
        The family; the others are neither counted nor rejected.
    level : float
        Of the family: the chance that any true hypothesis is rejected, whatever their dependence.
    """
    p = np.where(among, p, np.inf)
    order = np.argsort(p, axis=-1, kind="stable")
    ordered = np.take_along_axis(p, order, axis=-1)
    left = among.sum(axis=-1, keepdims=True) - np.arange(p.shape[-1])  # hypotheses not yet rejected at each step
    passed = np.logical_and.accumulate(ordered * np.maximum(left, 1) <= level, axis=-1)
    rejected = np.empty_like(passed)
    np.put_along_axis(rejected, order, passed, axis=-1)
    return rejected & among
