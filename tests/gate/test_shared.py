"""What all commands share: files that are written whole, words, changes that git tells, and the first step."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from anisoap_bench import terminal
from anisoap_bench.__main__ import main
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import check_writable, write_whole
from anisoap_bench.git import changed_files
from tests.gate.small_repository import git


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    for content in ("one", "two"):  # the first one makes the file
        write_whole(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "file").read_text() == content


def test_what_cannot_be_written_is_told_and_what_can_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    check_writable(tmp_path / "file")
    check_writable(tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"
    with pytest.raises(CannotMeasure, match="file/below"):
        check_writable(tmp_path / "file" / "below")
    with pytest.raises(CannotMeasure, match="it is a folder"):
        check_writable(tmp_path)


def test_words_that_the_terminal_lacks_fail_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    terminal.echo("× 1.2")
    assert written.getvalue() == b"? 1.2\n"


def test_files_that_git_hides_are_changes_all_the_same(repo: Path) -> None:
    git(repo, "config", "status.showUntrackedFiles", "no")
    git(repo, "mv", "anisoap_opt/__init__.py", "anisoap_opt/a b.py")
    (repo / "new.py").touch()
    assert set(changed_files(repo)) == {"anisoap_opt/__init__.py", "anisoap_opt/a b.py", "new.py"}


def test_a_command_that_cannot_be_loaded_found_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """A library that is there, and broken."""

    def fail(name: str) -> None:
        raise ImportError("undefined symbol")

    monkeypatch.setattr("importlib.import_module", fail)
    assert main(["gate"]) == 2
    assert "undefined symbol" in capsys.readouterr().err
