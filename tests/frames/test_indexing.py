"""A batch is indexed by frames, as a list of frames or an array would be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anisoap_opt import ParticleBatch
from tests.frames_for_tests import mixed_frames, random_frame

FRAMES = [*mixed_frames(), random_frame(7, 0)]  # the last one is empty
BATCH = ParticleBatch.from_frames(FRAMES)
NAMES = ("positions", "types", "rotations", "semiaxes", "cells", "pbc", "offsets")


def assert_same(found: ParticleBatch, expected: ParticleBatch) -> None:
    for name in NAMES:
        one, other = getattr(found, name), getattr(expected, name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other, err_msg=name)


@pytest.mark.parametrize(
    ("index", "numbers"),
    [
        (0, [0]),
        (-1, [5]),
        (np.int64(2), [2]),
        (slice(1, 4), [1, 2, 3]),
        (slice(None, None, -2), [5, 3, 1]),
        ([4, 0, 4], [4, 0, 4]),
        (np.array([2, -2]), [2, 4]),
        (np.array([True, False, False, True, False, True]), [0, 3, 5]),
        ((np.array([3, 1]), ...), [3, 1]),  # as scikit-learn writes it
    ],
    ids=str,
)
def test_a_batch_of_some_frames_is_that_of_these_frames(index: Any, numbers: list[int]) -> None:
    assert_same(BATCH[index], ParticleBatch.from_frames([FRAMES[k] for k in numbers]))


def test_length_and_shape_are_those_of_the_frames() -> None:
    assert len(BATCH) == 6
    assert BATCH.shape == (6,)


def test_frames_one_by_one_are_the_batch_again() -> None:
    assert_same(ParticleBatch.joined(list(BATCH)), BATCH)


def test_a_part_shares_no_memory_with_the_whole() -> None:
    part = BATCH[:]
    assert not any(np.shares_memory(getattr(part, name), getattr(BATCH, name)) for name in NAMES)


@pytest.mark.parametrize("index", [6, -7, [0, 6], 1.0, "C", [True, False], (0, 1), [[0, 1]], None], ids=str)
def test_what_is_no_index(index: Any) -> None:
    with pytest.raises(IndexError):
        BATCH[index]


@pytest.mark.parametrize("index", [[], slice(4, 2), np.zeros(6, bool)], ids=str)
def test_no_frame_at_all(index: Any) -> None:
    with pytest.raises(ValueError, match="chooses none of the 6 frames"):
        BATCH[index]
