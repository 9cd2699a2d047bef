"""One run of the gate: build, check the numbers, measure memory, measure time, and explain what is worse."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from functools import partial
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import fidelity
from anisoap_bench.gate.build import Build, build, export
from anisoap_bench.gate.drive import Observation, observe, warm_up
from anisoap_bench.gate.memory import compare_amounts
from anisoap_bench.gate.pairs import PairSource
from anisoap_bench.gate.result import Comparison, Decision, FidelityCheck, GateResult
from anisoap_bench.gate.sequence import decide
from anisoap_bench.gate.suite import benchmarks_in, prepare_suite
from anisoap_bench.gate.why import Why, allocating_lines, explain
from anisoap_bench.gate.worker import has_text
from anisoap_bench.terminal import note

FAR = 5.0
"""What takes so many times as long in two processes is slower without further ado: noise makes no such ratios."""
EXPLAINED = 3
"""So many benchmarks at most, of those that are slower and of those that need more memory."""


def compare_commits(
    result: GateResult, root: Path, folder: Path, *, dirty: bool, core: int | None, deadline: float
) -> Iterator[GateResult]:
    """Compare two commits; gives the result again whenever it knows more, so that what ends it early loses nothing.

    Parameters
    ----------
    result : GateResult
        With the two hashes and the conditions of the run.
    root : pathlib.Path
        The repository.
    folder : pathlib.Path
        Empty; everything is written below it.
    dirty : bool
        Take the working tree's files for head's.
    core : int or None
        Whatever is timed is pinned to it.
    deadline : float
        On the clock of `time.monotonic`: no pairs are begun, after the first few, that would end later.
    """
    note("building base and head")
    base_files = export(root, result.base, folder / "source-of-base")
    base = build(base_files, result.base, folder / "base")
    head_files = export(root, None if dirty else result.head, folder / "source-of-head")
    head = build(head_files, result.head, folder / "head")
    suite = prepare_suite(head_files, folder / "suite")

    note("comparing numbers")
    result = result.with_more(fidelity=[fidelity.run_tests(head, suite, head_files)])
    yield result
    checks, new, uncompared = fidelity.compare_descriptors(base, head, suite)
    result = result.with_more(fidelity=checks, new=new, uncompared=uncompared)
    yield result
    if result.wrong:
        return

    note("compiling, and finding out what can be run")
    of_base, of_head = warm_up((base, head), suite, core=core, only=result.only)
    known, problem = benchmarks_in(base_files, suite / "pytest.ini")
    names, new, uncompared, broken = sort_out(of_base, of_head, {name for name in known if has_text(name, result.only)})
    uncompared |= {"benchmarks of base's files": problem} if problem else {}
    result = result.with_more(fidelity=broken, new=new, uncompared=uncompared)
    yield result
    if result.wrong:
        return

    far = far_behind(
        of_base, of_head, names, lambda some: observe((base, head), suite, core=core, timeout=600, names=some)
    )
    if far:
        result = replace(result, decision=Decision(far, 0, 0))
        yield result
    if names := names - {one.name for one in far}:
        note("measuring memory and counting operations")
        memory, counters = compare_amounts(base, head, suite, core, names)
        result = replace(result, memory=memory, counters=counters)
        yield result
        pairs = PairSource(base, head, suite, core, deadline)
        decision = decide(pairs, sorted(names), pairs.fits)
        result = replace(result, decision=replace(decision, comparisons=(*far, *decision.comparisons)))
        yield result
    yield from _explained(result, base, head, suite, core, deadline)


def far_behind(
    base: Observation, head: Observation, names: Iterable[str], again: Callable[[frozenset[str]], Sequence[Observation]]
) -> tuple[Comparison, ...]:
    """Benchmarks that take many times as long in head, twice: they need no pairs, for which there may be no time.

    Parameters
    ----------
    base, head : Observation
        Of a process of each, which ran at the same time.
    again : callable
        Gives observations of some benchmarks by a new process of each.
    """
    slow = frozenset(name for name in names if head.seconds[name] > FAR * base.seconds[name])
    if not slow:
        return ()
    note(f"more than {FAR:g} times as long in head; looking again: {', '.join(sorted(slow))}")
    observed = [(base, head), tuple(again(slow))]
    found = []
    for name in sorted(slow):
        ratios = [after.seconds.get(name, 0.0) / before.seconds.get(name, math.inf) for before, after in observed]
        if min(ratios) > FAR:
            ratio, low, high = math.prod(ratios) ** 0.5, min(ratios), max(ratios)
            found.append(Comparison(name, len(ratios), ratio, low, high, None, "slower", confirmed=True))
    return tuple(found)


def _explained(
    result: GateResult, base: Build, head: Build, suite: Path, core: int | None, deadline: float
) -> Iterator[GateResult]:
    """The result with the stages of what is slower and the lines of what needs more memory, as long as time is left.

    What grew most comes first. What cannot be explained decides nothing.
    """
    comparisons = result.decision.comparisons if result.decision else ()
    slower = sorted((one for one in comparisons if one.verdict == "slower"), key=lambda one: -one.ratio)
    over = sorted((one for one in result.over if one.unit == "B"), key=lambda one: -one.ratio)
    steps: list[tuple[str, Callable[[], Why]]] = [
        (name, partial(explain, base, head, suite, core, name, deadline=deadline))
        for name in [one.name for one in slower][:EXPLAINED]
    ]
    steps += [
        (name, partial(allocating_lines, base, head, suite, core, name))
        for name in list(dict.fromkeys(one.benchmark for one in over))[:EXPLAINED]
    ]
    for name, step in steps:
        if time.monotonic() > deadline:
            return
        note(f"explaining {name}")
        try:
            found = step()
        except CannotMeasure as error:
            found = Why(name, f"not explained: {error}")
        result = replace(result, why=(*result.why, found))
        yield result


def sort_out(
    base: Observation, head: Observation, known: Set[str]
) -> tuple[frozenset[str], list[str], dict[str, str], list[FidelityCheck]]:
    """Which benchmarks to compare; which are new; why others cannot be compared; a failed check for each broken one.

    The observations are of head's files with either package; known are the benchmarks in base's own files. If none is
    left, CannotMeasure.
    """
    both = frozenset(set(base.seconds) & set(head.seconds))
    new: list[str] = []
    uncompared: dict[str, str] = {}
    broken: list[FidelityCheck] = []
    for name in sorted({*known, *base.seconds, *head.seconds, *head.errors} - both):
        error = head.errors.get(name)
        if name in base.seconds:
            why = f"head cannot: {error}" if error else "with head it is not there"
            broken.append(FidelityCheck(f"benchmark {name}", False, f"base can run it, {why}"))
        elif error:
            uncompared[name] = f"runs with neither package; with head: {error}"
        elif name not in head.seconds:
            uncompared[name] = "head's files have it no more"
        elif name in known:
            uncompared[name] = f"base cannot run it as head's files have it: {base.errors.get(name, 'not run')}"
        else:
            new.append(f"{name} (base: {base.errors.get(name, 'not run')})")
    if not both and not broken:
        why = "".join(f"; {name}: {words}" for name, words in uncompared.items())
        raise CannotMeasure(f"base and head have no benchmark in common, or none was asked for{why}")
    return both, new, uncompared, broken
