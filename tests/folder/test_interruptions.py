"""Runs that are killed, a disk that is full, two runs at once: nothing finished is lost, and the bytes are the same."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import anisoap_opt
from anisoap_opt.folder.source import sha256_of
from tests.folder.commands import contents, describe
from tests.folder.inputs import SMALL, one_call, some_frames, write_frames

pytestmark = pytest.mark.usefixtures("frames_here")

ROOT = Path(__file__).parents[2]
SLOW_BLOCKS = """
import sys, time
from anisoap_opt.folder import writer
from anisoap_opt.cli import app

pause, *arguments = sys.argv[1:]
written = writer.FolderWriter.write

def write(self, block):  # said before it is begun, and slow enough to be killed in the middle
    print("block", block.number, flush=True)
    written(self, block)
    time.sleep(float(pause))

writer.FolderWriter.write = write
app(arguments)
"""


def start(*more: str, pause: float = 0.0) -> subprocess.Popen[str]:
    """The command in a process of its own, which says which blocks it writes."""
    arguments = ["describe", "frames.xyz", *SMALL, "--frames-per-block", "5", "--out", "out", *more]
    return subprocess.Popen(
        [sys.executable, "-c", SLOW_BLOCKS, str(pause), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], code: int = 0) -> tuple[list[int], str]:
    """The blocks that it wrote, and what it said about what went wrong."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    return [int(line.split()[1]) for line in out.splitlines() if line.startswith("block ")], err


def finished() -> set[int]:
    """Blocks that a look into the folder takes for finished."""
    return {int(path.stem.partition("-")[2]) for path in Path("out").glob("block-*.json")}


@pytest.fixture
def expected() -> np.ndarray:
    """Of 40 frames, which are 8 blocks."""
    return one_call(write_frames(Path("frames.xyz"), some_frames(40)))


def kill_and_go_on(kills: int, expected: np.ndarray, longest: float) -> None:
    rng = random.Random(kills)
    for _ in range(kills):
        before = finished()
        process = start(pause=0.02)
        assert process.stdout is not None
        first = process.stdout.readline() if rng.random() < 0.8 else ""  # else killed before there is any, perhaps
        time.sleep(rng.uniform(0, longest))
        process.send_signal(signal.SIGKILL)
        begun = [int(line.split()[1]) for line in (first + process.communicate()[0]).splitlines() if " " in line]
        now = finished()
        assert before | set(begun[:-1]) <= now  # all but the one that was being written
        for block in now:  # finished is finished
            record = json.loads(Path(f"out/block-{block:06}.json").read_bytes())
            assert sha256_of(Path("out", record["file"])) == record["sha256"]
        if len(now) == 8:  # begin again
            for path in Path("out").iterdir():
                path.unlink()
    before = finished()
    written, _ = finish(start())
    assert sorted(written) == sorted(set(range(8)) - before)  # only what was not finished
    np.testing.assert_array_equal(np.asarray(anisoap_opt.open("out")), expected)
    anisoap_opt.open("out").check()
    assert not list(Path("out").glob(".*"))


def test_killed_and_continued(expected: np.ndarray) -> None:
    kill_and_go_on(1, expected, 0.1)


@pytest.mark.slow
def test_killed_twenty_times(expected: np.ndarray) -> None:
    kill_and_go_on(20, expected, 0.2)


@pytest.mark.parametrize("storage", [(), ("--zarr",)], ids=["npy", "zarr"])
def test_a_full_disk(storage: tuple[str, ...], frames_here: Path) -> None:
    if storage:
        pytest.importorskip("zarr")
    describe("--shard", "0/4", *storage)
    before = contents()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))  # a record is smaller, a block is not
    try:
        said = describe(*storage, code=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "File too large" in said
    assert "block-000001.npy" in said or storage
    after = contents()
    assert before.items() <= after.items()
    assert "block-000001.json" not in after
    assert not [name for name in after if "part" in name]
    describe(*storage)
    np.testing.assert_array_equal(np.asarray(anisoap_opt.open("out")), one_call(frames_here))


def test_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("out").mkdir()
    Path("out").chmod(0o500)
    if os.access("out", os.W_OK):
        pytest.skip("this user may write everywhere")
    assert "Permission denied" in describe(code=2)


@pytest.mark.slow
def test_two_at_once(expected: np.ndarray) -> None:
    both = [start(pause=0.02) for _ in range(2)]
    assert all(len(finish(one)[0]) <= 8 for one in both)
    np.testing.assert_array_equal(np.asarray(anisoap_opt.open("out")), expected)
    anisoap_opt.open("out").check()
    assert not list(Path("out").glob(".*"))
