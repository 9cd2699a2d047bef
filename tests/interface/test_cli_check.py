"""``anisoap-opt check``: a table, JSON or a picture, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.folder.inputs import SMALL, some_frames, write_frames
from tests.interface.test_cli import run

OPTIONS = [*SMALL, "--no-timing"]


def _good(folder: Path) -> Path:
    frames = some_frames(6)
    for frame in frames:
        frame.arrays["c_q"] /= np.linalg.norm(frame.arrays["c_q"], axis=1, keepdims=True)
    return write_frames(folder / "good.xyz", frames)


def _bad(folder: Path) -> Path:
    frames = some_frames(6)
    frames[2].arrays["c_q"][1] = 0.0
    return write_frames(folder / "bad.xyz", frames)


def test_a_good_file(tmp_path: Path) -> None:
    output = run("check", str(_good(tmp_path)), *OPTIONS)
    assert output.rstrip().endswith("nothing would be refused")
    assert "warning" not in output


def test_a_warning_is_exit_code_0(tmp_path: Path) -> None:
    assert "warning: the longest diameter" in run("check", str(_good(tmp_path)), *OPTIONS, "--diameters", "9,1,1")


def test_a_bad_frame_is_exit_code_1(tmp_path: Path) -> None:
    output = run("check", str(_bad(tmp_path)), *OPTIONS, code=1)
    assert "frame 2, particle 1" in output
    assert "6, 1 of them refused" in output


def test_json_has_the_same(tmp_path: Path) -> None:
    report = json.loads(run("check", str(_good(tmp_path)), str(_bad(tmp_path)), *OPTIONS, "--json", code=1))
    assert list(report) == [
        "ok", "frames", "types", "diameters", "quaternions", "distances", "cells", "cost", "warnings", "refused",
    ]  # fmt: skip
    assert report["ok"] is False
    assert report["frames"]["number"] == 12
    (refused,) = report["refused"]
    assert refused["file"].endswith("bad.xyz")
    assert refused["frame"] == 2
    assert refused["line"] > 1
    assert {one["kind"] for one in report["warnings"]} == {"norms of quaternions"}


def test_a_picture(tmp_path: Path) -> None:
    run("check", str(_good(tmp_path)), *OPTIONS, "--plot", str(tmp_path / "check.png"))
    assert (tmp_path / "check.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("name", "wrong"), [("a.foo", "'foo'"), ("a", "without an ending"), ("a.png", "a folder")])
def test_a_name_of_no_picture_is_told_first(name: str, wrong: str, tmp_path: Path) -> None:
    if name == "a.png":
        (tmp_path / name).mkdir()
    output = run("check", str(_good(tmp_path)), *OPTIONS, "--plot", str(tmp_path / name), code=2)
    assert wrong in output
    assert "particles  " not in output


def test_a_picture_that_fails_leaves_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("anisoap_opt.inspection.report.Report.plot", fail)
    output = run("check", str(_good(tmp_path)), *OPTIONS, "--plot", str(tmp_path / "a.png"), code=2)
    assert "nothing would be refused" in output
    assert "no space left" in output


def test_a_file_that_cannot_be_read_leaves_the_others(tmp_path: Path) -> None:
    texts = {"count.xyz": "1\n\nH 0 0 0\nabc\n", "empty.xyz": "", "blank.xyz": "\n", "negative.xyz": "-3\n\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    paths = [str(tmp_path / "count.xyz"), str(_good(tmp_path)), *(str(tmp_path / name) for name in texts)]
    del paths[2]
    report = json.loads(run("check", *paths, *OPTIONS, "--json", code=1))
    assert report["frames"]["number"] == 6
    found = [(Path(one["file"]).name, one["frame"], one["line"]) for one in report["refused"]]
    assert found == [("count.xyz", None, 4), ("empty.xyz", None, 0), ("blank.xyz", None, 0), ("negative.xyz", None, 1)]
    for one in report["refused"]:
        assert one["file"] in one["reason"]
    assert "must be the number of particles, is '-3'" in report["refused"][3]["reason"]


def test_bad_calls_are_exit_code_2(tmp_path: Path) -> None:
    good = str(_good(tmp_path))
    assert "no such file" in run("check", "nowhere.xyz", code=2)
    assert "cutoff_radius must be finite" in run("check", good, "--cutoff-radius", "-1", code=2)
    assert "no such folder" in run("check", good, "--plot", str(tmp_path / "no" / "check.png"), code=2)
    assert "extxyz" in run("check", good, "--elements", "C", code=2)
