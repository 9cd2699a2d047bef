"""What the history and the gate ask of git."""

from __future__ import annotations

import subprocess
from pathlib import Path

from anisoap_bench.errors import CannotMeasure

RESULTS = "results/"
"""What is measured is written there, and is no part of what is measured."""


def git(*arguments: str, folder: Path = Path(".")) -> str:
    """Output of a git command, without the last line's end; CannotMeasure with git's own words if it fails."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CannotMeasure(f"git cannot be run in {folder}: {error}") from error
    if done.returncode:
        raise CannotMeasure(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.rstrip()


def commit_of(reference: str, folder: Path = Path(".")) -> str:
    """Full hash of the commit that a branch, tag or expression names."""
    try:
        return git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}", folder=folder)
    except CannotMeasure as error:
        raise CannotMeasure(f"no commit is called {reference!r}{shallow_hint(folder)}") from error


def shallow_hint(folder: Path = Path(".")) -> str:
    """What to do about a commit that may be missing because the clone is shallow; empty if it is not."""
    shallow = git("rev-parse", "--is-shallow-repository", folder=folder) == "true"
    return " (this clone is shallow: `git fetch --unshallow`)" if shallow else ""


def changed_files(folder: Path = Path(".")) -> list[str]:
    """Tracked files that differ from HEAD, and untracked ones that git does not ignore; but for those of `RESULTS`."""
    options = ("--porcelain", "-z", "--no-renames", "--untracked-files=normal")  # whatever the user's configuration
    names = [entry[3:] for entry in git("status", *options, folder=folder).split("\0") if entry]
    return [name for name in names if not name.startswith(RESULTS)]
