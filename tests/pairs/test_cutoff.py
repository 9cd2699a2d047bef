"""The smooth cutoff: its function, and descriptors that do not jump."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anisoap_opt.cutoff import SmoothCutoff
from tests.frames_for_tests import calculator, mixed_frames, random_frame
from tests.tolerances import TOLERANCES, assert_close

CUTOFF = SmoothCutoff(5.0, 2.0)


def along_x(distances: Any) -> Any:
    return np.asarray(distances)[:, None] * np.array([1.0, 0.0, 0.0])


def test_values() -> None:
    values = CUTOFF.factor(along_x([0.0, 2.9, 3.0, 4.0, 5.0, 6.0]))
    assert values.tolist() == [1, 1, 1, 0.5, 0, 0]
    inside = CUTOFF.factor(along_x(np.linspace(3, 5, 50)))
    assert (np.diff(inside) < 0).all()


def test_two_continuous_derivatives() -> None:
    """At both ends the first two derivatives vanish: the third power of the step is left."""
    for end, value in ((3.0, 1.0), (5.0, 0.0)):
        for step in (1e-2, 1e-3):
            change = CUTOFF.factor(along_x([end - step, end + step])) - value
            assert np.abs(change).max() <= 10 * (step / 2) ** 3


def test_gradient_of_the_logarithm() -> None:
    r = np.random.default_rng(0).normal(size=(200, 3)) * 2.5
    step = 1e-5
    expected = np.empty_like(r)
    for k in range(3):
        there, back = (CUTOFF.factor(r + sign * step * np.eye(3)[k]) for sign in (1, -1))
        expected[:, k] = (there - back) / (2 * step)
    assert_close(CUTOFF.log_gradient(r) * CUTOFF.factor(r)[:, None], expected, 1e-9)
    assert not CUTOFF.log_gradient(along_x([0.0, 2.0, 5.0, 7.0])).any()


def pair_at(distance: float) -> Any:
    frame = random_frame(1, 2)
    frame.positions = [[0, 0, 0], [distance, 0, 0]]
    return frame


def test_a_neighbor_leaves_without_a_jump(backend: str) -> None:
    """The pair is weighted by f, so the power spectrum by f² at most; with the hard cutoff everything goes at once."""
    options: dict[str, Any] = {"backend": backend, "subtract_center_contribution": True, "types": [1, 6]}
    frames = [pair_at(distance) for distance in (4.0, 4.999, 5.001)]
    with pytest.warns(UserWarning, match="no centre has a neighbour"):
        calculator(**options).power_spectrum(frames[2:])
    hard, smooth = (calculator(**options, **more) for more in ({}, {"cutoff_smoothing": 2.0}))
    before, after = (one.power_spectrum(frames[:2]) for one in (hard, smooth))
    factor = CUTOFF.factor(along_x([4.0, 4.999]))
    assert_close(after, before * factor[:, None] ** 2, TOLERANCES["float64"].same)


def test_the_particle_itself_keeps_its_weight(backend: str) -> None:
    """Even where the factor falls from the first Å on."""
    lone = [random_frame(1, 1)]
    hard, smooth = (calculator(backend=backend, **more) for more in ({}, {"cutoff_smoothing": 5.0}))
    np.testing.assert_array_equal(smooth.power_spectrum(lone), hard.power_spectrum(lone))


def test_backends_agree(backend: str) -> None:
    ours, literal = (calculator(backend=name, cutoff_smoothing=1.5) for name in (backend, "reference"))
    frames = mixed_frames()
    assert_close(ours.power_spectrum(frames), literal.power_spectrum(frames), TOLERANCES["float64"].invariance)


def test_float32(float32_backend: str) -> None:
    frames = mixed_frames()
    single, double = (
        calculator(backend=float32_backend, cutoff_smoothing=1.5, dtype=dtype) for dtype in ("float32", "float64")
    )
    assert_close(single.power_spectrum(frames), double.power_spectrum(frames), TOLERANCES["float32"].invariance)


def test_pairs_add_up(backend: str) -> None:
    expansion, pairs = calculator(backend=backend, cutoff_smoothing=1.5).transform(
        [random_frame(2, 4)], return_pef=True
    )
    for key, block in pairs.items():
        whole = expansion.block(types_center=key["types_center"], angular_channel=key["angular_channel"])
        columns = np.asarray(whole.properties["neighbor_types"]) == key["types_neighbor"]
        sums = np.zeros_like(whole.values[:, :, columns])
        rows = {tuple(sample): row for row, sample in enumerate(whole.samples.values.tolist())}
        for sample, value in zip(block.samples.values.tolist(), block.values, strict=True):
            sums[rows[tuple(sample[:2])]] += value
        assert_close(whole.values[:, :, columns], sums, TOLERANCES["float64"].same)


@pytest.mark.parametrize("width", [0, -1.0, np.nan, 5.1, "wide", True], ids=repr)
def test_bad_widths(width: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="cutoff_smoothing"):
        calculator(cutoff_smoothing=width)
