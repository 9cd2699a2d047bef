"""Exported commits, wheels of them, and folders that hold one package each."""

from __future__ import annotations

from pathlib import Path

import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import Build, build, export
from tests.gate.small_repository import change, commit, git, repository, sources


def test_a_commit_is_exported_as_it_was(tmp_path: Path) -> None:
    root = repository(tmp_path / "repository")
    first = git(root, "rev-parse", "HEAD").strip()
    change(root, "VALUE = 3.0", "VALUE = 4.0")
    (root / "anisoap_opt" / "later.py").write_text("not committed")
    before = git(root, "status", "--porcelain"), git(root, "worktree", "list")
    folder = export(root, first, tmp_path / "files")
    assert "VALUE = 3.0" in (folder / "anisoap_opt" / "__init__.py").read_text()
    assert not (folder / "anisoap_opt" / "later.py").exists()
    assert not (folder / ".git").exists()
    assert (git(root, "status", "--porcelain"), git(root, "worktree", "list")) == before


def test_a_commit_keeps_its_executables_and_links(tmp_path: Path) -> None:
    root = repository(tmp_path / "repository")
    (root / "check.sh").write_text("#!/bin/sh\n")
    (root / "check.sh").chmod(0o755)
    (root / "link").symlink_to("anisoap_opt")
    (root / "nowhere").symlink_to("/no/such/place")
    commit(root, "a script and links")
    folder = export(root, "HEAD", tmp_path / "files")
    assert (folder / "check.sh").stat().st_mode & 0o777 == 0o755
    assert not (folder / "pyproject.toml").stat().st_mode & 0o111
    assert (folder / "link").readlink() == Path("anisoap_opt")
    assert (folder / "nowhere").readlink() == Path("/no/such/place")


def test_the_working_tree_is_exported_with_its_changes_but_not_what_git_ignores(tmp_path: Path) -> None:
    root = repository(tmp_path / "repository")
    (root / "anisoap_opt" / "new ä.py").write_text("new")
    (root / "anisoap_opt" / "__init__.py").write_text("changed")
    (root / "pyproject.toml").unlink()
    (root / "__pycache__").mkdir()
    (root / "__pycache__" / "old.pyc").touch()
    folder = export(root, None, tmp_path / "files")
    assert (folder / "anisoap_opt" / "new ä.py").read_text() == "new"
    assert (folder / "anisoap_opt" / "__init__.py").read_text() == "changed"
    assert not (folder / "pyproject.toml").exists()
    assert not (folder / "__pycache__").exists()


def test_an_unknown_commit_cannot_be_exported(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="no-such"):
        export(repository(tmp_path / "repository"), "no-such", tmp_path / "files")


def test_two_builds_share_no_compiled_code() -> None:
    one, other = (Build(name, Path("/builds") / name, "") for name in ("base", "head"))
    assert one.cache != other.cache
    assert len(str(one.cache)) == len(str(other.cache))


@pytest.mark.slow
def test_the_wheel_of_the_files_is_installed_alone(tmp_path: Path) -> None:
    made = build(sources(tmp_path / "files"), "abc", tmp_path / "head")
    assert (made.name, made.folder, made.commit) == ("head", tmp_path / "head", "abc")
    packages = {path.name for path in made.folder.iterdir() if not path.name.endswith(".dist-info")}
    assert packages == {"anisoap_opt"}
    assert list((made.folder / "anisoap_opt" / "__pycache__").glob("*.pyc"))
