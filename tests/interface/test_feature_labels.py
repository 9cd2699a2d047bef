"""`feature_labels` says what stands in each column of the mean power spectrum."""

from __future__ import annotations

import numpy as np
import pytest

from tests.frames_for_tests import calculator, mixed_frames, random_frame

NAMES = ("types_center", "n_1_a", "neighbor_types_1_a", "k_2", "n_1_b", "neighbor_types_1_b", "l_2")


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("types", [None, [1, 6, 8, 9]], ids=["met", "fixed"])
def test_labels_are_those_of_the_blocks_side_by_side(symmetric: bool, types: list[int] | None, backend: str) -> None:
    projection, frames = calculator(backend=backend, types=types, max_angular=2, max_radial=[1, 0, 1]), mixed_frames()
    labels = projection.feature_labels(frames, symmetric=symmetric)
    assert labels.dtype.names == NAMES
    assert labels.shape == projection.power_spectrum(frames, symmetric=symmetric).shape[1:]
    power = projection.power_spectrum(frames, mean_over_samples=False, symmetric=symmetric)
    expected = [[key["types_center"], *row] for key, block in power.items() for row in block.properties.values.tolist()]
    assert [list(row) for row in labels.tolist()] == expected


@pytest.mark.parametrize("symmetric", [False, True])
def test_fixed_types_need_no_frames(symmetric: bool) -> None:
    projection = calculator(types=[8, 1, 6, 9], max_radial=[1, 0, 1], max_angular=2)
    expected = projection.feature_labels(mixed_frames(), symmetric=symmetric)
    np.testing.assert_array_equal(projection.feature_labels(symmetric=symmetric), expected)
    with pytest.raises(TypeError, match="give frames, or the calculator types"):
        calculator().feature_labels()


def test_frames_without_any_pair() -> None:
    labels = calculator(subtract_center_contribution=True).feature_labels([random_frame(1, 1)])
    assert labels.shape == (0,)
    assert labels.dtype.names == NAMES


def test_symmetric_is_a_flag() -> None:
    with pytest.raises(TypeError, match="symmetric must be True or False"):
        calculator().feature_labels(mixed_frames(), symmetric="False")


def test_a_column_is_found_by_its_label() -> None:
    """One centre type, one neighbour type: the column is that of a calculation with nothing else."""
    frame, projection = random_frame(1, 6), calculator(max_angular=1, subtract_center_contribution=True)
    labels = projection.feature_labels([frame])
    hydrogen = (labels["types_center"] == 1) & (labels["neighbor_types_1_a"] == 1) & (labels["neighbor_types_1_b"] == 1)
    alone = projection.power_spectrum([frame[frame.numbers == 1]])
    np.testing.assert_allclose(projection.power_spectrum([frame])[:, hydrogen], alone, rtol=1e-12)
