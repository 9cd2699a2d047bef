"""Files that are written whole, whatever has their name."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import check_writable, write_whole


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    for content in ("one", "two"):  # the first one makes the file
        write_whole(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "file").read_text() == content


def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    check_writable(pipe)  # sends nothing
    write_whole(pipe, "words")
    reader.join(10)
    assert read == ["words"]
    assert pipe.is_fifo()


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
