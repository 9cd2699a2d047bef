"""Isolated particles, empty neighbourhoods, empty frames: no errors, one row per frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms

from tests.frames_for_tests import TRICLINIC, calculator, mixed_frames, random_frame
from tests.tolerances import assert_close


def isolated(num: int = 3) -> Atoms:
    return random_frame(1, num, box=1e4)


def test_one_frame_gives_one_row(backend: str) -> None:
    assert calculator(backend=backend).power_spectrum([random_frame(1, types=(1,))]).shape == (1, 10)


def test_a_single_particle_is_its_own_neighbor(backend: str) -> None:
    row = calculator(backend=backend).power_spectrum([isolated(1)])
    assert row.shape == (1, 10)
    assert row.any()


TOO_SMALL = pytest.mark.filterwarnings("ignore:no centre has a neighbour:UserWarning")


@TOO_SMALL
def test_no_neighbors_at_all(backend: str) -> None:
    projection = calculator(backend=backend, subtract_center_contribution=True)
    for frames in ([isolated()], [isolated(1)], [isolated(), random_frame(2, 0), isolated(1)]):
        assert projection.power_spectrum(frames).shape == (len(frames), 0)
        assert len(projection.power_spectrum(frames, mean_over_samples=False)) == 0
        expansion, pairs = projection.transform(frames, return_pef=True)
        assert len(expansion) == len(pairs) == 0
        assert expansion.keys.names == ["types_center", "angular_channel"]


@TOO_SMALL
def test_no_neighbors_with_fixed_types(backend: str) -> None:
    projection = calculator(backend=backend, subtract_center_contribution=True, types=[1, 6])
    row = projection.power_spectrum([isolated(), isolated(1)])
    assert row.shape == (2, 2 * 40)
    assert not row.any()


def test_a_single_particle_sees_its_images_without_itself(backend: str) -> None:
    frame = random_frame(1, 1, cell=TRICLINIC, pbc=True)
    projection = calculator(backend=backend, subtract_center_contribution=True)
    assert projection.power_spectrum([frame]).any()


def test_centers_without_neighbors_are_no_samples(backend: str) -> None:
    """As upstream: the mean is over the centres that have a neighbour."""
    frame = random_frame(1, 4, types=(1,))
    frame.positions[3] += 1000
    projection = calculator(backend=backend, subtract_center_contribution=True)
    assert projection.transform([frame]).block(0).samples.values.tolist() == [[0, 0], [0, 1], [0, 2]]
    assert_close(projection.power_spectrum([frame]), projection.power_spectrum([frame[:3]]), 1e-13)


def test_a_frame_without_neighbors_among_others(backend: str) -> None:
    projection = calculator(backend=backend, subtract_center_contribution=True)
    close = random_frame(1, 4)
    rows = projection.power_spectrum([isolated(), close, isolated(1)])
    assert not rows[[0, 2]].any()
    assert_close(rows[1:2], projection.power_spectrum([close]), 1e-13)


def test_frames_of_no_particles(backend: str) -> None:
    projection = calculator(backend=backend)
    empty, frame = random_frame(1, 0), random_frame(2, 4)
    rows = projection.power_spectrum([empty, frame, empty])
    assert not rows[[0, 2]].any()
    assert_close(rows[1:2], projection.power_spectrum([frame]), 1e-13)
    assert projection.power_spectrum([empty]).shape == (1, 0)
    assert projection.transform([empty, frame]).block(0).samples["type"].tolist() == [1, 1]


def test_frames_that_hold_different_types(backend: str) -> None:
    """Upstream fails here. Zeros where a frame lacks a centre type, values where it does not."""
    frames = [random_frame(1, 3, types=(1,)), random_frame(2, 3, types=(8,)), random_frame(3, 4, types=(1, 8))]
    rows = calculator(backend=backend).power_spectrum(frames)
    half = rows.shape[1] // 2
    assert rows.shape == (3, 80)
    assert not rows[0, half:].any()
    assert not rows[1, :half].any()
    assert rows[0, :half].any()
    assert rows[1, half:].any()
    assert rows[2, :half].any()
    assert rows[2, half:].any()


@TOO_SMALL
@pytest.mark.parametrize("cutoff", [1e-12, 1e-3, 60.0])
def test_cutoffs_of_any_size(backend: str, cutoff: float) -> None:
    frames: list[Any] = [random_frame(1, 3), random_frame(2, 0), isolated()]
    assert np.isfinite(calculator(backend=backend, cutoff_radius=cutoff).power_spectrum(frames)).all()


def test_many_frames_of_one_or_two_particles(fast_backend: str) -> None:
    frames = [random_frame(seed, 1 + seed % 2, cell=TRICLINIC, pbc=True) for seed in range(200)]
    rows = calculator(backend=fast_backend).power_spectrum(frames)
    assert rows.shape[0] == 200
    assert np.isfinite(rows).all()


def test_mean_over_samples_by_position() -> None:
    assert len(calculator().power_spectrum(mixed_frames(), False).keys) == 3


def test_an_empty_frame_needs_no_arrays(backend: str) -> None:
    rows = calculator(backend=backend).power_spectrum([random_frame(1, types=(1,)), Atoms()])
    assert rows.shape == (2, 10)
    assert not rows[1].any()
