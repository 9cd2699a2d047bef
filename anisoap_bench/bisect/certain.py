"""What does not scatter: how a command ends, or the descriptors, at as few commits as halving takes."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import fidelity
from anisoap_bench.gate.build import export
from anisoap_bench.gate.builds import Builds
from anisoap_bench.gate.process import run
from anisoap_bench.terminal import note

CANNOT_TELL = (125, 126, 127)
"""Exit codes of a command: as for `git bisect run`, and those by which a shell says that it cannot start one."""
HOUR = 3600.0

Ask: TypeAlias = Callable[[str], bool]
"""Of a commit, yes or no; CannotMeasure if it gives no answer."""


def halve(commits: Sequence[str], ask: Ask) -> tuple[list[str], dict[str, str]]:
    """The commits of which one changed the answer, and what gave none, with the reason.

    There is no such commit if the first and the last one give the same answer, and more than one where those before it
    give none. Each commit is asked once at most. CannotMeasure if the first or the last one gives no answer.
    """
    gaps: dict[str, str] = {}
    last = len(commits) - 1

    @cache
    def answer(number: int) -> bool | None:
        try:
            return ask(commits[number])
        except CannotMeasure as error:
            if number in (0, last):
                name = "bad" if number else "good"
                raise CannotMeasure(f"{name} ({commits[number][:10]}) cannot be measured: {error}") from error
            note(f"{commits[number][:10]}: {error}")
            gaps[commits[number]] = str(error)
            return None

    def known_from(number: int) -> int:
        """The first commit from here on that gives an answer."""
        return next(one for one in range(number, last + 1) if answer(one) is not None)

    def is_changed(number: int) -> bool:
        return answer(0) != answer(known_from(number))

    if not is_changed(last):
        return [], gaps
    first = bisect_left(range(last), True, lo=1, key=is_changed)
    return list(commits[first : known_from(first) + 1]), gaps


def descriptors(builds: Builds, good: str, wanted: str) -> Ask:
    """Whether descriptors differ from those of the good commit by more than the gate allows.

    Only where the wanted text is in the name of the check, as "numba float64".
    """

    def ask(commit: str) -> bool:
        made = builds.get(commit)
        if commit == good:
            return False
        found, _, _ = fidelity.compare_descriptors(builds.get(good), made, builds.suite)
        checks = [check for check in found if wanted in check.name]
        if not checks:
            raise CannotMeasure(f"no check has {wanted!r} in its name, but {', '.join(check.name for check in found)}")
        wrong = [f"{check.name}: {check.detail}" for check in checks if not check.passed]
        note(f"{commit[:10]}: {'; '.join(wrong) or 'the descriptors of the good commit'}")
        return bool(wrong)

    return ask


def command(root: Path, folder: Path, words: str) -> Ask:
    """Whether a shell command fails, run in the files of each commit, below a folder; Python finds them first."""

    def ask(commit: str) -> bool:
        files = export(root, commit, folder / commit[:10])
        paths = [str(files), *filter(None, [os.environ.get("PYTHONPATH")])]
        done = run(
            ["sh", "-c", words],
            folder=files,
            variables={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            timeout=HOUR,
        )
        if done.code < 0 or done.code >= min(CANNOT_TELL):
            raise CannotMeasure(f"exit code {done.code}:\n{done.tail}".rstrip(":\n"))
        note(f"{commit[:10]}: exit code {done.code}")
        return done.code != 0

    return ask
