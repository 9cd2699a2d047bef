"""`centers=` describes only some particles, `reduce=` gives a row a frame; and a word where nobody has a neighbour."""

from __future__ import annotations

import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from tests.frames_for_tests import TRICLINIC, calculator, mixed_frames, random_frame
from tests.tolerances import TOLERANCES, assert_close

SAME = TOLERANCES["float64"].same
FRAMES = mixed_frames()


def masks() -> list[Any]:
    rng = np.random.default_rng(2)
    return [rng.random(len(frame)) < 0.5 for frame in FRAMES]


def test_chosen_centers_have_the_rows_that_they_have_among_all(backend: str) -> None:
    projection = calculator(backend=backend, types=[1, 6, 8])
    chosen = masks()
    for method in (projection.transform, lambda *a, **k: projection.power_spectrum(*a, False, **k)):
        some, whole = method(FRAMES, centers=chosen), method(FRAMES)
        labels = {tuple(sample) for block in some.blocks() for sample in block.samples.values.tolist()}
        assert labels == {(f, i) for f, mask in enumerate(chosen) for i in np.flatnonzero(mask).tolist()}
        for key, block in some.items():
            other = whole.block(key)
            rows = [other.samples.position(sample) for sample in block.samples]
            assert_close(block.values, other.values[rows], SAME)


def test_masks_indices_and_types_say_the_same(backend: str) -> None:
    projection = calculator(backend=backend)
    by_type = projection.power_spectrum(FRAMES, centers=[1, 8])
    as_masks = [np.isin(frame.numbers, [1, 8]) for frame in FRAMES]
    as_indices = [np.flatnonzero(mask).tolist() for mask in as_masks]
    assert np.array_equal(projection.power_spectrum(FRAMES, centers=as_masks), by_type)
    assert np.array_equal(projection.power_spectrum(FRAMES, centers=as_indices), by_type)
    assert projection.transform(FRAMES, centers=(8,)).keys["types_center"].tolist() == [8] * 4


def test_a_mean_is_over_the_chosen_ones_and_a_sum_is_no_mean(backend: str) -> None:
    projection = calculator(backend=backend, types=[1, 6, 8])
    chosen = masks()
    per_center = projection.power_spectrum(FRAMES, False, centers=chosen)
    mean, total = (projection.power_spectrum(FRAMES, centers=chosen, reduce=how) for how in ("mean", "sum"))
    first = 0
    for block in per_center.blocks():
        columns = slice(first, first := first + block.values.shape[-1])
        for frame in range(len(FRAMES)):
            rows = block.values[block.samples["type"] == frame, 0]
            assert_close(total[frame, columns], rows.sum(axis=0), SAME)
            assert_close(mean[frame, columns], rows.sum(axis=0) / max(len(rows), 1), SAME)


def test_pairs_of_chosen_centers(backend: str) -> None:
    projection = calculator(backend=backend)
    frames = [random_frame(1, 5, types=(1,), cell=TRICLINIC, pbc=True)]
    (_, some), (_, whole) = (projection.transform(frames, return_pef=True, centers=c) for c in ([[0, 3]], None))
    for key, block in some.items():
        other = whole.block(key)
        assert set(block.samples["first_atom"]) == {0, 3}
        rows = np.flatnonzero(np.isin(other.samples["first_atom"], [0, 3]))
        assert block.samples.values.tolist() == other.samples.values[rows].tolist()
        assert_close(block.values, other.values[rows], SAME)


@pytest.mark.parametrize(
    ("centers", "error", "match"),
    [
        (7, TypeError, "types, or a mask or indices for each frame"),
        ([1, 1.5], TypeError, "centers must be types, or a mask or indices for each frame"),
        ([-1], TypeError, "centers must be types"),
        ([True, False], TypeError, "centers must be types"),
        ([0, 3], ValueError, r"no particle is of these types; for indices write a list for each frame, \[\[0, 3\]\]"),
        ([[0]], ValueError, "entries for 1 frames, and there are"),
        ([[99]] + [[0]] * (len(FRAMES) - 1), ValueError, "frame 0: centers must be a mask of .* particles or indices"),
        ([[0]] * (len(FRAMES) - 1) + [[True] * 50], ValueError, f"frame {len(FRAMES) - 1}: centers must be a mask"),
        ([["a"]] * len(FRAMES), ValueError, "frame 0: centers"),
    ],
)
def test_centers_that_make_no_sense(centers: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        calculator().power_spectrum(FRAMES, centers=centers)


def test_reduce_is_one_of_two_words() -> None:
    with pytest.raises(ValueError, match="reduce must be one of 'mean', 'sum', got 'max'"):
        calculator().power_spectrum(FRAMES, reduce="max")


def pair_of_particles(distance: float, **kwargs: Any) -> Atoms:
    frame = random_frame(1, 2, types=(1,), **kwargs)
    frame.positions = [[0.3, 0, 0], [0.3, distance, 0]]
    return frame


@pytest.mark.parametrize("subtract", [False, True])
@pytest.mark.parametrize(
    ("frames", "distance"),
    [
        ([pair_of_particles(7.25)], "7.25"),
        ([pair_of_particles(123.0), pair_of_particles(61.5)], "61.5"),
        ([random_frame(1, 1, types=(1,), cell=np.diag([20.0, 9.5, 30]), pbc=True)], "9.5"),
        ([pair_of_particles(19.0, cell=20 * np.eye(3), pbc=(False, True, False))], "1"),
    ],
)
def test_a_cutoff_too_small_for_any_neighbor(backend: str, frames: list[Atoms], distance: str, subtract: bool) -> None:
    projection = calculator(
        backend=backend, cutoff_radius=0.75, subtract_center_contribution=subtract, types=[1], radial_gaussian_width=0.5
    )
    message = f"within cutoff_radius=0.75: the shortest distance to another particle or image is {distance}$"
    for method in (projection.power_spectrum, projection.transform):
        with pytest.warns(UserWarning, match=message) as record:
            method(frames)
        assert len(record) == 1
        assert record[0].filename == __file__


def test_no_word_where_there_can_be_no_neighbor_or_one_center_has_one(backend: str) -> None:
    projection = calculator(backend=backend)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        projection.power_spectrum([random_frame(1, 1), random_frame(2, 0)])
        projection.power_spectrum([pair_of_particles(50.0), pair_of_particles(1.0)])


def test_the_shortest_distance_is_found_in_little_memory() -> None:
    """A cutoff in another unit, and one centre of many particles: pairs are searched no further than they must be."""
    frame = random_frame(1, 3000, types=(1,), box=60.0)
    tracemalloc.start()
    try:
        with pytest.warns(UserWarning, match="no centre has a neighbour within cutoff_radius=7e-10"):
            calculator(backend="numpy_only", cutoff_radius=7e-10).power_spectrum([frame], centers=[[1500]])
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("cutoff", [700.0, 1e7, 1e12])
def test_a_cutoff_of_far_too_many_cells(backend: str, cutoff: float) -> None:
    frame = random_frame(1, 3, types=(1,), cell=6 * np.eye(3), pbc=True)
    with pytest.raises(ValueError, match="frame 1: the cutoff reaches .* images of its cell; are both in one unit"):
        calculator(backend=backend, cutoff_radius=cutoff).power_spectrum([random_frame(2, 2), frame])
