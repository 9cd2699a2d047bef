"""Which commits a range means."""

from __future__ import annotations

from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.git import git, shallow_hint


def select(wanted: str, root: Path, measured: set[str], touching: list[str]) -> list[str]:
    """Hashes of the commits of a range, the newest first, along first parents as in asv's graphs.

    Parameters
    ----------
    wanted : str
        A range of `git rev-list` (``v1..HEAD``, ``HEAD^!``), a number (that many commits up to HEAD), ``ALL`` (all
        commits up to HEAD), or ``NEW`` (those that are not behind one of `measured`; there may be none).
    touching : list of str
        Only commits that change one of these paths; all if empty.

    Raises
    ------
    CannotMeasure
        If git does not know the range, no commit is in it, or a shallow clone may lack some of it.
    """
    options: list[str] = []
    revisions = [wanted]
    if wanted == "ALL":
        revisions = ["HEAD"]
    elif wanted == "NEW":
        known = set(git("rev-list", "HEAD", folder=root).split()) & measured
        revisions = ["HEAD", *(f"^{commit}" for commit in sorted(known))]
    elif wanted.isdecimal():
        options, revisions = [f"--max-count={wanted}"], ["HEAD"]
    elif wanted.startswith("-"):
        raise CannotMeasure(f"{wanted!r} is no range of commits")
    try:
        found = git("rev-list", "--first-parent", *options, *revisions, "--", *touching, folder=root).split()
    except CannotMeasure as error:
        raise CannotMeasure(f"{error}{shallow_hint(root)}") from error
    if not found and wanted == "NEW":
        return []
    if not found:
        paths = f" that touches {' or '.join(touching)}" if touching else ""
        raise CannotMeasure(f"no commit in {wanted!r}{paths}{shallow_hint(root)}")
    if _may_be_cut(wanted, found, root):
        raise CannotMeasure(f"commits of {wanted!r} may be missing{shallow_hint(root)}")
    return found


def _may_be_cut(wanted: str, found: list[str], root: Path) -> bool:
    """Whether a shallow clone ends within a range: at a commit whose parents it does not have."""
    if wanted.endswith("^!") or (wanted.isdecimal() and len(found) == int(wanted)):
        return False
    ends = root / git("rev-parse", "--git-path", "shallow", folder=root)
    return ends.exists() and not set(ends.read_text().split()).isdisjoint(found)
