"""Observations: processes that run at the same time, one of each build, and two that take turns."""

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


OUT = ".json"
"""Of the file that a process writes, after the name of the folder that it starts in."""


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
) -> list[Observation]:
    """Run one process of each build, all at once, for what does not depend on time: see `observe_pair` for times.

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

    Raises
    ------
    CannotMeasure
        If a process fails as a whole, for example because it imported another package than the build's.
    """
    others = sorted(os.sched_getaffinity(0) - {core}) if core is not None and hasattr(os, "sched_getaffinity") else []
    asked = _asked(names, amounts=amounts, lines=lines, only=only)
    memory = STEADY_MEMORY if amounts or lines else KEPT_MEMORY
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        commands = [
            _command(build, suite, Path(folder) / str(number), {**asked, "core": its_core}, memory)
            for number, (build, its_core) in enumerate(zip(builds, itertools.cycle([core, *others]), strict=False))
        ]
        return _run(builds, commands, timeout)


def observe_pair(
    first: Build,
    second: Build,
    suite: Path,
    *,
    core: int | None,
    timeout: float = 240,
    names: frozenset[str] | None = None,
) -> list[Observation]:
    """Run two processes that take turns round by round, so that what the machine does meanwhile meets both.

    The first one begins. Arguments are those of `observe`; rounds are pinned, what is between them is not.

    Raises
    ------
    CannotMeasure
        If one fails as a whole, or cannot run a benchmark: after that it may be out of turn.
    """
    builds = (first, second)
    asked = _asked(names, core=None)
    with tempfile.TemporaryDirectory(prefix="gate-") as folder, ExitStack() as stack:
        lines = [socket.socketpair() for _ in builds]
        for end in itertools.chain(*lines):
            stack.enter_context(end)
        commands = []
        for number, (build, (_, theirs)) in enumerate(zip(builds, lines, strict=True)):
            more = {**KEPT_MEMORY, TURNS: words_for(theirs, core)}
            commands.append(_command(build, suite, Path(folder) / str(number), asked, more, theirs.fileno()))

        def meanwhile(deadline: float) -> None:
            for _, theirs in lines:
                theirs.close()  # else nothing would tell us that one has ended
            take_turns([ours for ours, _ in lines], deadline)

        found = _run(builds, commands, timeout, meanwhile)
    for build, one in zip(builds, found, strict=True):
        if one.errors:
            raise CannotMeasure(f"{build.name} cannot run these benchmarks now: {one.errors}")
    return found


def _asked(names: frozenset[str] | None, **more: Any) -> dict[str, Any]:
    """What a process is to do, as its script reads it: to measure times of all benchmarks, unless more is said."""
    names_or_all = None if names is None else sorted(names)
    return {"amounts": False, "lines": False, "only": "", "names": names_or_all, **more}


def _command(
    build: Build, suite: Path, folder: Path, asked: Mapping[str, Any], more: Mapping[str, str], *files: int
) -> Command:
    """A process of one build, which starts in a new folder and writes `OUT` beside it."""
    folder.mkdir()
    asked = {**asked, "target": str(build.folder), "out": str(folder.with_name(folder.name + OUT))}
    words = (sys.executable, suite / "worker.py", json.dumps(asked))
    return Command(words, folder, {**variables(build, suite), **more}, files)


def _run(
    builds: Sequence[Build],
    commands: Sequence[Command],
    timeout: float,
    meanwhile: Callable[[float], None] = lambda deadline: None,
) -> list[Observation]:
    """What the processes have written."""
    observations = []
    finished = run_together(commands, timeout=timeout, meanwhile=meanwhile)
    for build, command, done in zip(builds, commands, finished, strict=True):
        out = command.folder.with_name(command.folder.name + OUT)
        if done.code or not out.exists():
            how = f"failed with code {done.code}" if done.code else "ended before it was done"
            raise CannotMeasure(f"a process of {build.name} {how}:\n{done.tail}")
        observations.append(Observation(**json.loads(out.read_text())))
    return observations


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
