"""Segments: their order, their bounds, and how they are cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anisoap_opt.pairs import Neighborhoods, check_types, sort_into_segments


def some_pairs(seed: int, num: int = 60) -> tuple[np.ndarray, ...]:
    """Particle types, i, j and r_ij; r_ij[:, 0] numbers the pairs."""
    rng = np.random.default_rng(seed)
    types = rng.choice([1, 6, 8], 9)
    i, j = rng.integers(0, 9, (2, num))
    r_ij = rng.normal(size=(num, 3))
    r_ij[:, 0] = np.arange(num)
    return types, i, j, r_ij


def naive(types: np.ndarray, i: np.ndarray, j: np.ndarray, layout: list[int] | None) -> list[list[int]]:
    """Pair indices of every segment, by loops."""
    segments = []
    for center_type in layout or sorted(set(types)):
        mine = [p for p in range(len(i)) if types[i[p]] == center_type]
        columns = layout or sorted({types[j[p]] for p in mine})
        for center in sorted({i[p] for p in mine}):
            for neighbor_type in columns:
                segments.append([p for p in mine if i[p] == center and types[j[p]] == neighbor_type])
    return segments


@pytest.mark.parametrize("layout", [None, [1, 6, 7, 8]])
@given(seed=st.integers(0, 2**31), num=st.integers(0, 40))
def test_against_loops(layout: list[int] | None, seed: int, num: int) -> None:
    types, i, j, r_ij = some_pairs(seed, num)
    result = sort_into_segments(types, i, j, r_ij, types=layout)
    start = result.pairs.start
    wanted = naive(types, i, j, layout)
    assert len(wanted) == result.pairs.num_segments
    for a, b, pairs in zip(start[:-1], start[1:], wanted, strict=True):
        assert result.pairs.r_ij[a:b, 0].astype(int).tolist() == pairs
        assert result.pairs.j[a:b].tolist() == j[pairs].tolist()


def check_blocks(result: Neighborhoods) -> None:
    ends = [block.first_segment + len(block.centers) * len(block.neighbor_types) for block in result.blocks]
    assert [block.first_segment for block in result.blocks] == [0, *ends[:-1]]
    assert ends[-1] == result.pairs.num_segments
    assert [block.center_type for block in result.blocks] == sorted(block.center_type for block in result.blocks)


def test_blocks_are_side_by_side() -> None:
    types, i, j, r_ij = some_pairs(1)
    check_blocks(sort_into_segments(types, i, j, r_ij))
    check_blocks(sort_into_segments(types, i, j, r_ij, types=[1, 2, 6, 8]))


@pytest.mark.parametrize("max_segments", [1, 2, 5, 1000])
def test_chunks_cover_a_block_once(max_segments: int) -> None:
    types, i, j, r_ij = some_pairs(2)
    for block in sort_into_segments(types, i, j, r_ij).blocks:
        width = len(block.neighbor_types)
        rows, next_segment = [], block.first_segment
        for chunk, first, last in block.chunks(max_segments):
            assert first == next_segment
            assert last - first == width * (chunk.stop - chunk.start)
            assert last - first <= max(width, max_segments)
            rows += range(chunk.start, chunk.stop)
            next_segment = last
        assert rows == list(range(len(block.centers)))


def test_a_run_of_segments() -> None:
    types, i, j, r_ij = some_pairs(3)
    pairs = sort_into_segments(types, i, j, r_ij).pairs
    part = pairs.segments(2, 5)
    assert part.num_segments == 3
    assert part.start[0] == 0
    assert part.start[-1] == len(part.j) == len(part.r_ij)
    np.testing.assert_array_equal(part.r_ij, pairs.r_ij[pairs.start[2] : pairs.start[5]])
    assert part.r_ij.base is not None  # a view
    assert pairs.segments(3, 3).num_segments == 0


def test_shifts_are_carried_along() -> None:
    types, i, j, r_ij = some_pairs(4)
    shifts = np.column_stack([np.arange(len(i))] * 3)
    result = sort_into_segments(types, i, j, r_ij, shifts)
    assert result.shifts is not None
    np.testing.assert_array_equal(result.shifts[:, 0], result.pairs.r_ij[:, 0])


def test_layouts() -> None:
    assert check_types(np.array([1, 8]), None).tolist() == [1, 8]
    assert check_types(np.array([1, 8]), [8, 6, 1, 1]).tolist() == [1, 6, 8]
    with pytest.raises(ValueError, match=r"types \[8\]"):
        check_types(np.array([1, 8]), [1])
