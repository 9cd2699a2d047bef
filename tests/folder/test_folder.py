"""Folders: filled, continued, opened; and what they refuse."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import ase.io
import numpy as np
import pytest

import anisoap_opt
from anisoap_opt.folder import atomic, records
from tests.folder.commands import SIZE, contents, describe, features, run
from tests.folder.inputs import one_call, small
from tests.tolerances import assert_close

INPUTS = Path(__file__).parents[1] / "data" / "inputs"
pytestmark = pytest.mark.usefixtures("frames_here")


def test_the_numbers_are_those_of_one_call() -> None:
    said = describe()
    assert said == (
        "out: 11 frames × 80 features in 4 blocks, cutoff_radius 5, radial_gaussian_width 1.5, backend numpy_only"
    )
    np.testing.assert_array_equal(features(), one_call(Path("frames.xyz")))
    assert sorted(contents()) == sorted(
        ["manifest.json", *(f"block-{k:06}.{suffix}" for k in range(4) for suffix in ("json", "npy"))]
    )


def test_a_reader_needs_numpy_and_json_only() -> None:
    describe("--symmetric")
    manifest = json.loads(Path("out/manifest.json").read_text())
    blocks = [np.load(f"out/block-{k:06}.npy") for k in range(manifest["num_blocks"])]
    whole = np.concatenate(blocks)
    assert whole.shape == (manifest["num_frames"], manifest["num_features"])
    labels = small(types=[1, 6]).feature_labels(anisoap_opt.read("frames.xyz"), symmetric=True)
    assert list(manifest["columns"]) == list(labels.dtype.names)
    for name, values in manifest["columns"].items():
        np.testing.assert_array_equal(values, labels[name])
    assert manifest["hypers"]["types"] == [1, 6]
    assert (
        small(**manifest["hypers"]).power_spectrum(anisoap_opt.read("frames.xyz"), symmetric=True).shape == whole.shape
    )


def test_once_more_does_nothing() -> None:
    describe()
    before = {path: path.stat().st_mtime_ns for path in Path("out").iterdir()}
    assert "nothing was left to do" in describe()
    assert {path: path.stat().st_mtime_ns for path in Path("out").iterdir()} == before


@pytest.mark.parametrize("lost", ["block-000001.npy", "block-000001.json", "cut"])
def test_what_is_not_finished_is_done_again_and_only_that(lost: str) -> None:
    describe()
    before = contents()
    if lost == "cut":
        Path("out/block-000001.npy").write_bytes(before["block-000001.npy"][:-8])
    else:
        Path("out", lost).unlink()
    others = Path("out/block-000000.npy").stat().st_mtime_ns
    with pytest.raises(ValueError, match="out is not finished, 1 of 4 blocks are missing: 1"):
        anisoap_opt.open("out")
    assert "3 of them finished before" in describe()
    assert contents() == before
    assert Path("out/block-000000.npy").stat().st_mtime_ns == others


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--cutoff-radius", "4"], "hypers.cutoff_radius is 5.0 there and 4.0 here"),
        (["--dtype", "float32"], "dtype is 'float64' there and 'float32' here"),
        (["--symmetric"], "symmetric is False there and True here"),
        (["--types", "1,6,8"], "hypers.types is [1, 6] there and [1, 6, 8] here"),
        (["--frames-per-block", "4"], "frames_per_block is 3 there and 4 here"),
        (["--zarr"], "storage is 'npy' there and 'zarr' here"),
    ],
)
def test_a_folder_of_another_run_is_refused(more: list[str], message: str) -> None:
    describe()
    before = contents()
    assert message in describe(*more, code=2)
    assert contents() == before


def test_another_file_is_refused(frames_here: Path) -> None:
    describe()
    frames_here.write_text(frames_here.read_text().replace("F F F", "T F F", 1).replace("0.", "1.", 1))
    said = describe(code=2)
    assert "files.0.sha256 is" in said
    assert "size" not in said


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    describe()
    monkeypatch.setattr(np, "__version__", "0.1")
    assert re.search(r"versions\.numpy is '.*' there and '0\.1' here", describe(code=2))


def test_a_file_that_has_moved_is_the_same() -> None:
    describe()
    shutil.move("frames.xyz", "moved.xyz")
    assert "nothing was left to do" in describe(files=("moved.xyz",))


def test_folders_that_are_none() -> None:
    Path("out").mkdir()
    Path("out/notes.txt").write_text("mine")
    assert "holds other files, notes.txt for one" in describe(code=2)
    Path("file").write_text("")
    assert "file is a file" in describe(out="file", code=2)
    assert "no such folder: no/such" in describe(out="no/such/folder", code=2)
    with pytest.raises(FileNotFoundError, match=r"it has no manifest\.json"):
        anisoap_opt.open("out")
    Path("out/manifest.json").write_text('{"format": 99}')
    with pytest.raises(ValueError, match="has the format 99, and this version reads 1"):
        anisoap_opt.open("out")
    Path("out/manifest.json").write_text("{")
    with pytest.raises(ValueError, match="is no manifest"):
        anisoap_opt.open("out")


def test_manifests_links_and_files_that_are_none() -> None:
    Path("out").mkdir()
    Path("out/manifest.json").write_text('{"format": 1, "storage": "npy"}')
    assert "out/manifest.json is no manifest of a folder of features: it has no 'dtype'" in describe(code=2)
    with pytest.raises(FileNotFoundError, match=r"frames\.xyz is no folder of features"):
        anisoap_opt.open("frames.xyz")
    Path("link").symlink_to("nowhere")
    assert "link is a link, and what it points to is not there" in describe(out="link", code=2)
    os.mkfifo("pipe")
    for name in ("out", "pipe"):
        assert f"{name} is not a regular file" in describe(files=(name,), code=2)


@pytest.mark.skipif(sys.platform != "linux", reason="file systems elsewhere take no such names")
def test_a_file_name_that_is_no_utf8(frames_here: Path) -> None:
    name = os.fsdecode(b"\xff.xyz")
    frames_here.rename(name)
    said = describe(files=(name,), code=2)
    assert r"the name of a file is no UTF-8, as a manifest is; rename it: '\udcff.xyz'" in said


def test_options_for_folders_are_refused_for_files_and_the_other_way_round() -> None:
    assert "--skip-bad" in run("describe", "frames.xyz", "--out", "a.npz", "--skip-bad", code=2)
    assert "--index" in describe("--index", ":3", code=2)
    assert "--shard" in describe("--shard", "3/3", code=2)
    assert "several files go into a folder" in run("describe", "frames.xyz", "frames.xyz", "--out", "a.npz", code=2)


def test_several_files_and_compressed_ones() -> None:
    Path("b.xyz.gz").write_bytes(gzip.compress(Path("frames.xyz").read_bytes()))
    describe(files=("frames.xyz", "b.xyz.gz"))
    view = anisoap_opt.open("out")
    np.testing.assert_array_equal(np.asarray(view), np.tile(one_call(Path("frames.xyz")), (2, 1)))
    assert view.frame_of(10) == ("frames.xyz", 10)
    assert view.frame_of(11) == ("b.xyz.gz", 0)
    assert view.frame_of(-1) == ("b.xyz.gz", 10)


def test_a_lammps_dump_by_ase() -> None:
    shutil.copy(INPUTS / "dump.lammpstrj", "dump.lammpstrj")
    describe("--elements", "C,H", files=("dump.lammpstrj",))
    frames = ase.io.read("dump.lammpstrj", ":", specorder=["C", "H"])
    assert_close(features(), small(types=[1, 6]).power_spectrum(frames), 1e-14)


def test_zarr_holds_the_same_bits() -> None:
    zarr = pytest.importorskip("zarr")
    describe()
    expected = features()
    describe("--zarr", out="zarr")
    array = zarr.open_array("zarr/features.zarr", mode="r")
    np.testing.assert_array_equal(array[:], expected)
    assert array.chunks == (SIZE, expected.shape[1])
    assert array.shards is None
    np.testing.assert_array_equal(features("zarr"), expected)
    before = contents("zarr")
    Path("zarr/block-000002.json").unlink()
    Path("zarr/features.zarr/c/2/0").write_bytes(b"half")
    assert "3 of them finished before" in describe("--zarr", out="zarr")
    assert contents("zarr") == before
    anisoap_opt.open("zarr").check()


def test_float32() -> None:
    describe("--dtype", "float32")
    view = anisoap_opt.open("out")
    assert view.dtype == np.float32
    np.testing.assert_array_equal(np.asarray(view), one_call(Path("frames.xyz"), dtype="float32"))


def test_leftovers_of_killed_processes_are_removed_and_those_of_others_are_not() -> None:
    describe()
    alive = atomic.temporary_name(Path("out/block")).name
    gone = alive.replace(f"-{os.getpid()}-", f"-{subprocess_that_ended()}-")
    elsewhere, old = f".x{gone}", f".y{gone}"
    for one in (gone, alive, elsewhere, old):
        Path("out", one).write_text("")
    os.utime(Path("out", old), (0, 0))
    describe()
    assert {path.name for path in Path("out").glob(".*")} == {alive, elsewhere}


def subprocess_that_ended() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_numbers_of_blocks_in_words() -> None:
    assert records.in_words([1, 2, 3, 5, 7, 8]) == "1–3, 5, 7–8"
    assert records.in_words(list(range(0, 100, 2))).endswith("38, …")
