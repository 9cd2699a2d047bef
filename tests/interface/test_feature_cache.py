"""`FeatureCache`: every frame is described once for every set, and the numbers are those of a calculator without it."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from joblib import parallel_config
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from anisoap_opt import ParticleBatch, feature_cache
from anisoap_opt.sklearn import FeatureCache
from tests.frames_for_tests import calculator, random_frame
from tests.interface.test_sklearn import BATCH, FRAMES, TARGETS, transformer

GRID: dict[str, list[Any]] = {"max_angular": [1, 2], "cutoff_radius": [2.0, 5.0]}


def search(memory: FeatureCache | None, frames: Any, grid: dict[str, list[Any]] = GRID, **how: Any) -> GridSearchCV:
    pipeline = make_pipeline(transformer(memory=memory), Ridge(1e-3))
    return GridSearchCV(
        pipeline,
        {f"anisoaptransformer__{name}": values for name, values in grid.items()},
        cv=3,
        error_score="raise",
        **how,
    ).fit(frames, TARGETS)


@pytest.mark.parametrize("frames", [FRAMES, BATCH], ids=["list", "batch"])
def test_a_search_describes_every_frame_once_for_every_set(frames: Any) -> None:
    without = search(None, frames)
    for cache in (FeatureCache(), FeatureCache(**GRID)):
        found = search(cache, frames)
        assert cache.num_rows == 4 * len(FRAMES)
        np.testing.assert_allclose(
            found.cv_results_["mean_test_score"], without.cv_results_["mean_test_score"], rtol=1e-6
        )
        assert found.best_params_ == without.best_params_
        assert found.best_estimator_[0].memory is cache
        np.testing.assert_allclose(found.predict(frames), without.predict(frames), rtol=1e-6)
        assert cache.num_rows == 4 * len(FRAMES)


def test_a_set_of_the_grid_brings_all_others() -> None:
    cache = FeatureCache(**GRID)
    first = transformer(memory=cache).set_params(max_angular=1).fit_transform(BATCH[:7])
    assert cache.num_rows == 4 * 7
    np.testing.assert_allclose(first, calculator(max_angular=1).power_spectrum(BATCH[:7]), rtol=1e-13)
    transformer(memory=cache, max_angular=2, cutoff_radius=2.0).fit_transform(BATCH[:7])
    assert cache.num_rows == 4 * 7
    transformer(memory=cache, max_angular=2, cutoff_radius=2.0).fit_transform(BATCH[5:])
    assert cache.num_rows == 4 * len(BATCH)


def test_frames_that_are_only_transformed_are_computed_for_one_set() -> None:
    cache = FeatureCache(**GRID)
    fitted = transformer(memory=cache, max_angular=2)
    fitted.fit_transform(BATCH[:7])
    found = fitted.transform(BATCH)
    np.testing.assert_allclose(found, calculator(max_angular=2).power_spectrum(BATCH), rtol=1e-12, atol=1e-15)
    assert cache.num_rows == 4 * 7 + 5
    transformer(memory=cache, max_angular=1).fit_transform(BATCH[5:9])
    assert cache.num_rows == 4 * 9 + 3
    for changes in ({"max_angular": 1}, {"max_angular": 2}, {"max_angular": 2, "cutoff_radius": 2.0}):
        found = transformer(memory=cache, **changes).fit(BATCH).transform(BATCH)
        np.testing.assert_allclose(found, calculator(**changes).power_spectrum(BATCH), rtol=1e-12, atol=1e-15)


def test_a_search_computes_nothing_twice_and_most_sets_together(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    whole = feature_cache.computed
    monkeypatch.setattr(
        feature_cache,
        "computed",
        lambda sets, batch, *a, **k: (asked.append((len(sets), len(batch))), whole(sets, batch, *a, **k))[1],
    )
    search(FeatureCache(**GRID), BATCH)
    assert asked == [(4, 8), (1, 4), (3, 4)]  # what the first fold trains on; holds out; and what others train on


def test_a_grid_over_both_bases_has_widths_for_one_of_them() -> None:
    cache = FeatureCache(radial_basis_name=["gto", "monomial"], radial_gaussian_width=[1.0, 1.5])
    for changes in (
        {},
        {"radial_gaussian_width": 1.0},
        {"radial_basis_name": "monomial", "radial_gaussian_width": None},
    ):
        found = transformer(memory=cache, **changes).fit_transform(BATCH)
        np.testing.assert_allclose(found, calculator(**changes).power_spectrum(BATCH), rtol=1e-12, atol=1e-15)
        assert cache.num_rows == 3 * len(BATCH)


def test_one_entry_per_l() -> None:
    cache = FeatureCache(max_radial=np.array([[1, 1, 0, 0], [2, 1, 0, 0]]), cutoff_radius=np.array([2.0, 5.0]))
    for sizes in ((1, 1, 0, 0), [2, 1, 0, 0]):
        found = transformer(memory=cache, max_radial=sizes).fit_transform(BATCH)
        np.testing.assert_allclose(found, calculator(max_radial=sizes).power_spectrum(BATCH), rtol=1e-12, atol=1e-15)
        assert cache.num_rows == 4 * len(BATCH)


def test_what_is_not_in_the_grid_is_computed_alone() -> None:
    cache = FeatureCache(**GRID)
    for changes in ({"max_angular": 3}, {"max_angular": 3, "max_radial": [1, 1, 0, 0]}, {"cutoff_radius": 3.0}):
        found = transformer(memory=cache, **changes).fit_transform(BATCH)
        np.testing.assert_allclose(found, calculator(**changes).power_spectrum(BATCH), rtol=1e-13)
    assert cache.num_rows == 3 * len(BATCH)


@pytest.mark.parametrize(
    "changes",
    [
        {"subtract_center_contribution": True},
        {"types": [1, 6, 8]},
        {"cutoff_smoothing": 1.0},
        {"radial_gaussian_width": 1.0},
        {"reduce": "sum"},
        {"symmetric": True},
    ],
    ids=str,
)
def test_all_else_that_makes_a_difference_is_told_apart(changes: dict[str, Any]) -> None:
    cache = FeatureCache()
    transformer(memory=cache).fit_transform(BATCH)
    found = transformer(memory=cache, **changes).fit_transform(BATCH)
    np.testing.assert_allclose(found, transformer(**changes).fit_transform(BATCH), rtol=1e-13)
    assert cache.num_rows == 2 * len(BATCH)


def test_a_frame_is_known_by_what_it_holds() -> None:
    cache = FeatureCache()
    frame = random_frame(3, 4)
    fitted = transformer(memory=cache).fit([frame])
    fitted.transform([frame, frame.copy(), frame])
    fitted.transform(ParticleBatch.from_frames([frame]))
    assert cache.num_rows == 1
    changes = {
        "positions": lambda: frame.positions.__iadd__(1e-9),
        "numbers": lambda: frame.set_atomic_numbers(np.roll(frame.numbers, 1)),
        "rotations": lambda: frame.arrays["c_q"].__iadd__(1e-9),
        "sizes": lambda: frame.arrays["c_diameter[2]"].__iadd__(1e-9),
        "cell": lambda: frame.set_cell([9, 9, 9]),
        "pbc": lambda: frame.set_pbc([True, False, False]),
    }
    for number, (name, change) in enumerate(changes.items(), start=2):
        change()
        np.testing.assert_array_equal(fitted.transform([frame]), calculator().power_spectrum([frame]), err_msg=name)
        assert cache.num_rows == number


def test_frames_of_different_length_next_to_each_other() -> None:
    frames = [random_frame(1, 0), random_frame(1, 2), random_frame(2, 0), random_frame(1, 3)]
    cache = FeatureCache()
    found = transformer(memory=cache).fit_transform(frames)
    np.testing.assert_allclose(found, calculator().power_spectrum(frames), rtol=1e-13)
    assert cache.num_rows == 3  # the two empty ones are the same


def test_an_error_leaves_what_was_there() -> None:
    cache = FeatureCache(max_angular=[2, -1])
    with pytest.raises(ValueError, match="max_angular"):
        transformer(memory=cache, max_angular=2).fit_transform(BATCH)
    assert cache.num_rows == 0


def test_the_features_given_out_are_copies() -> None:
    cache = FeatureCache()
    first = transformer(memory=cache).fit_transform(BATCH)
    expected = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(transformer(memory=cache).fit_transform(BATCH), expected)


def test_clones_share_and_pickles_start_anew() -> None:
    cache = FeatureCache(max_angular=[2, 3])
    fitted = transformer(memory=cache).fit(BATCH)
    expected = fitted.transform(BATCH)
    assert clone(fitted).memory is cache
    other = pickle.loads(pickle.dumps(fitted))
    assert other.memory.num_rows == 0
    assert other.memory.grid == cache.grid
    np.testing.assert_array_equal(other.transform(BATCH), expected)
    cache.clear()
    assert cache.num_rows == 0
    np.testing.assert_array_equal(fitted.transform(BATCH), expected)


def test_threads_share() -> None:
    cache = FeatureCache(**GRID)
    with parallel_config("threading", n_jobs=4):
        found = search(cache, BATCH)
    assert cache.num_rows == 4 * len(BATCH)
    assert found.best_params_ == search(None, BATCH).best_params_


@pytest.mark.parametrize(
    ("grid", "error", "message"),
    [
        ({"types": [[1], [6]]}, TypeError, "not over types"),
        ({"max_angular": 3}, TypeError, "max_angular must be a list of values, got 3"),
        ({"radial_basis_name": "gto"}, TypeError, "radial_basis_name must be a list of values, got 'gto'"),
        ({"cutoff_radius": iter([2.0])}, TypeError, "cutoff_radius must be a list of values"),
        ({"cutoff_radius": []}, ValueError, "cutoff_radius must be a list of at least one value"),
    ],
    ids=str,
)
def test_what_is_no_grid(grid: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        FeatureCache(**grid)


def test_repr() -> None:
    assert repr(FeatureCache(max_angular=[2, 3])) == "FeatureCache(max_angular=[2, 3])"
