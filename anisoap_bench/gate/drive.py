"""Observations: processes that run at the same time, one of each build, and two that take turns."""

from __future__ import annotations

import itertools
import json
import os
import socket
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.process import Command, Finished, environment, run_together
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
        Peak memory in bytes, and counts, of one call, by benchmark and quantity.
    errors : dict
        Why a benchmark could not be run.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    amounts: dict[str, dict[str, int]] = field(default_factory=dict)
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
    names: frozenset[str] | None = None,
    only: str = "",
) -> list[Observation]:
    """Run one process of each build, all at once, for what does not depend on time: see `observe_pair` for times.

    Parameters
    ----------
    builds : sequence of Build
    suite : pathlib.Path
        As `prepare_suite` made it.
    core : int or None
        The first process is pinned to it, and the others to others where there are any; None: no process is pinned.
    timeout : float
        Seconds.
    amounts : bool
        Measure peak memory and counters, not time.
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
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        processes = [
            _Process(build, suite, Path(folder) / str(number), names, only, amounts)
            for number, build in enumerate(builds)
        ]
        cores = itertools.cycle([core, *others])
        commands = [process.command(core=each) for process, each in zip(processes, cores, strict=False)]
        finished = run_together(commands, timeout=timeout)
        return [process.read(done) for process, done in zip(processes, finished, strict=True)]


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

    Parameters
    ----------
    first, second : Build
        The first one begins, see `take_turns`.
    suite, core, timeout, names
        As of `observe`; rounds are pinned, what is between them is not.

    Raises
    ------
    CannotMeasure
        If one fails as a whole, or cannot run a benchmark: after that it may be out of turn.
    """
    with tempfile.TemporaryDirectory(prefix="gate-") as folder, ExitStack() as stack:
        pair = [_Process(build, suite, Path(folder) / name, names) for build, name in ((first, "0"), (second, "1"))]
        lines = [socket.socketpair() for _ in pair]
        for end in itertools.chain(*lines):
            stack.enter_context(end)
        commands = [
            process.command(core=None, turns=(theirs, core)) for process, (_, theirs) in zip(pair, lines, strict=True)
        ]

        def meanwhile(deadline: float) -> None:
            for _, theirs in lines:
                theirs.close()  # else nothing would tell us that one has ended
            take_turns([ours for ours, _ in lines], deadline)

        finished = run_together(commands, timeout=timeout, meanwhile=meanwhile)
        found = [process.read(done) for process, done in zip(pair, finished, strict=True)]
        for process, observation in zip(pair, found, strict=True):
            if observation.errors:
                raise CannotMeasure(f"{process.build.name} cannot run these benchmarks now: {observation.errors}")
        return found


@dataclass(frozen=True)
class _Process:
    """A process of one build, with a folder for what it writes, which is made."""

    build: Build
    suite: Path
    folder: Path
    names: frozenset[str] | None
    only: str = ""
    amounts: bool = False

    @property
    def out(self) -> Path:
        return self.folder / "out.json"

    def command(self, *, core: int | None, turns: tuple[socket.socket, int | None] | None = None) -> Command:
        empty = self.folder / "empty"
        empty.mkdir(parents=True)
        asked = {
            "target": str(self.build.folder),
            "core": core,
            "amounts": self.amounts,
            "names": None if self.names is None else sorted(self.names),
            "only": self.only,
            "out": str(self.out),
        }
        settings = {**variables(self.build, self.suite), **(STEADY_MEMORY if self.amounts else KEPT_MEMORY)}
        if turns:
            settings[TURNS] = words_for(*turns)
        words = (sys.executable, self.suite / "worker.py", json.dumps(asked))
        return Command(words, empty, settings, files=(turns[0].fileno(),) if turns else ())

    def read(self, done: Finished) -> Observation:
        if done.code or not self.out.exists():
            how = f"failed with code {done.code}" if done.code else "ended before it was done"
            raise CannotMeasure(f"a process of {self.build.name} {how}:\n{done.tail}")
        return Observation(**json.loads(self.out.read_text()))


def warm_up(builds: Sequence[Build], suite: Path, *, core: int | None, only: str = "") -> list[Observation]:
    """A process of each build that is not measured: it compiles what later ones load, and tells what can be run.

    One in which anything fails is tried again, as that counts as broken from here on.
    """
    found = observe(builds, suite, core=core, timeout=600, only=only)
    failed = [build for build, one in zip(builds, found, strict=True) if one.errors]
    again = iter(observe(failed, suite, core=core, timeout=600, only=only) if failed else [])
    return [next(again) if one.errors else one for one in found]


def default_core() -> int | None:
    """The last core that this process may use; None where processes cannot be pinned."""
    return max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
