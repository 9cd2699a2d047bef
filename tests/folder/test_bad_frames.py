"""Frames that are bad, and files that change or vanish: said with file, frame and line, and nothing else is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import anisoap_opt
from anisoap_opt.folder import pieces
from anisoap_opt.folder.tasks import Piece
from tests.folder.commands import NUM, contents, describe, features
from tests.folder.inputs import one_call, small, some_frames, text_of, write_frames

pytestmark = pytest.mark.usefixtures("frames_here")

BAD = 4  # of the frames; in the second block
LINE = sum(len(frame) + 2 for frame in some_frames(NUM)[:BAD]) + 1  # its first


def no_number(text: str) -> str:
    first, comment, row, *rest = text.splitlines(keepends=True)
    return "".join([first, comment, row.replace("0.", "zero.", 1), *rest])


def too_few_columns(text: str) -> str:
    first, comment, row, *rest = text.splitlines(keepends=True)
    return "".join([first, comment, " ".join(row.split()[:5]) + "\n", *rest])


def unknown_element(text: str) -> str:
    first, comment, row, *rest = text.splitlines(keepends=True)
    return "".join([first, comment, "Qq" + row[1:], *rest])


def bad_comment(text: str) -> str:
    return text.replace("Properties=species:S:1", "Properties=species:S:one", 1)


def no_sizes(text: str) -> str:
    return text.replace("c_diameter", "c_other")


def no_text(text: str) -> str:
    return text.replace("Properties", "name=\udcff Properties", 1)


BREAK = {
    no_number: rf"line {LINE + 2} \(frame {BAD}\): .*could not convert",
    too_few_columns: rf"line {LINE + 2} \(frame {BAD}\): 5 columns where",
    unknown_element: rf"line {LINE + 2} \(frame {BAD}\): there is no element 'Qq'",
    bad_comment: rf"line {LINE + 1} \(frame {BAD}\): ASE cannot read this",
    no_sizes: rf"line {LINE + 1}: frame {BAD} has no array",
    no_text: rf"line {LINE} \(frame {BAD}\): .*codec can't decode",
}


def break_frame(how: Callable[[str], str]) -> None:
    texts = list(map(text_of, some_frames(NUM)))
    texts[BAD] = how(texts[BAD])
    Path("frames.xyz").write_bytes("".join(texts).encode(errors="surrogateescape"))


def assert_said(pattern: str, said: str) -> None:
    assert re.search(rf"frames\.xyz.*{pattern}", said), said


@pytest.mark.parametrize("how", BREAK, ids=lambda how: how.__name__)
def test_a_bad_frame_ends_the_run_and_what_is_finished_stays(how: Callable[[str], str]) -> None:
    break_frame(how)
    said = describe(code=2)
    assert "Traceback" not in said
    assert_said(BREAK[how], said)
    assert "block-000001.json" not in contents()
    describe("--shard", "0/4")  # its first block is not in the way
    assert "block-000000.json" in contents()


@pytest.mark.parametrize("how", BREAK, ids=lambda how: how.__name__)
def test_a_bad_frame_is_skipped_and_listed(how: Callable[[str], str]) -> None:
    expected = one_call(Path("frames.xyz"))
    break_frame(how)
    describe(code=2)
    said = describe("--skip-bad")  # goes on in the same folder
    assert "1 bad frame skipped" in said
    assert_said(BREAK[how], said)
    found = features()
    assert np.isnan(found[BAD]).all()
    good = np.arange(NUM) != BAD
    np.testing.assert_array_equal(found[good], expected[good])
    (skipped,) = anisoap_opt.open("out").skipped
    assert skipped[:4] == (BAD, "frames.xyz", BAD, LINE)
    assert_said(BREAK[how], skipped.reason)
    assert "skipped" in describe("--skip-bad")  # also when nothing was left to do


def test_a_type_that_has_no_columns() -> None:
    write_frames(Path("oxygen.xyz"), [*some_frames(4), *some_frames(1, types=(8,))])
    said = describe("--types", "1,6", files=("oxygen.xyz",), code=2)
    assert "oxygen.xyz, line 20 (frame 4): the frames hold types [8], which are not in types=[1, 6]" in said
    assert describe("--types", "1,6", "--skip-bad", files=("oxygen.xyz",), code=2) == said


@pytest.mark.parametrize("number", ["-1", "3000000000", "9" * 20])
def test_an_atomic_number_that_there_is_not(number: str) -> None:
    texts = [text_of(frame).replace("species:S:1", "Z:I:1") for frame in some_frames(NUM)]
    texts = [text.replace("\nH ", "\n1 ").replace("\nC ", "\n6 ") for text in texts]
    first, comment, row, *rest = texts[BAD].splitlines(keepends=True)
    texts[BAD] = "".join([first, comment, number + row[1:], *rest])
    Path("frames.xyz").write_text("".join(texts))
    said = describe(code=2)
    assert re.search(rf"frames\.xyz, line {LINE + 2 * (number != '-1')} .*frame {BAD}", said), said
    assert "not in types" not in said
    assert "Traceback" not in said
    describe("--skip-bad")
    assert [one.row for one in anisoap_opt.open("out").skipped] == [BAD]


@pytest.mark.parametrize("cut", [40, 330, 600])
def test_a_file_that_ends_inside_its_last_frame(cut: int) -> None:
    expected = one_call(Path("frames.xyz"))
    path = Path("frames.xyz")
    path.write_bytes(path.read_bytes()[:-cut])
    assert "frame 10" in describe(code=2)
    describe("--skip-bad")
    found = features()
    assert np.isnan(found[-1]).all()
    np.testing.assert_array_equal(found[:-1], expected[:-1])


def test_all_frames_of_a_block_are_bad() -> None:
    texts = [no_number(text) if k in (3, 4, 5) else text for k, text in enumerate(map(text_of, some_frames(NUM)))]
    Path("frames.xyz").write_text("".join(texts))
    assert "3 bad frames skipped" in describe("--skip-bad")
    assert np.isnan(features()).all(axis=1).nonzero()[0].tolist() == [3, 4, 5]
    with pytest.raises(ValueError, match="frame 3"):
        list(anisoap_opt.stream("frames.xyz", small()))


def test_what_an_earlier_run_skipped_is_an_error_without_skip_bad() -> None:
    break_frame(no_number)
    describe("--skip-bad")
    before = contents()
    assert_said(BREAK[no_number] + ".*; out holds NaN for it", describe(code=2))
    assert contents() == before
    describe("--shard", "0/4")


def test_a_run_of_bad_frames_only_is_an_error() -> None:
    Path("frames.xyz").write_text("".join(no_number(text_of(frame)) for frame in some_frames(NUM)))
    for _ in range(2):
        assert "every frame was bad" in describe("--skip-bad", code=2)
    assert np.isnan(features()).all()


def test_bad_frames_in_memory() -> None:
    frames = some_frames(6)
    del frames[4].arrays["c_q"]
    with pytest.raises(ValueError, match=r"frame 4 has no array 'quaternion' or 'c_q'"):
        list(anisoap_opt.stream(frames, small(), frames_per_block=2))
    *_, last = anisoap_opt.stream(frames, small(), frames_per_block=2, skip_bad=True)
    assert [(one.row, one.frame, one.file) for one in last.skipped] == [(4, 4, "")]
    assert np.isnan(last.features).all(axis=1).tolist() == [True, False]


def test_a_file_that_changes_during_the_run(frames_here: Path) -> None:
    blocks = anisoap_opt.stream(frames_here, small(), frames_per_block=2, in_flight=1)
    next(blocks)
    frames_here.write_text(frames_here.read_text() + text_of(some_frames(1)[0]))
    with pytest.raises(OSError, match=r"frames\.xyz has changed since this run began"):
        list(blocks)


def test_a_file_that_vanishes(frames_here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = pieces.Reader.pieces

    def vanishing(reader: pieces.Reader, block: int) -> tuple[Piece, ...]:
        if block == 2:
            frames_here.unlink()
        return original(reader, block)

    with monkeypatch.context() as during:
        during.setattr(pieces.Reader, "pieces", vanishing)
        said = describe(code=2)
    assert "frames.xyz" in said
    assert "Traceback" not in said
    before = contents()
    write_frames(frames_here, some_frames(NUM))
    describe()
    assert before.items() <= contents().items()
    np.testing.assert_array_equal(features(), one_call(frames_here))
