"""Peak memory and counts of operations, base against head: one process of each build tells nearly everything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.drive import Observation, observe
from anisoap_bench.gate.result import Amount

KIB = 1024
PEAK, PEAK_SLACK = 1.10, 32 * KIB
"""Of the resident set. Where the system places a process in memory moves it by 0.05 to 0.1 MiB (standard deviation)."""

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
    """Peak memory and counters of some benchmarks; what is over its limit is measured once more.

    Returns
    -------
    memory, counters : tuples of Amount
        Of two measurements the smaller numbers count: what disturbs them only adds.
    """
    memory, counters = _once(base, head, suite, core, names)
    if any(amount.over for amount in (*memory, *counters)):
        memory, counters = _smaller((memory, counters), _once(base, head, suite, core, names))
    return memory, counters


def amounts(base: Observation, head: Observation) -> Amounts:
    """Peak memory and counters of the benchmarks that both observations have."""
    memory = [
        Amount(name, "peak memory", base.peak_bytes[name], peak, PEAK, PEAK_SLACK, unit="B")
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


def _once(base: Build, head: Build, suite: Path, core: int | None, names: frozenset[str]) -> Amounts:
    one, other = (observe(build, suite, core=core, amounts=True, names=names, timeout=300) for build in (base, head))
    for build, found in ((base, one), (head, other)):
        if missing := sorted(names - set(found.counters)):
            raise CannotMeasure(f"{build.name}: no memory and counts of {', '.join(missing)}: {found.errors}")
    return amounts(one, other)


def _smaller(one: Amounts, other: Amounts) -> Amounts:
    return _smallest(one[0], other[0]), _smallest(one[1], other[1])


def _smallest(one: tuple[Amount, ...], other: tuple[Amount, ...]) -> tuple[Amount, ...]:
    again = {(amount.benchmark, amount.quantity): amount for amount in other}
    smaller = []
    for amount in one:
        second = again.get((amount.benchmark, amount.quantity))
        if second is None:
            raise CannotMeasure(f"{amount.benchmark}: {amount.quantity} could be measured only once")
        smaller.append(replace(amount, base=min(amount.base, second.base), head=min(amount.head, second.head)))
    return tuple(smaller)
