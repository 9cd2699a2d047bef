"""`types=[…]`: the same columns whatever the data hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.frames_for_tests import calculator, mixed_frames, random_frame
from tests.tolerances import assert_close

NUM_PER_CENTER = sum((3 * n) ** 2 for n in (2, 2, 1, 1))  # three neighbour types, max_angular 3


def test_width_does_not_depend_on_the_frames(backend: str) -> None:
    projection = calculator(backend=backend, types=[8, 1, 6])
    for frame in (*mixed_frames(), random_frame(7, 0)):
        assert projection.power_spectrum([frame]).shape == (1, 3 * NUM_PER_CENTER)


def test_columns_of_absent_centers_are_zero() -> None:
    oxygen = random_frame(5, 2, types=(8,))
    row = calculator(types=[1, 6, 8]).power_spectrum([oxygen])[0]
    assert not row[: 2 * NUM_PER_CENTER].any()
    assert row[2 * NUM_PER_CENTER :].any()


def test_same_values_as_without_in_the_columns_that_are_met(backend: str) -> None:
    frames = [random_frame(1, 5, types=(1, 8))]
    fixed = calculator(backend=backend, types=[1, 6, 8]).transform(frames)
    for key, block in calculator(backend=backend).transform(frames).items():
        other = fixed.block(key)
        assert other.properties["neighbor_types"].tolist() == [1, 6, 8] * (other.values.shape[2] // 3)
        columns = [other.properties.position(row) for row in block.properties]
        assert_close(other.values[:, :, columns], block.values, 1e-13)
        rest = np.setdiff1d(np.arange(other.values.shape[2]), columns)
        assert not other.values[:, :, rest].any()


def test_columns_follow_the_types_met_without_it() -> None:
    alone = calculator(subtract_center_contribution=True)
    close, far = random_frame(1, 2, types=(1, 6)), random_frame(1, 2, types=(1, 6), box=100.0)
    assert alone.power_spectrum([close]).shape == (1, 20)  # each type meets the other only
    with pytest.warns(UserWarning, match="no centre has a neighbour"):
        assert alone.power_spectrum([far]).shape == (1, 0)


@pytest.mark.parametrize("types", [(8, 6, 1), np.array([1, 6, 8]), {1, 6, 8}, [1, 1, 6, 8], range(1, 9)], ids=repr)
def test_order_and_kind_of_the_collection_do_not_matter(types: Any) -> None:
    wanted = sorted({int(t) for t in types})
    expected = calculator(types=wanted).power_spectrum(mixed_frames())
    np.testing.assert_array_equal(calculator(types=types).power_spectrum(mixed_frames()), expected)


def test_a_type_that_is_not_listed() -> None:
    with pytest.raises(ValueError, match=r"types \[8\].*not in types=\[1, 6\]"):
        calculator(types=[1, 6]).power_spectrum(mixed_frames())
    with pytest.raises(ValueError, match=r"types \[8\].*not in types=\[1, 6\]"):
        calculator(types=[1, 6]).transform(mixed_frames())


@pytest.mark.parametrize("types", ["CHO", [1.5], ["C"], [True], [None], 6], ids=repr)
def test_types_that_are_no_integers(types: Any) -> None:
    with pytest.raises(TypeError):
        calculator(types=types)


def test_types_below_zero() -> None:
    with pytest.raises(ValueError, match="types"):
        calculator(types=[-1])


def test_types_that_are_absent_still_have_their_keys(backend: str) -> None:
    fixed = calculator(backend=backend, types=(1, 6))
    frames = [random_frame(1, 3, types=(1,))]
    assert fixed.transform(frames).keys["types_center"].tolist() == [1] * 4 + [6] * 4
    absent = fixed.power_spectrum(frames, mean_over_samples=False).block({"types_center": 6})
    assert absent.values.shape == (0, 1, fixed.power_spectrum(frames).shape[1] // 2)
