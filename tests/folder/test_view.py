"""`anisoap_opt.open`: one array over all blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anisoap_opt
from anisoap_opt.folder.view import FeatureFolder
from tests.folder.commands import change_a_bit, describe
from tests.folder.inputs import small

pytestmark = pytest.mark.usefixtures("frames_here")


@pytest.fixture
def view() -> FeatureFolder:
    describe()
    return anisoap_opt.open("out")


@pytest.mark.parametrize(
    "index",
    [
        0, -1, 10, np.int64(4), slice(None), slice(2, 9, 3), slice(None, None, -1), [3, 0, 3], np.array([10, 2]),
        np.arange(11) % 2 == 0, [], (slice(1, 5), slice(3, 7)), (2, 5), (slice(None), 0), (), (3, [4, 2]), ([4, 2], 3),
        (slice(1, 5), [4, 2]), ([4, 2], slice(2)), ..., (..., 3), (4, ...),
    ],
    ids=str,
)  # fmt: skip
def test_an_index_is_that_of_an_array(view: FeatureFolder, index: Any) -> None:
    whole = np.asarray(view)
    rows = np.array([], dtype=int) if isinstance(index, list) and not index else index
    np.testing.assert_array_equal(view[index], whole[rows])


def test_an_index_of_two_lists_is_refused(view: FeatureFolder) -> None:
    for rows, columns in (([1, 8], [4, 2]), ([1, 8, 3], [4, 2]), (np.arange(11) > 3, np.arange(80) > 3), ([1], (2,))):
        with pytest.raises(IndexError, match=r"write view\[rows\]\[:, columns\]"):
            view[rows, columns]
    for index in [(slice(None), slice(None), 1), (1, 2, 3), True, (slice(None), True)]:
        with pytest.raises(IndexError, match="one of rows and one of columns"):
            view[index]


def test_attributes(view: FeatureFolder) -> None:
    assert (view.shape, len(view), view.ndim) == ((11, 80), 11, 2)
    assert view.dtype == np.float64
    assert repr(view) == "FeatureFolder('out': 11 frames × 80 features, float64)"
    assert view.hypers["max_angular"] == 3
    assert [one["path"] for one in view.files] == ["frames.xyz"]
    labels = small(types=[1, 6]).feature_labels(anisoap_opt.read("frames.xyz"))
    np.testing.assert_array_equal(view.columns, labels)
    assert [len(block) for block in view.blocks()] == [3, 3, 3, 2]
    np.testing.assert_array_equal(np.asarray(view, dtype=np.float32), np.asarray(view).astype(np.float32))


def test_what_is_not_there(view: FeatureFolder) -> None:
    for index in (11, -12, [0, 11]):
        with pytest.raises(IndexError):
            view[index]
    with pytest.raises(IndexError, match="row 11 of 11"):
        view.frame_of(11)
    with pytest.raises(IndexError):
        view[np.zeros((2, 2), dtype=int)]
    with pytest.raises(ValueError, match="that takes a copy"):
        view.__array__(copy=False)


def test_nothing_can_be_written(view: FeatureFolder) -> None:
    with pytest.raises(ValueError, match="read-only"):
        next(view.blocks())[0] = 1


def test_check_finds_a_changed_bit(view: FeatureFolder) -> None:
    view.check()
    path = Path("out/block-000002.npy")
    change_a_bit(path)
    with pytest.raises(ValueError, match=r"changed since they were written: 2; delete .* block-000002\.json"):
        anisoap_opt.open("out").check()
    Path("out/block-000002.json").unlink()
    describe()
    anisoap_opt.open("out").check()
