"""Builds of many commits, each made once, and the benchmarks that all of them are measured with."""

from __future__ import annotations

import shutil
from pathlib import Path

from anisoap_bench.gate.build import Build, build, export
from anisoap_bench.gate.suite import prepare_suite
from anisoap_bench.terminal import note

READY = "ready"
"""End of the name of a file that is there once a build is complete."""


class Builds:
    """Wheels of commits, built and installed below a folder when they are first asked for.

    Parameters
    ----------
    root : pathlib.Path
        The repository.
    benchmarks : str
        Hash of the commit whose benchmarks all are measured with.
    folder : pathlib.Path
        Empty.
    kept : pathlib.Path, optional
        Where builds go, and those of earlier runs are taken from; by default below the folder.

    Attributes
    ----------
    suite : pathlib.Path
        The benchmarks of that commit as `prepare_suite` made them.
    compiled : set of (str, str)
        Hashes, and texts in the names of benchmarks: that all that these need was compiled. The caller's to keep.

    Raises
    ------
    CannotMeasure
        If that commit has no benchmarks.
    """

    def __init__(self, root: Path, benchmarks: str, folder: Path, kept: Path | None = None) -> None:
        self.root, self.folder, self.kept = root, folder, kept or folder / "builds"
        self.kept.mkdir(parents=True, exist_ok=True)
        self.suite = prepare_suite(export(root, benchmarks, folder / "files"), folder / "suite")
        self.compiled: set[tuple[str, str]] = set()

    def get(self, commit: str) -> Build:
        """The build of one; CannotMeasure if it cannot be built."""
        name = commit[:10]  # equally long for all
        made, mark = Build(name, self.kept / name, commit), self._mark(name)
        if not mark.exists():
            self.forget(commit)  # what an interrupt has left
            note(f"building {name}")
            source = export(self.root, commit, self.folder / f"source-of-{name}")
            made = build(source, commit, self.kept / name)
            shutil.rmtree(source)
            mark.touch()
        return made

    def forget(self, commit: str) -> None:
        """Delete a build, with what was compiled for it."""
        name = commit[:10]
        self._mark(name).unlink(missing_ok=True)
        for folder in self.kept.glob(f"{name}*"):
            shutil.rmtree(folder)

    def forget_all_but(self, *commits: str) -> None:
        """Delete the builds of other commits, whole or not."""
        for name in {path.name[:10] for path in self.kept.iterdir()} - {commit[:10] for commit in commits}:
            self.forget(name)

    def _mark(self, name: str) -> Path:
        return self.kept / f"{name}.{READY}"
