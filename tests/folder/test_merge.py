"""Shards, and what puts them together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anisoap_opt.folder import atomic, records
from tests.folder.commands import change_a_bit, contents, describe, features, run
from tests.folder.inputs import one_call

pytestmark = pytest.mark.usefixtures("frames_here")


def shards_of(of: int, *more: str, same: bool = False) -> list[str]:
    names = ["out" if same else f"part{k}" for k in range(of)]
    for k, name in enumerate(names):
        describe("--shard", f"{k}/{of}", *more, out=name)
    return names


def merge(*parts: str, out: str = "merged", code: int = 0) -> str:
    return run("merge", *parts, "--out", out, code=code)


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_merged_shards_are_the_whole_run(of: int) -> None:
    describe(out="whole")
    assert "11 frames × 80 features in 4 blocks, complete" in merge(*shards_of(of))
    assert contents("merged") == contents("whole")


def test_one_folder_for_all_is_only_checked() -> None:
    shards_of(3, same=True)
    before = contents()
    merge("out", out="out")
    assert contents() == before


def test_zarr() -> None:
    pytest.importorskip("zarr")
    merge(*shards_of(2, "--zarr"))
    np.testing.assert_array_equal(features("merged"), one_call(Path("frames.xyz")))


def test_what_is_missing_is_named() -> None:
    parts = shards_of(4)
    assert "2 of 4 blocks are in no part: 1–2" in merge(parts[0], parts[3], code=2)
    assert not Path("merged").exists()


def test_parts_of_different_runs() -> None:
    describe(out="a")
    describe("--symmetric", out="b")
    assert "different runs: num_features is 80 in a and 52 in b" in merge("a", "b", code=2)


def test_a_changed_part() -> None:
    parts = shards_of(2)
    change_a_bit(Path("part1/block-000002.npy"))
    said = merge(*parts, code=2)
    assert "part1/block-000002.npy has changed since it was written; delete part1/block-000002.json" in said


def test_another_block_that_the_folder_has_already() -> None:
    describe(out="part")
    merge("part")
    path = Path("merged/block-000002.json")
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "sha256": "0" * 64}))
    before = contents("merged")
    assert "block 2 of part differs from that of merged" in merge("part", code=2)
    assert contents("merged") == before


def test_where_links_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: Any) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(atomic.os, "link", no_links)
    merge(*shards_of(2))
    np.testing.assert_array_equal(features("merged"), one_call(Path("frames.xyz")))


def test_numbers_of_blocks_in_words() -> None:
    assert records.in_words([1, 2, 3, 5, 7, 8]) == "1–3, 5, 7–8"
    assert records.in_words(list(range(0, 100, 2))).endswith("38, …")
