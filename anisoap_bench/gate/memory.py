"""Peak memory and counts of operations, base against head: medians of a few processes of each build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median_low

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.drive import Observation, observe
from anisoap_bench.gate.result import Amount
from benchmarks import measure

PROCESSES = 3
"""Of each build."""

KIB = 1024
PEAK, PEAK_SLACK = 1.10, 32 * KIB
"""Of the resident set. Medians of equal builds differ by up to 7 % (docs/gate.md), as the system places processes in
memory."""

# Largest ratio, slack, and whether more of it blocks, of each counter. `allocated` is what tracemalloc sees, it varies
# by 0.02 %; the others do not vary at all. More calls of functions matter only if they take time, which is measured.
LIMITS = {
    "allocated": (1.05, 64.0 * KIB, True),
    "torch operations": (1.10, 10.0, True),
    "calls": (1.10, 20.0, False),
    "modules": (1.10, 0.0, False),
}
Amounts = tuple[tuple[Amount, ...], tuple[Amount, ...]]


def compare_amounts(base: Build, head: Build, suite: Path, core: int | None, names: frozenset[str]) -> Amounts:
    """Peak memory and counters of some benchmarks, the medians of a few processes of each build.

    Raises
    ------
    CannotMeasure
        If a process fails, or does not measure all of the benchmarks.
    """
    found: dict[str, list[Observation]] = {base.name: [], head.name: []}
    peaks = measure.reset_peak()  # else some have none, see `amounts`
    for _ in range(PROCESSES):
        for build in (base, head):  # one by one, to disturb each other less
            (one,) = observe([build], suite, core=core, amounts=True, names=names, timeout=300)
            measured = set(one.counters) & set(one.peak_bytes) if peaks else set(one.counters)
            if missing := sorted(names - measured):
                raise CannotMeasure(f"{build.name}: no memory and counts of {', '.join(missing)}: {one.errors}")
            found[build.name].append(one)
    return amounts(_middle(found[base.name]), _middle(found[head.name]))


def _middle(several: Sequence[Observation]) -> Observation:
    peaks = _medians("peak memory", [one.peak_bytes for one in several])
    counters = {name: _medians(name, [one.counters[name] for one in several]) for name in several[0].counters}
    return Observation({}, peaks, counters)


def _medians(what: str, several: Sequence[Mapping[str, int]]) -> dict[str, int]:
    if any(set(one) != set(several[0]) for one in several):
        raise CannotMeasure(f"{what}: not every process of a build has the same: {[sorted(one) for one in several]}")
    return {name: median_low(one[name] for one in several) for name in several[0]}


def amounts(base: Observation, head: Observation) -> Amounts:
    """Peak memory and counters of the benchmarks that both observations have."""
    quantity = "peak memory" if measure.reset_peak() else "peak memory of Python and NumPy"
    memory = [
        Amount(name, quantity, base.peak_bytes[name], peak, PEAK, PEAK_SLACK, unit="B")
        for name, peak in head.peak_bytes.items()
        if name in base.peak_bytes
    ]
    counters = []
    for name, counted in head.counters.items():
        for quantity, count in counted.items():
            if quantity in base.counters.get(name, {}):
                limit, slack, blocking = LIMITS[quantity]
                unit = "B" if quantity == "allocated" else ""
                before = base.counters[name][quantity]
                counters.append(Amount(name, quantity, before, count, limit, slack, unit=unit, blocking=blocking))
    return tuple(memory), tuple(counters)
