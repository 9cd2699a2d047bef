"""One run of the gate: build, check the numbers, measure memory, measure time."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import drive, fidelity
from anisoap_bench.gate.build import Build, build, export
from anisoap_bench.gate.drive import Observation
from anisoap_bench.gate.memory import compare_amounts
from anisoap_bench.gate.pairs import PairSource
from anisoap_bench.gate.result import Check, GateResult
from anisoap_bench.gate.sequence import decide
from anisoap_bench.gate.suite import benchmarks_in, prepare_suite

Say = Callable[[str], None]


def compare_commits(
    started: GateResult,
    root: Path,
    folder: Path,
    *,
    dirty: bool,
    core: int | None,
    only: str,
    deadline: float,
    say: Say,
) -> GateResult:
    """Compare two commits; what ended it early is a message in the result, beside all that was found before.

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
        Whatever is timed is pinned to it.
    only : str
        Measure the benchmarks with this in their name.
    deadline : float
        On the clock of `time.monotonic`: no pairs are begun, after the first few, that would end later.
    say : callable
        Is told what is done now.
    """
    result = started
    try:
        say("building base and head")
        base_files = export(root, result.base, folder / "source-of-base")
        base = build(base_files, result.base, folder / "base")
        head_files = export(root, None if dirty else result.head, folder / "source-of-head")
        head = build(head_files, result.head, folder / "head")
        suite = prepare_suite(head_files, folder / "suite")

        say("comparing numbers")
        result = replace(result, fidelity=(fidelity.run_tests(head, suite, head_files),))
        checks, new, uncompared = fidelity.compare_descriptors(base, head, suite)
        result = replace(result, fidelity=(*result.fidelity, *checks), new=tuple(new), uncompared=uncompared)
        if result.wrong:
            return result

        say("compiling, and finding out what can be run")
        of_base, of_head = _warm_up((base, head), suite, core, only)
        known, problem = benchmarks_in(base_files, suite / "pytest.ini")
        names, new, uncompared, broken = sort_out(of_base, of_head, {name for name in known if only in name})
        uncompared |= {"benchmarks of base's files": problem} if problem else {}
        result = replace(
            result,
            fidelity=(*result.fidelity, *broken),
            new=(*result.new, *new),
            uncompared={**result.uncompared, **uncompared},
        )
        if result.wrong:
            return result

        say("measuring memory and counting operations")
        memory, counters = compare_amounts(base, head, suite, core, names)
        result = replace(result, memory=memory, counters=counters)
        pairs = PairSource(base, head, suite, core, names, deadline=deadline, say=say)
        return replace(result, decision=decide(pairs, fits=pairs.fits))
    except CannotMeasure as error:
        return replace(result, message=str(error))
    except KeyboardInterrupt:
        return replace(result, message="interrupted")
    except Exception as error:
        say(traceback.format_exc())
        return replace(result, message=f"{type(error).__name__}: {error}")


def _warm_up(builds: Sequence[Build], suite: Path, core: int | None, only: str) -> list[Observation]:
    """What each build can run; one at which anything fails is tried again, as that counts as broken from here on."""
    found = drive.warm_up(builds, suite, core=core, only=only)
    failed = [build for build, one in zip(builds, found, strict=True) if one.errors]
    again = iter(drive.warm_up(failed, suite, core=core, only=only) if failed else [])
    return [next(again) if one.errors else one for one in found]


def sort_out(
    base: Observation, head: Observation, known: Set[str]
) -> tuple[frozenset[str], list[str], dict[str, str], list[Check]]:
    """Which benchmarks to compare; which are new; why others cannot be compared; a failed check for each broken one.

    Parameters
    ----------
    base, head : Observation
        Of head's files, with either package.
    known : set of str
        Benchmarks in base's own files.

    Raises
    ------
    CannotMeasure
        If none is left.
    """
    both = frozenset(set(base.seconds) & set(head.seconds))
    new: list[str] = []
    uncompared = {name: "head's files have it no more" for name in sorted(known - {*head.seconds, *head.errors})}
    for name in sorted(set(head.seconds) - both):
        why = base.errors.get(name, "not run")
        if name in known:
            uncompared[name] = f"base cannot run it as head's files have it: {why}"
        else:
            new.append(f"{name} (base: {why})")
    broken: list[Check] = []
    for name, error in sorted(head.errors.items()):
        if name in base.seconds:
            broken.append(Check(f"benchmark {name}", False, f"base can run it, head cannot: {error}"))
        else:
            uncompared[name] = f"runs with neither package; with head: {error}"
    for name in sorted(base.seconds.keys() - head.seconds.keys() - head.errors.keys()):
        broken.append(Check(f"benchmark {name}", False, "base can run it, with head it is not there"))
    if not both and not broken:
        why = "".join(f"; {name}: {words}" for name, words in uncompared.items())
        raise CannotMeasure(f"base and head have no benchmark in common, or none was asked for{why}")
    return both, new, uncompared, broken
