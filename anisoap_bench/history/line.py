"""The commits along the first parents of one: their order, and which of them can have changed a benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import BUILT_FROM
from anisoap_bench.gate.process import versions_of
from anisoap_bench.git import git, shallow_hint

FIRST = 10
"""Commits of a history that begins."""


class FirstParents:
    """Of the newest commit of a checkout, or of another one.

    Attributes
    ----------
    numbers : dict
        By hash, the oldest commit has number 1.
    changing : list of str
        Hashes of those that change something which a wheel is built from, the oldest first.

    Raises
    ------
    CannotMeasure
        If the clone is shallow, so that commits have no number.
    """

    def __init__(self, root: Path, libraries: list[str], newest: str = "HEAD") -> None:
        if hint := shallow_hint(root):
            raise CannotMeasure(f"all commits are needed{hint}")
        self.root, self.libraries, self.newest = root, libraries, newest
        hashes = git("rev-list", "--first-parent", "--reverse", newest, folder=root).split()
        self.numbers = {name: number for number, name in enumerate(hashes, 1)}
        self.changing = git("rev-list", "--first-parent", newest, "--", *BUILT_FROM, folder=root).split()[::-1]

    def select(self, wanted: str, measured: set[str]) -> list[str]:
        """Commits of a range that can have changed something, the oldest first, after the one before them.

        Parameters
        ----------
        wanted : str
            A range of `git rev-list` (``v1..HEAD``, ``HEAD^!``), a number (that many commits up to the newest), ``ALL``
            of them, or ``NEW``: those after the newest one measured, or the last FIRST where none is.

        Raises
        ------
        CannotMeasure
            If git does not know the range, or no commit is in it.
        """
        after = max((self.numbers[one] for one in measured if one in self.numbers), default=0)
        if wanted == "NEW" and after:
            commits = [one for one in self.changing if self.numbers[one] > after]
        elif wanted == "NEW" or wanted.isdecimal():
            count = FIRST if wanted == "NEW" else int(wanted)
            commits = self.changing[max(len(self.changing) - count, 0) :]
        else:
            revisions = self.newest if wanted == "ALL" else wanted
            found = git("rev-list", "--first-parent", "--end-of-options", revisions, "--", folder=self.root).split()
            if not found:
                raise CannotMeasure(f"no commit in {wanted!r}")
            if strange := [one for one in found if one not in self.numbers]:
                raise CannotMeasure(f"{strange[0][:10]} is not among the first parents of {self.newest}")
            commits = [one for one in self.changing if one in found]
        before = self.before(commits[0]) if commits else ""
        return [before, *commits] if before else commits

    def before(self, commit: str) -> str:
        """The last one before a commit that can have changed something; an empty text if there is none."""
        number = self.numbers[commit]
        return next((one for one in reversed(self.changing) if self.numbers[one] < number), "")

    def about(self, commit: str) -> dict[str, Any]:
        """What a recording says of a commit."""
        date, _, subject = git("log", "-1", "--format=%ct %s", commit, folder=self.root).partition(" ")
        known = {"before": self.before(commit), "number": self.numbers[commit]}
        return {**known, "date": 1000 * int(date), "subject": subject, "versions": versions_of(self.libraries)}
