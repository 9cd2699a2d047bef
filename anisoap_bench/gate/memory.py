"""Peak memory and counts, base against head: medians of a few processes of each build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median_low

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.drive import observe
from anisoap_bench.gate.result import Amount
from anisoap_bench.gate.worker import PEAK
from benchmarks import measure

PROCESSES = 3
"""Of each build."""

KIB = 1024
# Largest ratio, slack and unit of each quantity. Medians of peaks of equal builds differ by up to 7 % (docs/gate.md),
# as the system places processes in memory. A call that needs next to nothing adds 4 to 76 KiB: medians of equal builds
# differed by up to 56 KiB in 14 comparisons on a quiet core, and by more than 64 KiB in one of two on a busy one. Hence
# 128 KiB. `allocated`, what tracemalloc sees, varies by 0.02 %, operations do not. Errors are judged by `fidelity`.
LIMITS = {
    PEAK: (1.10, 128.0 * KIB, "B"),
    "allocated": (1.05, 64.0 * KIB, "B"),
    "torch operations": (1.10, 10.0, ""),
}
Counts = Mapping[tuple[str, str], float]  # by benchmark and quantity
Amounts = tuple[tuple[Amount, ...], tuple[Amount, ...]]


def compare_amounts(base: Build, head: Build, suite: Path, core: int | None, names: frozenset[str]) -> Amounts:
    """Peak memory and counters of some benchmarks, the medians of a few processes of each build.

    Raises
    ------
    CannotMeasure
        If a process fails, or does not measure all of the benchmarks.
    """
    found: dict[str, list[Counts]] = {base.name: [], head.name: []}
    needed = {PEAK} if measure.reset_peak() else set()  # elsewhere some benchmarks have none
    for _ in range(PROCESSES):
        for build in (base, head):  # one by one, to disturb each other less
            (one,) = observe([build], suite, core=core, amounts=True, names=names, timeout=300)
            measured = {name for name, counts in one.amounts.items() if needed <= set(counts)}
            if missing := sorted(names - measured):
                raise CannotMeasure(f"{build.name}: no memory and counts of {', '.join(missing)}: {one.errors}")
            counts = {(name, what): count for name, each in one.amounts.items() for what, count in each.items()}
            found[build.name].append({key: count for key, count in counts.items() if key[1] != "error"})
    return amounts(_medians(found[base.name]), _medians(found[head.name]))


def _medians(several: Sequence[Counts]) -> dict[tuple[str, str], float]:
    """Of the processes of one build, which have to count the same things."""
    if any(set(one) != set(several[0]) for one in several):
        raise CannotMeasure(f"not every process of a build counts the same: {[sorted(one) for one in several]}")
    return {key: median_low(one[key] for one in several) for key in several[0]}


def amounts(base: Counts, head: Counts) -> Amounts:
    """Peak memory, and all else, of what both have."""
    memory: list[Amount] = []
    counters: list[Amount] = []
    for (name, quantity), count in head.items():
        if (name, quantity) in base:
            limit, slack, unit = LIMITS[quantity]
            shown = quantity if quantity != PEAK or measure.reset_peak() else f"{PEAK} of Python and NumPy"
            amount = Amount(name, shown, base[name, quantity], count, limit, slack, unit)
            (memory if quantity == PEAK else counters).append(amount)
    return tuple(memory), tuple(counters)
