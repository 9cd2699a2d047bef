"""`symmetric=True`: half the columns, the same inner products."""

from __future__ import annotations

import numpy as np
import pytest

from tests.frames_for_tests import calculator, mixed_frames
from tests.tolerances import assert_close


def test_inner_products_are_the_same(backend: str) -> None:
    projection = calculator(backend=backend, max_radial=1)
    full = projection.power_spectrum(mixed_frames())
    half = projection.power_spectrum(mixed_frames(), symmetric=True)
    assert full.shape[1] / 2 < half.shape[1] < 0.6 * full.shape[1]
    assert_close(half @ half.T, full @ full.T, 1e-12)


def test_columns_follow_their_labels(backend: str) -> None:
    projection = calculator(backend=backend, max_radial=1)
    full = projection.power_spectrum(mixed_frames(), mean_over_samples=False)
    half = projection.power_spectrum(mixed_frames(), mean_over_samples=False, symmetric=True)
    assert half.keys == full.keys
    for key, block in half.items():
        whole = full.block(key)
        columns = [whole.properties.position(row) for row in block.properties]
        labels = block.properties.values
        factor = np.where((labels[:, :3] == labels[:, 3:]).all(axis=1), 1, np.sqrt(2))
        assert_close(block.values, whole.values[:, :, columns] * factor, 1e-12)
        assert len({tuple(sorted([tuple(row[:3]), tuple(row[3:])])) for row in labels.tolist()}) == len(labels)


def test_mean_is_the_mean_of_the_blocks() -> None:
    projection = calculator()
    frame = mixed_frames()[2:3]
    blocks = projection.power_spectrum(frame, mean_over_samples=False, symmetric=True).blocks()
    expected = np.hstack([block.values[:, 0].mean(axis=0) for block in blocks])
    assert_close(projection.power_spectrum(frame, symmetric=True)[0], expected, 1e-12)


def test_float32_stays_float32(float32_backend: str) -> None:
    projection = calculator(backend=float32_backend, dtype="float32")
    assert projection.power_spectrum(mixed_frames(), symmetric=True).dtype == np.float32


def test_it_is_a_keyword() -> None:
    with pytest.raises(TypeError):
        calculator().power_spectrum(mixed_frames(), True, False, True, True)  # type: ignore[call-arg]
