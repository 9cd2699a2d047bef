"""`read` and `iread`: files, indices, blocks and compression; the batch is that of ASE's frames."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ase.io
import numpy as np
import pytest

from anisoap_opt import ParticleBatch, iread, read
from tests.frames.against_ase import HEADER, ROW, SIZES, TWO, assert_as_ase, expected, write
from tests.frames.test_from_arrays import FIELDS, assert_equal_batches
from tests.frames_for_tests import calculator, random_frame

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ("data", "tests/data", "tests/data/inputs", "tests/data/torch")
    for path in (ROOT / folder).iterdir()
    if path.suffix in (".xyz", ".lammpstrj")
)
ARGUMENTS: dict[str, dict[str, Any]] = {
    "matrices.xyz": {"rotation_key": "c_R", "rotation_type": "matrix"},
    "no_diameters.xyz": {"diameters": (4.0, 4.0, 0.5)},
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_of_the_repository(path: Path, by_ase: Any) -> None:
    assert isinstance(assert_as_ase(path, **ARGUMENTS.get(path.name, {})), ParticleBatch)
    assert by_ase() == (path.suffix != ".xyz")


def test_the_features_are_those_of_frames() -> None:
    path = ROOT / "tests" / "data" / "mixture_gto_l5n3.xyz"
    wanted = calculator().power_spectrum(ase.io.read(path, ":"))
    np.testing.assert_array_equal(calculator().power_spectrum(read(path)), wanted)


INDICES = [
    0,
    1,
    3,
    -1,
    -2,
    ":",
    "::2",
    "1::2",
    "-3:",
    ":-1",
    "1:3",
    "3:1",
    "::-1",
    "2::-2",
    slice(None, 2),
    slice(5, 9),
    "2",
    "-4",
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_index(index: Any, tmp_path: Path) -> None:
    text = "".join(f"{k}\n{HEADER}\n" + f"{ROW}\n" * k for k in (1, 2, 3, 4))
    assert_as_ase(write(tmp_path, text), index)


@pytest.mark.parametrize("index", [7, -7, "9", "7:", ":0"])
def test_frames_that_are_not_there(index: Any, tmp_path: Path) -> None:
    path = write(tmp_path, TWO)
    with pytest.raises(ValueError, match=f"no frame at index {index} of .*a.xyz: it holds 2, from 0 on"):
        read(path, index)


@pytest.mark.parametrize("index", ["five", "1.5", "", "1:2:3:4", "::0", 1.5, None])
def test_an_index_that_is_none(index: Any, tmp_path: Path) -> None:
    with pytest.raises((ValueError, TypeError)):
        read(write(tmp_path, TWO), index)


def test_what_is_not_asked_for_is_not_looked_at(tmp_path: Path) -> None:
    text = TWO + f"1\n{HEADER}\nnonsense\n" + TWO
    path = write(tmp_path, text)
    for index in (":2", "3:", "::3"):
        assert isinstance(assert_as_ase(path, index), ParticleBatch)
    assert isinstance(assert_as_ase(path), ValueError)


@pytest.mark.parametrize("frames_per_block", [1, 2, 3, 100])
def test_blocks(frames_per_block: int, by_ase: Any) -> None:
    path = ROOT / "data" / "ellipsoids.xyz"
    batches = list(iread(path, frames_per_block))
    assert [batch.num_frames for batch in batches[:-1]] == [frames_per_block] * (len(batches) - 1)
    assert_equal_batches(ParticleBatch.joined(batches), read(path))


def test_blocks_of_a_file_left_to_ase_half_way(tmp_path: Path, by_ase: Any) -> None:
    """Frames that were given already are not given again; numbers of frames go on."""
    ordinary = "1\nProperties=species:S:1:pos:R:3:c_q:R:4\nC 0 0 0 1 0 0 0\n"
    strange = "1\nProperties=c_q:R:4:species:S:1\n1 0 0 0 C\n"  # no positions: ASE sets them to 0
    path = write(tmp_path, ordinary * 3 + strange + ordinary * 2)
    batches = list(iread(path, 2, **SIZES))
    assert [batch.num_frames for batch in batches] == [2, 2, 2]
    assert_equal_batches(ParticleBatch.joined(batches), expected(path, **SIZES))
    assert by_ase()
    with pytest.raises(ValueError, match="a.xyz: frame 5, particle 0: 'c_q' must be a finite quaternion"):
        list(iread(write(tmp_path, path.read_text()[: -len("1 0 0 0\n")] + "0 0 0 0\n"), 2, **SIZES))


def test_frames_behind_an_empty_line_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, f"{TWO}\n{TWO}")
    with pytest.warns(UserWarning, match=r"a\.xyz, line 8: an empty line ends the frames"):
        assert read(path).num_frames == 2


@pytest.mark.parametrize("frames_per_block", [0, -1, 1.5, None])
def test_blocks_of_no_size(frames_per_block: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="frames_per_block"):
        iread(ROOT / "data" / "ellipsoids.xyz", frames_per_block)


@pytest.mark.parametrize(("suffix", "library"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_compressed(suffix: str, library: Any, tmp_path: Path, by_ase: Any) -> None:
    path = write(tmp_path, library.compress(TWO.encode()), f"a.xyz{suffix}")
    assert isinstance(assert_as_ase(path), ParticleBatch)
    assert not by_ase()
    for broken in (library.compress(TWO.encode())[:-9], TWO.encode()):
        assert isinstance(assert_as_ase(write(tmp_path, broken, f"b.xyz{suffix}")), Exception)


def test_zst(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, b"(\xb5/\xfd", "a.xyz.zst")
    for name in ("compression.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=r"a\.xyz\.zst: .*zstandard"):
        read(path)


def test_zst_where_the_library_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With another compression in its place, so that the tests need no library more."""
    library = SimpleNamespace(open=bz2.open, ZstdError=OSError)
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "zstandard", library)
    path = write(tmp_path, bz2.compress(TWO.encode()), "a.xyz.zst")
    assert_equal_batches(read(path), read(write(tmp_path, TWO)))
    with pytest.raises(ValueError, match="b.xyz.zst cannot be read: OSError"):
        read(write(tmp_path, TWO, "b.xyz.zst"))


def test_files_that_are_none(tmp_path: Path) -> None:
    for function in (read, iread):
        with pytest.raises(FileNotFoundError, match="no such file: .*nowhere.xyz"):
            function(tmp_path / "nowhere.xyz")
        with pytest.raises(ValueError, match="empty.xyz is empty"):
            function(write(tmp_path, "", "empty.xyz"))


@pytest.mark.parametrize("name", ["frames", "a.xyz.old", "A.XYZ", "a@1.xyz", "b.extxyz"])
def test_names_of_files(name: str, tmp_path: Path) -> None:
    assert_equal_batches(read(str(write(tmp_path, TWO, name))), read(write(tmp_path, TWO)))


def test_more_particles_than_are_read_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from anisoap_opt import reading
    from anisoap_opt.xyz import rows

    monkeypatch.setattr(reading, "_PARTICLES", 10)
    monkeypatch.setattr(rows, "_MOST_LINES", 7)
    frames = [random_frame(seed, num) for seed, num in enumerate((1, 30, 2, 7, 0, 14, 3))]
    for frame in frames:
        frame.arrays = {name.replace("[", "").replace("]", ""): array for name, array in frame.arrays.items()}
    path = tmp_path / "a.xyz"
    ase.io.write(path, frames, format="extxyz")
    assert isinstance(assert_as_ase(path), ParticleBatch)
    lines = path.read_text().splitlines(keepends=True)
    lines[25] = lines[25].replace(".", "?", 1)
    error = assert_as_ase(write(tmp_path, "".join(lines)))
    assert str(error).startswith(f"{path}, line 26 (frame 1): could not convert")


def test_memory_of_blocks(tmp_path: Path) -> None:
    """Ten times the file, the same memory, and less than the file."""
    text = (ROOT / "data" / "ellipsoids.xyz").read_text()
    peaks = []
    for times in (5, 50):
        path = write(tmp_path, text * times)
        size = path.stat().st_size
        next(iread(path, 100))  # what is imported
        tracemalloc.start()
        assert sum(batch.num_frames for batch in iread(path, 100)) == 200 * times
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < size / 5


def test_fields_of_a_batch() -> None:
    assert {name for name in vars(read(ROOT / "data" / "ellipsoids.xyz", 0))} == set(FIELDS)
