"""`anisoap_opt.stream`: blocks of files and of frames, the same numbers as one call gives."""

from __future__ import annotations

import bz2
import gzip
import pickle
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

import anisoap_opt
from anisoap_opt import ParticleBatch, stream
from anisoap_opt.folder.tasks import Block
from tests.folder.inputs import one_call, small, some_frames, write_frames


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_frames(tmp_path / "frames.xyz", some_frames(11))


def rows(blocks: Iterator[Block]) -> np.ndarray:
    return np.concatenate([block.features for block in blocks])


@pytest.mark.parametrize("frames_per_block", [1, 2, 4, 11, 100, None])
def test_blocks_of_a_file(frames_per_block: int | None, path: Path) -> None:
    blocks = list(stream(path, small(), frames_per_block=frames_per_block))
    size = frames_per_block or 100
    assert [block.first for block in blocks] == list(range(0, 11, size))
    assert [block.number for block in blocks] == list(range(len(blocks)))
    assert all(len(block.features) == size for block in blocks[:-1])
    assert all(block.skipped == () for block in blocks)
    np.testing.assert_array_equal(rows(iter(blocks)), one_call(path))


@pytest.mark.parametrize("how", [{"symmetric": True}, {"reduce": "sum"}], ids=str)
def test_arguments_of_power_spectrum(how: dict[str, object], path: Path) -> None:
    expected = small(types=[1, 6]).power_spectrum(anisoap_opt.read(path), **how)
    np.testing.assert_array_equal(rows(stream(path, small(), frames_per_block=3, **how)), expected)


def test_several_files_compressed_or_not(path: Path, tmp_path: Path) -> None:
    packed = [tmp_path / "frames.xyz.gz", tmp_path / "frames.xyz.bz2"]
    packed[0].write_bytes(gzip.compress(path.read_bytes()))
    packed[1].write_bytes(bz2.compress(path.read_bytes()))
    found = rows(stream([path, *map(str, packed)], small(), frames_per_block=4))
    np.testing.assert_array_equal(found, np.tile(one_call(path), (3, 1)))


def test_an_array_of_paths(path: Path) -> None:
    np.testing.assert_array_equal(rows(stream(np.array([str(path)] * 2), small())), np.tile(one_call(path), (2, 1)))


def test_columns_are_those_of_all_types_of_all_files(path: Path, tmp_path: Path) -> None:
    oxygen = write_frames(tmp_path / "oxygen.xyz", some_frames(3, types=(8,)))
    blocks = list(stream([path, oxygen], small(), frames_per_block=3))
    np.testing.assert_array_equal(rows(iter(blocks)), one_call(path, oxygen, types=(1, 6, 8)))


def test_frames_in_memory(path: Path) -> None:
    frames, batch = some_frames(11), anisoap_opt.read(path)
    expected = one_call(path)
    mixed = [*frames[:2], batch.part(2, 7), batch.part(7, 8), *frames[8:]]
    for given in (frames, batch, mixed, [batch]):
        blocks = list(stream(given, small(), frames_per_block=4))
        assert [len(block.features) for block in blocks] == [4, 4, 3]
        np.testing.assert_array_equal(rows(iter(blocks)), expected)
    generated = stream(iter(frames), small(types=[1, 6]))
    np.testing.assert_array_equal(rows(generated), expected)


def test_an_endless_iterable_is_taken_from_as_blocks_are() -> None:
    taken = 0

    def endless() -> Iterator[ParticleBatch]:
        nonlocal taken
        batch = ParticleBatch.from_frames(some_frames(5))
        while True:
            taken += 1
            yield batch

    blocks = stream(endless(), small(types=[1, 6]), frames_per_block=5, in_flight=3)
    assert [next(blocks).first for _ in range(4)] == [0, 5, 10, 15]
    assert taken <= 4 + 3
    blocks.close()


def test_other_executors(path: Path) -> None:
    expected = one_call(path)
    with ThreadPoolExecutor(3) as threads:
        np.testing.assert_array_equal(rows(stream(path, small(), frames_per_block=2, executor=threads)), expected)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        found = rows(stream(path, small(), frames_per_block=4, executor=processes, in_flight=2))
    np.testing.assert_array_equal(found, expected)


def test_a_block_survives_pickling(path: Path) -> None:
    block = next(stream(path, small(), frames_per_block=2))
    assert pickle.loads(pickle.dumps(block)).features.tobytes() == block.features.tobytes()


def test_a_warning_is_given_once(tmp_path: Path) -> None:
    far = some_frames(8)
    for frame in far:
        frame.positions *= 100
        frame.pbc = False
    path = write_frames(tmp_path / "far.xyz", far)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert not rows(stream(path, small(subtract_center_contribution=True), frames_per_block=2)).any()
    assert ["no centre has a neighbour" in str(one.message) for one in caught] == [True]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"frames": "nowhere.xyz"}, FileNotFoundError, "no such file: nowhere.xyz"),
        ({"frames_per_block": 0}, ValueError, "frames_per_block must be at least 1"),
        ({"in_flight": 0}, ValueError, "in_flight must be at least 1"),
        ({"reduce": "max"}, ValueError, "reduce must be one of"),
        ({"skip_bad": 1}, TypeError, "skip_bad must be True or False"),
        ({"frames": []}, ValueError, "frames is empty"),
        ({"frames": [1]}, TypeError, "must be ase.Atoms or ParticleBatch objects, got int"),
        ({"frames": some_frames(1)[0]}, TypeError, "got a single Atoms object"),
        ({"frames": iter(some_frames(1))}, ValueError, r"give the calculator types=\[…\]; paths belong into a list"),
        ({"frames": {"a.xyz"}}, TypeError, "paths must be in order, in a list for one: got a set"),
        ({"frames": iter(["a.xyz"]), "calculator": small(types=[1])}, TypeError, "paths belong into a list"),
        ({"frames": [some_frames(1)[0], Path("a.xyz")]}, TypeError, "paths belong into a list.* 'a.xyz'"),
        ({"frames": Path(__file__).parent}, ValueError, "folder is not a regular file"),
    ],
)
def test_bad_calls(arguments: dict[str, object], error: type[Exception], message: str, path: Path) -> None:
    with pytest.raises(error, match=message):
        list(stream(**{"frames": path, "calculator": small(), **arguments}))
