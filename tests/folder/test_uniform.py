"""Frames that are all alike, found many at once: always what a walk line by line finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anisoap_opt.folder import scan as scanning
from anisoap_opt.folder import uniform
from anisoap_opt.folder.scan import Scan, scan
from anisoap_opt.folder.source import Source
from tests.folder.inputs import some_frames, text_of

PROPERTIES = 'Lattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3 pbc="T T T"'
ROWS = ("H 0.25 0.5 0.75", "He 1.0 2.0 3.0", "  C 1 2 3", "O 1 1 1", "")
COMMENTS = (
    PROPERTIES,
    PROPERTIES.replace("9", "10.5"),
    PROPERTIES.replace("Lattice", 'name="a" Lattice'),
    PROPERTIES.replace("species:S:1:pos:R:3", "pos:R:3:species:S:1"),
    "12345",
    "",
)


def both(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Scan | str, Scan | str]:
    """What a file is found to be, with arrays of bytes and without."""

    def found() -> Scan | str:
        try:
            return scan(Source(str(path)), 3, 2)
        except ValueError as error:
            return str(error)

    quick = found()
    with monkeypatch.context() as slow:
        slow.setattr(uniform, "find_frames", lambda *_: None)
        return quick, found()


frames = st.lists(
    st.tuples(st.sampled_from(COMMENTS[:3]), st.lists(st.sampled_from(ROWS[:3]), max_size=12)), min_size=1, max_size=8
)
odd_frames = st.lists(
    st.tuples(st.sampled_from(COMMENTS), st.lists(st.sampled_from(ROWS), max_size=12)), min_size=1, max_size=6
)


@pytest.mark.filterwarnings("ignore:.*an empty line ends the frames:UserWarning")
@given(
    made=frames | odd_frames,
    newline=st.sampled_from(["\n", "\n", "\n", "\r\n"]),
    cut=st.sampled_from([0, 0, 0, 1, 7, 40]),
    chunk=st.sampled_from([64, 200, 1 << 20]),
)
def test_the_same_as_line_by_line(
    made: list[tuple[str, list[str]]],
    newline: str,
    cut: int,
    chunk: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "".join(f"{len(rows)}\n{comment}\n" + "".join(f"{row}\n" for row in rows) for comment, rows in made)
    path = tmp_path / "a.xyz"
    path.write_bytes(text.replace("\n", newline).encode()[: len(text) - cut])
    monkeypatch.setattr(scanning, "_CHUNK", chunk)
    quick, slow = both(path, monkeypatch)
    assert quick == slow


@pytest.mark.parametrize("chunk", [2000, 1 << 20])
def test_frames_that_are_alike_are_found_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    text = "".join(text_of(frame) for frame in some_frames(30) if frame.pbc.any())
    path = tmp_path / "a.xyz"
    path.write_text(text)
    monkeypatch.setattr(scanning, "_CHUNK", chunk)
    calls = []
    monkeypatch.setattr(scanning._Walk, "_go_by_lines", lambda *_: calls.append(1))
    assert scan(Source(str(path)), 0, None).num_frames == 20
    assert not calls
