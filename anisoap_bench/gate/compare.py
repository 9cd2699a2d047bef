"""One run of the gate: build, check the numbers, measure memory, measure time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import drive, fidelity
from anisoap_bench.gate.build import build, export
from anisoap_bench.gate.drive import Observation
from anisoap_bench.gate.memory import compare_amounts
from anisoap_bench.gate.result import Check, GateResult
from anisoap_bench.gate.sequence import decide

Say = Callable[[str], None]


def compare_commits(
    started: GateResult, root: Path, folder: Path, *, dirty: bool, core: int | None, only: str, say: Say
) -> GateResult:
    """Compare two commits; what cannot be measured is a message in the result, beside all that was found before.

    Parameters
    ----------
    started : GateResult
        With the two hashes and the conditions of the run.
    root : pathlib.Path
        The repository.
    folder : pathlib.Path
        Empty; everything is written below it.
    dirty : bool
        Take the working tree's files for head's.
    core : int or None
        Measured processes are pinned to it.
    only : str
        Measure the benchmarks with this in their name.
    say : callable
        Is told what is done now.
    """
    result = started
    try:
        say("building base and head")
        before = export(root, result.base, folder / "source-of-base")
        base = build(before, result.base, folder / "base")
        source = export(root, None if dirty else result.head, folder / "source-of-head")
        head = build(source, result.head, folder / "head")
        suite = drive.prepare_suite(source, folder / "suite")

        say("comparing numbers")
        checks, new = fidelity.fidelity(base, head, suite, source)
        result = replace(result, fidelity=tuple(checks), new=tuple(new))
        if result.wrong:
            return result

        say("compiling, and finding out what can be run")
        able = [drive.warm_up(each, suite, core=core, only=only) for each in (base, head)]
        names, new, broken = sort_out(*able)
        listed = drive.names_in(before, suite / "pytest.ini") - able[1].seconds.keys() - able[1].errors.keys()
        gone = sorted(name for name in listed if only in name)
        result = replace(result, fidelity=(*result.fidelity, *broken), new=(*result.new, *new), gone=tuple(gone))
        if result.wrong:
            return result

        say("measuring memory and counting operations")
        memory, counters = compare_amounts(base, head, suite, core, names)
        result = replace(result, memory=memory, counters=counters)
        return replace(result, decision=decide(drive.source_of(base, head, suite, core, names, say)))
    except CannotMeasure as error:
        return replace(result, message=str(error))


def sort_out(base: Observation, head: Observation) -> tuple[frozenset[str], list[str], list[Check]]:
    """Which benchmarks to compare; which are new; and a failed check for each that head can no longer run.

    Raises
    ------
    CannotMeasure
        If a benchmark runs with neither package, or none is left.
    """
    both = frozenset(set(base.seconds) & set(head.seconds))
    only_head = sorted(set(head.seconds) - both)
    new = [f"{name} (base: {base.errors.get(name, 'not run')})" for name in only_head]
    broken: list[Check] = []
    for name, error in sorted(head.errors.items()):
        if name not in base.seconds:
            raise CannotMeasure(f"{name} runs with neither package; with head: {error}")
        broken.append(Check(f"benchmark {name}", False, f"base can run it, head cannot: {error}"))
    for name in sorted(base.seconds.keys() - head.seconds.keys() - head.errors.keys()):
        broken.append(Check(f"benchmark {name}", False, "base can run it, with head it is not there"))
    if not both and not broken:
        raise CannotMeasure("base and head have no benchmark in common, or none was asked for")
    return both, new, broken
