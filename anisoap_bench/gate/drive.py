"""Observations: processes that run at the same time, one of each build, perhaps in turns."""

from __future__ import annotations

import itertools
import json
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.process import Command, environment, run_together
from anisoap_bench.gate.suite import INPUTS
from anisoap_bench.gate.turns import VARIABLE as TURNS
from anisoap_bench.gate.turns import take_turns, words_for

# Large blocks go back to the system when they are freed, and none grows to a huge page: peaks repeat to a few percent.
STEADY_MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "MALLOC_TOP_PAD_": "0",
    "NUMPY_MADVISE_HUGEPAGE": "0",
}
# Freed memory is kept: else whether a call has to ask the system for pages, which takes up to a third of its time,
# depends on what the calls before it have freed.
KEPT_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": "33554432",  # the largest that glibc takes
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
}


@dataclass(frozen=True)
class Observation:
    """What one process measured.

    Attributes
    ----------
    seconds : dict
        Of one call, by benchmark: the median of its rounds.
    amounts : dict of dict
        Peak memory in bytes, counts, and the largest relative error, of one call, by benchmark and quantity.
    lines : dict of list
        By benchmark the lines that hold memory at the peak of a call: file, number, function, bytes.
    errors : dict
        Why a benchmark could not be run.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    amounts: dict[str, dict[str, float]] = field(default_factory=dict)
    lines: dict[str, list[tuple[str, int, str, int]]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def variables(build: Build, suite: Path) -> dict[str, str]:
    """Environment of a process that imports one build; the two builds' have the same length."""
    return environment(
        PYTHONPATH=str(build.folder),
        NUMBA_CACHE_DIR=str(build.cache),
        ANISOAP_GATE_INPUTS=str(suite / INPUTS),
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
    )


def observe(
    builds: Sequence[Build],
    suite: Path,
    *,
    core: int | None,
    timeout: float = 120,
    amounts: bool = False,
    lines: bool = False,
    names: frozenset[str] | None = None,
    only: str = "",
    turns: bool = False,
) -> list[Observation]:
    """Run one process of each build, all at once.

    Parameters
    ----------
    suite : pathlib.Path
        As `prepare_suite` made it.
    core : int or None
        The first process is pinned to it, and the others to others where there are any; None: no process is pinned.
    amounts : bool
        Measure peak memory, counters and errors, not time.
    lines : bool
        Find out which lines hold memory, not how long it takes.
    names : frozenset of str, optional
        Run these benchmarks: all by default.
    only : str
        Run the benchmarks with this in their name.
    turns : bool
        They take turns round by round, the first one begins, so that what the machine does meanwhile meets all. Rounds
        are pinned to the core, what is between them is not. Else no times are to be compared.

    Raises
    ------
    CannotMeasure
        If a process fails as a whole, for example because it imported another package than the build's.
    """
    others = sorted(os.sched_getaffinity(0) - {core}) if core is not None and hasattr(os, "sched_getaffinity") else []
    asked = {"amounts": amounts, "lines": lines, "only": only, "names": None if names is None else sorted(names)}
    memory = STEADY_MEMORY if amounts or lines else KEPT_MEMORY
    with tempfile.TemporaryDirectory(prefix="gate-") as folder, ExitStack() as stack:
        sockets = [socket.socketpair() for _ in builds] if turns else []
        for end in itertools.chain(*sockets):
            stack.enter_context(end)
        commands = []
        for number, (build, its_core) in enumerate(zip(builds, itertools.cycle([core, *others]), strict=False)):
            theirs = sockets[number][1] if turns else None
            commands.append(
                script(
                    build,
                    suite,
                    Path(folder) / f"{number}.json",
                    "worker.py",
                    {**asked, "core": None if turns else its_core},
                    {**memory, **({TURNS: words_for(theirs, core)} if theirs else {})},
                    (theirs.fileno(),) if theirs else (),
                )
            )

        def meanwhile(deadline: float) -> None:
            for _, theirs in sockets:
                theirs.close()  # else nothing would tell us that one has ended
            take_turns([ours for ours, _ in sockets], deadline)

        return [Observation(**found) for found in run_scripts(commands, timeout, meanwhile)]


def observe_pair(
    first: Build,
    second: Build,
    suite: Path,
    *,
    core: int | None,
    timeout: float = 240,
    names: frozenset[str] | None = None,
) -> list[Observation]:
    """Run two processes that take turns, see `observe`; the first one begins.

    Raises
    ------
    CannotMeasure
        If one fails as a whole, or cannot run a benchmark: after that it may be out of turn.
    """
    builds = (first, second)
    found = observe(builds, suite, core=core, timeout=timeout, names=names, turns=True)
    for build, one in zip(builds, found, strict=True):
        if one.errors:
            raise CannotMeasure(f"{build.name} cannot run these benchmarks now: {one.errors}")
    return found


def script(
    build: Build,
    suite: Path,
    out: Path,
    name: str,
    asked: Mapping[str, Any],
    more: Mapping[str, str] | None = None,
    files: tuple[int, ...] = (),
) -> Command:
    """A process of one build that does what a script of the suite is asked to; it starts in a folder of its own."""
    folder = out.with_suffix("")
    folder.mkdir()
    words = json.dumps({**asked, "target": str(build.folder), "out": str(out)})
    return Command((sys.executable, suite / name, words), folder, {**variables(build, suite), **(more or {})}, files)


def run_scripts(
    commands: Sequence[Command], timeout: float, meanwhile: Callable[[float], None] = lambda deadline: None
) -> list[dict[str, Any]]:
    """What the processes of `script` have written as JSON; CannotMeasure if one has not done its work."""
    found = []
    finished = run_together(commands, timeout=timeout, meanwhile=meanwhile)
    for command, done in zip(commands, finished, strict=True):
        asked = json.loads(str(command.words[-1]))
        out = Path(asked["out"])
        if done.code or not out.exists():
            how = f"failed with code {done.code}" if done.code else "ended before it was done"
            raise CannotMeasure(f"a process of {Path(asked['target']).name} {how}:\n{done.tail}")
        found.append(json.loads(out.read_text()))
    return found


def warm_up(builds: Sequence[Build], suite: Path, *, core: int | None, only: str = "") -> list[Observation]:
    """A process of each build that is not measured: it compiles what later ones load, and tells what can be run.

    One in which anything fails is tried again, as that counts as broken from here on.
    """
    found = observe(builds, suite, core=core, timeout=600, only=only)
    failed = [build for build, one in zip(builds, found, strict=True) if one.errors]
    again = iter(observe(failed, suite, core=core, timeout=600, only=only) if failed else [])
    return [next(again) if one.errors else one for one in found]


def core_to_use(asked: int | None) -> int | None:
    """The one that is asked for, else the last one that this process may use; None where processes cannot be pinned."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    usable = sorted(os.sched_getaffinity(0))
    if asked is not None and asked not in usable:
        raise CannotMeasure(f"there is no core {asked}, or it may not be used; there are {usable}")
    return usable[-1] if asked is None else asked
