"""`describe` into a folder: formats, sizes of blocks, shards, and what it says meanwhile."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tqdm.std

from anisoap_opt.cli import progress
from anisoap_opt.cli.progress import Progress
from tests.folder.commands import SIZE, contents, describe, features, run
from tests.folder.inputs import SMALL, one_call

pytestmark = pytest.mark.usefixtures("frames_here")


@pytest.mark.parametrize("out", ["a.npz", "out"])
@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("frames.xyz", ["--format", "nonsense"], "ASE knows no format 'nonsense'; try 'extxyz'"),
        ("frames.xyz", ["--elements", "C,H"], "--elements is for LAMMPS dumps only"),
        ("frames.txt", [], "ASE cannot tell the format of frames.txt: name it with --format, e.g. 'extxyz'"),
    ],
)
def test_formats_are_those_of_a_file(out: str, name: str, more: list[str], message: str) -> None:
    shutil.copy("frames.xyz", "frames.txt")
    assert message in run("describe", name, *SMALL, *more, "--out", out, code=2)
    assert not Path(out).exists()


def test_extended_xyz_under_another_name() -> None:
    shutil.copy("frames.xyz", "frames.txt")
    describe("--format", "extxyz", files=("frames.txt",))
    np.testing.assert_array_equal(features(), one_call(Path("frames.xyz")))


def test_suffixes_in_capitals() -> None:
    Path("F.XYZ.GZ").write_bytes(gzip.compress(Path("frames.xyz").read_bytes()))
    describe(files=("F.XYZ.GZ",))
    np.testing.assert_array_equal(features(), one_call(Path("frames.xyz")))


def test_the_size_of_blocks_is_that_of_the_folder() -> None:
    describe("--shard", "0/2")
    run("describe", "frames.xyz", *SMALL, "--out", "out")
    assert json.loads(Path("out/manifest.json").read_text())["frames_per_block"] == SIZE
    assert "block-000003.json" in contents()


def test_a_shard_without_a_block_and_one_block() -> None:
    assert "in 0 blocks, shard 0/9: there are fewer blocks than shards" in describe("--shard", "0/9")
    describe("--frames-per-block", "99", out="one")
    assert "in 1 block, complete" in run("merge", "one", "--out", "one")


def test_a_zarr_folder_needs_zarr() -> None:
    assert "'out.zarr' needs --zarr" in describe(out="out.zarr", code=2)


@pytest.mark.parametrize("terminal", [True, False])
def test_the_rate_is_that_of_what_follows_the_first_block(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(tqdm.std, "time", lambda: now[0])
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: terminal, raising=False)
    with Progress() as show:
        show(0, 100, 1100)
        for now[0], done in ((1000.0, 100), (1040.0, 500)):
            show(done, 100, 1100)
    said = capsys.readouterr().err
    if not terminal:
        assert said.splitlines() == [
            "anisoap-opt: 200 of 1100 frames",
            "anisoap-opt: 600 of 1100 frames, 10 a second, 50 s left",
        ]
        return
    assert "10.0 frames/s" in said.splitlines()[-1]
