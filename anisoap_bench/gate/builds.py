"""Builds of many commits, each made once, and the benchmarks that all of them are measured with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from anisoap_bench.gate.build import Build, build, export
from anisoap_bench.gate.suite import prepare_suite
from anisoap_bench.terminal import note


class Builds:
    """Wheels of commits, built and installed below a folder when they are first asked for.

    Parameters
    ----------
    root : pathlib.Path
        The repository.
    commits : sequence of str
        Hashes.
    benchmarks : str
        Hash of the commit whose benchmarks all are measured with.
    folder : pathlib.Path
        Empty.

    Attributes
    ----------
    made : dict
        By position in `commits`.
    files, suite : pathlib.Path
        All files of that commit, and its benchmarks as `prepare_suite` made them.

    Raises
    ------
    CannotMeasure
        If that commit has no benchmarks.
    """

    def __init__(self, root: Path, commits: Sequence[str], benchmarks: str, folder: Path) -> None:
        self.root, self.commits, self.folder = root, commits, folder
        self.made: dict[int, Build] = {}
        self.files = export(root, benchmarks, folder / "files")
        self.suite = prepare_suite(self.files, folder / "suite")

    def get(self, commit: int) -> Build:
        """The build of one; CannotMeasure if it cannot be built."""
        if commit not in self.made:
            name = self.commits[commit][:10]  # equally long for all
            note(f"building {name}")
            source = export(self.root, self.commits[commit], self.folder / f"source-of-{name}")
            self.made[commit] = build(source, self.commits[commit], self.folder / name)
        return self.made[commit]
