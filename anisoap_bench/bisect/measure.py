"""What is measured at two commits: time, memory, descriptors, or how a command ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import fidelity
from anisoap_bench.gate.build import export
from anisoap_bench.gate.builds import Builds
from anisoap_bench.gate.drive import observe, observe_pair, warm_up
from anisoap_bench.gate.memory import PEAK
from anisoap_bench.gate.process import run
from anisoap_bench.terminal import note

CANNOT_TELL = 125
"""Exit code of a command, as for `git bisect run`."""
NOT_STARTED = (126, 127)
"""By these a shell says that it cannot start a command; higher ones are of no test."""
HOUR = 3600.0

Values: TypeAlias = dict[str, list[float]]
"""By name the value of base and of head."""


class Gap(Exception):
    """A commit cannot be measured; the message says why."""


class Processes:
    """Seconds or peak memory of benchmarks, in a process of either commit.

    Attributes
    ----------
    certain : bool
        Whether values are 0 or 1, and always the same.
    ready : dict
        By number the commits that take no more time to prepare, and the benchmarks that they can run.
    """

    certain = False

    def __init__(self, builds: Builds, commits: Sequence[str], *, core: int | None, memory: bool) -> None:
        self.builds, self.commits, self.core, self.memory = builds, commits, core, memory
        self.ready: dict[int, set[str]] = {}

    def prepare(self, commit: int, names: Sequence[str] = ()) -> None:
        """Build a commit and compile what these benchmarks, or all, need; Gap if it cannot run one of them."""
        if commit in self.ready and set(names) <= self.ready[commit]:
            return
        only = names[0] if len(names) == 1 else ""
        try:
            (found,) = warm_up([self.builds.get(self.commits[commit])], self.builds.suite, core=self.core, only=only)
        except CannotMeasure as error:
            raise Gap(str(error)) from error
        if missing := [name for name in names if name not in found.seconds]:
            raise Gap("; ".join(f"{name}: {found.errors.get(name, 'it is not there')}" for name in missing))
        self.ready[commit] = set(found.seconds)

    def pair(self, base: int, head: int, names: Sequence[str], *, swapped: bool) -> Values:
        """Run a process of either, in turns if time is measured; CannotMeasure if one fails."""
        order = (head, base) if swapped else (base, head)
        first, second = (self.builds.get(self.commits[commit]) for commit in order)
        asked = frozenset(names)
        if self.memory:
            found = observe([first, second], self.builds.suite, core=self.core, amounts=True, names=asked)
            measured = [
                {name: float(each[PEAK]) for name, each in one.amounts.items() if PEAK in each} for one in found
            ]
        else:
            found = observe_pair(first, second, self.builds.suite, core=self.core, names=asked)
            measured = [one.seconds for one in found]
        of = dict(zip(order, measured, strict=True))
        if missing := sorted(asked - (set(of[base]) & set(of[head]))):
            raise CannotMeasure(f"not measured, though they ran before: {', '.join(missing)}")
        return {name: [of[base][name], of[head][name]] for name in names}


class Answers:
    """What is 0 or 1 for each commit; no commit is asked twice. Attributes are those of `Processes`."""

    certain = True

    def __init__(self, ask: Callable[[int], bool]) -> None:
        self.ask = ask
        self.ready: dict[int, bool] = {}

    def prepare(self, commit: int, names: Sequence[str] = ()) -> None:
        """Ask; Gap if a commit gives no answer."""
        if commit not in self.ready:
            self.ready[commit] = self.ask(commit)

    def pair(self, base: int, head: int, names: Sequence[str], *, swapped: bool) -> Values:
        """The answers of both."""
        return {name: [float(self.ready[base]), float(self.ready[head])] for name in names}


Meter: TypeAlias = Processes | Answers


def descriptors(builds: Builds, commits: Sequence[str], wanted: str | None) -> Answers:
    """Whether descriptors differ from those of the good commit by more than the gate allows.

    If wanted, only where that is in the name of the check, as "numba float64".
    """

    def ask(commit: int) -> bool:
        try:
            made = builds.get(commits[commit])
            if commit == 0:
                return False
            checks, _, _ = fidelity.compare_descriptors(builds.get(commits[0]), made, builds.suite)
        except CannotMeasure as error:
            raise Gap(str(error)) from error
        found, checks = checks, [check for check in checks if (wanted or "") in check.name]
        if not checks:
            raise Gap(f"no check has {wanted!r} in its name, but {', '.join(check.name for check in found)}")
        wrong = [f"{check.name}: {check.detail}" for check in checks if not check.passed]
        note(f"{commits[commit][:10]}: {'; '.join(wrong) or 'the descriptors of the good commit'}")
        return bool(wrong)

    return Answers(ask)


def command(root: Path, commits: Sequence[str], folder: Path, words: str) -> Answers:
    """Whether a shell command fails, run in the files of each commit, below a folder; Python finds them first."""

    def ask(commit: int) -> bool:
        name = commits[commit][:10]
        files = export(root, commits[commit], folder / name)
        try:
            done = run(["sh", "-c", words], folder=files, variables=_importing(files), timeout=HOUR)
        except CannotMeasure as error:
            raise Gap(str(error)) from error
        if done.code == CANNOT_TELL:
            raise Gap(f"exit code {CANNOT_TELL}")
        if done.code in NOT_STARTED:
            raise Gap(f"exit code {done.code}, the command cannot be started:\n{done.tail}")
        if not 0 <= done.code < CANNOT_TELL:
            raise CannotMeasure(f"at {name} the command ended with code {done.code}:\n{done.tail}")
        note(f"{name}: exit code {done.code}")
        return done.code != 0

    return Answers(ask)


def _importing(files: Path) -> dict[str, str]:
    """The caller's environment, in which Python looks into a folder before it looks among what is installed."""
    others = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(files), *others])}
