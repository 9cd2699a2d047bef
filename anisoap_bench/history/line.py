"""The commits along the first parents of HEAD: their order, and which of them can have changed a benchmark."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any

from anisoap_bench.commits import select
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import BUILT_FROM
from anisoap_bench.git import git, shallow_hint

FIRST = 10
"""Commits of a history that begins."""


class FirstParents:
    """Of a checkout.

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

    def __init__(self, root: Path, libraries: list[str]) -> None:
        if hint := shallow_hint(root):
            raise CannotMeasure(f"a history needs all commits{hint}")
        self.root, self.libraries = root, libraries
        hashes = git("rev-list", "--first-parent", "--reverse", "HEAD", folder=root).split()
        self.numbers = {name: number for number, name in enumerate(hashes, 1)}
        self.changing = git("rev-list", "--first-parent", "HEAD", "--", *BUILT_FROM, folder=root).split()[::-1]

    def select(self, wanted: str, measured: set[str]) -> list[str]:
        """Commits of a range that can have changed something, the oldest first, after the one before them.

        Those after the newest one measured, NEW, are the last FIRST where none is.
        """
        wanted = str(FIRST) if wanted == "NEW" and not measured else wanted
        try:
            commits = select(wanted, self.root, measured, BUILT_FROM)[::-1]
        except CannotMeasure:
            select(wanted, self.root, measured, [])  # there is no such range, or nothing in it changes a wheel
            return []
        if strange := [one for one in commits if one not in self.numbers]:
            raise CannotMeasure(f"{strange[0][:10]} is not among the first parents of HEAD")
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


def versions_of(libraries: list[str]) -> dict[str, str]:
    """Of Python, and of those libraries that are installed; without what tells builds of one version apart."""
    found = {"python": ".".join(python_version().split(".")[:2])}
    for name in libraries:
        try:
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            continue
    return found
