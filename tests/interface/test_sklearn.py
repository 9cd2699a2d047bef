"""`AniSOAPTransformer`: the calculator's numbers, by scikit-learn's rules."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline, make_union
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted, validate_data

from anisoap_opt import EllipsoidalDensityProjection, ParticleBatch
from anisoap_opt.sklearn import AniSOAPTransformer, FeatureCache
from tests.frames_for_tests import HYPERS, calculator, mixed_frames, random_frame

FRAMES = [random_frame(seed, 3, types=(1, 6)) for seed in range(12)]
BATCH = ParticleBatch.from_frames(FRAMES)
TARGETS = np.random.default_rng(1).normal(size=len(FRAMES))


def transformer(**changes: Any) -> AniSOAPTransformer:
    return AniSOAPTransformer(**{**HYPERS, **changes})


def signature(kind: type) -> Any:
    return inspect.signature(kind).parameters


def test_parameters_are_those_of_the_calculator_and_their_defaults_too() -> None:
    ours, theirs = (
        {name: one.default for name, one in signature(kind).items() if name != "compute_gradients"}
        for kind in (AniSOAPTransformer, EllipsoidalDensityProjection)
    )
    assert {"reduce": "mean", "symmetric": False, "memory": None, "rotation_key": None}.items() <= ours.items()
    for name in ("reduce", "symmetric", "memory", "rotation_key"):
        del ours[name]
    del theirs["rotation_key"]  # sklearn allows no default that is a str and yet another
    assert ours == theirs
    assert set(transformer().get_params()) == set(signature(AniSOAPTransformer))


@pytest.mark.parametrize("frames", [FRAMES, BATCH], ids=["list", "batch"])
@pytest.mark.parametrize("changes", [{}, {"max_radial": [2, 1, 0, 1]}, {"cutoff_smoothing": 1.0}], ids=str)
@pytest.mark.parametrize("how", [{}, {"reduce": "sum", "symmetric": True}], ids=str)
def test_features_are_the_calculators(frames: Any, changes: dict[str, Any], how: dict[str, Any]) -> None:
    expected = calculator(types=[1, 6], **changes).power_spectrum(BATCH, **how)
    np.testing.assert_array_equal(transformer(**changes, **how).fit_transform(frames), expected)
    np.testing.assert_array_equal(transformer(**changes, **how).fit(frames).transform(frames), expected)


def test_features_are_the_calculators_in_float32() -> None:
    pytest.importorskip("numba")
    found = transformer(backend="numba", dtype="float32").fit_transform(FRAMES)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, calculator().power_spectrum(FRAMES), rtol=0, atol=1e-6 * found.max())


def test_other_names_of_arrays() -> None:
    frames = [frame.copy() for frame in FRAMES]
    for frame in frames:
        frame.arrays["turned"] = np.roll(frame.arrays.pop("c_q"), -1, axis=1)
    usual = transformer(rotation_key=None).fit_transform(FRAMES)
    np.testing.assert_array_equal(usual, transformer().fit_transform(FRAMES))
    found = transformer(rotation_key="turned", quaternion_order="xyzw").fit_transform(frames)
    np.testing.assert_allclose(found, transformer().fit_transform(FRAMES), rtol=1e-13)


def test_columns_are_fixed_by_fit() -> None:
    fitted = transformer().fit(mixed_frames())  # types 1, 6 and 8
    assert fitted.types_.tolist() == [1, 6, 8]
    found = fitted.transform([random_frame(5, 1, types=(8,))])
    assert found.shape == (1, len(fitted.labels_))
    assert not found[0, fitted.labels_["types_center"] != 8].any()


@pytest.mark.parametrize("memory", [None, FeatureCache()], ids=str)
def test_all_arguments_are_those_of_fit(memory: FeatureCache | None) -> None:
    fitted = transformer(memory=memory).fit(FRAMES)
    fitted.set_params(reduce="sum", symmetric=True, cutoff_radius=2.0)
    np.testing.assert_array_equal(fitted.transform(FRAMES), transformer().fit_transform(FRAMES))


@pytest.mark.parametrize("frames", [mixed_frames(), ParticleBatch.from_frames(mixed_frames())], ids=["list", "batch"])
def test_types_that_fit_did_not_meet(frames: Any) -> None:
    message = r"frames\[2\] holds type 8, and fit knew the types \[1, 6\] only: .* types="
    with pytest.raises(ValueError, match=message):
        transformer().fit(FRAMES).transform(frames)
    with pytest.raises(ValueError, match=r"types \[8\].*not in types=\[1, 6\]"):
        transformer(types=[1, 6]).fit(frames)
    assert transformer(types=[8, 6, 1]).fit(FRAMES).transform(frames).shape[0] == 5


@pytest.mark.parametrize("symmetric", [False, True])
def test_names_of_columns(symmetric: bool) -> None:
    fitted = transformer(symmetric=symmetric).fit(FRAMES)
    labels = calculator().feature_labels(FRAMES, symmetric=symmetric)
    np.testing.assert_array_equal(fitted.labels_, labels)
    names = fitted.get_feature_names_out()
    assert len(set(names)) == len(names) == len(labels)
    assert names[-1] == "C l=3 n=0,0 C,C"
    assert names[0] == "H l=0 n=0,0 H,H"
    assert names[1] == "H l=0 n=0,0 H,C"


def test_names_of_types_that_are_no_elements() -> None:
    fitted = transformer().fit(
        ParticleBatch.from_arrays(np.zeros((1, 3)), [500], rotations=[np.eye(3)], semiaxes=[[1] * 3])
    )
    assert fitted.get_feature_names_out()[0] == "500 l=0 n=0,0 500,500"


def test_a_table_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    table = transformer().set_output(transform="pandas").fit_transform(FRAMES)
    assert isinstance(table, pandas.DataFrame)
    assert table.columns.tolist() == transformer().fit(FRAMES).get_feature_names_out().tolist()
    np.testing.assert_array_equal(table.to_numpy(), transformer().fit_transform(FRAMES))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"max_angular": -1}, ValueError, "max_angular"),
        ({"radial_gaussian_width": None}, ValueError, "radial_gaussian_width"),
        ({"radial_basis_name": "bessel"}, NotImplementedError, "bessel"),
        ({"reduce": "max"}, ValueError, "reduce must be one of"),
        ({"symmetric": 1}, TypeError, "symmetric must be True or False"),
        ({"memory": "folder"}, TypeError, "memory must be a FeatureCache or None, got 'folder'"),
        ({"types": "CH"}, TypeError, "types must be a list of atomic numbers"),
        ({"backend": "fortran"}, ValueError, "fortran"),
        ({"rotation_key": "turned"}, ValueError, "turned"),
    ],
    ids=str,
)
def test_arguments_are_checked_by_fit(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    unchecked = clone(transformer(**changes))
    with pytest.raises(error, match=message):
        unchecked.fit(FRAMES)


def test_before_fit() -> None:
    for method in (lambda: transformer().transform(FRAMES), transformer().get_feature_names_out):
        with pytest.raises(NotFittedError):
            method()


def test_pickled() -> None:
    fitted = pickle.loads(pickle.dumps(transformer().fit(FRAMES)))
    np.testing.assert_array_equal(fitted.transform(FRAMES), transformer().fit_transform(FRAMES))


def test_union() -> None:
    near, far = transformer(cutoff_radius=2.0), transformer()
    union = make_union(near, far).fit(FRAMES)
    both = np.hstack([clone(near).fit_transform(FRAMES), clone(far).fit_transform(FRAMES)])
    np.testing.assert_array_equal(union.transform(BATCH), both)
    assert len(union.get_feature_names_out()) == both.shape[1]


@pytest.mark.parametrize("frames", [FRAMES, BATCH], ids=["list", "batch"])
def test_a_search_over_hypers_finds_what_a_loop_finds(frames: Any) -> None:
    pipeline = make_pipeline(transformer(), Ridge(1e-3))
    names = {"anisoaptransformer__max_angular": [1, 2], "anisoaptransformer__cutoff_radius": [2.0, 5.0]}
    search = GridSearchCV(pipeline, names, cv=3).fit(frames, TARGETS)
    expected = [
        cross_val_score(
            Ridge(1e-3), calculator(max_angular=size, cutoff_radius=radius).power_spectrum(FRAMES), TARGETS, cv=3
        )
        for radius in (2.0, 5.0)
        for size in (1, 2)
    ]
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], np.mean(expected, axis=1), rtol=1e-6)


@pytest.mark.parametrize("frames", [FRAMES, BATCH], ids=["list", "batch"])
def test_a_part_for_training(frames: Any) -> None:
    numbers = np.arange(len(FRAMES))
    train, test, of_train, of_test = train_test_split(frames, numbers, random_state=3)
    whole = calculator().power_spectrum(FRAMES)
    np.testing.assert_allclose(calculator().power_spectrum(train), whole[of_train], rtol=1e-13)
    np.testing.assert_allclose(calculator().power_spectrum(test), whole[of_test], rtol=1e-13)


class OfRows(AniSOAPTransformer):
    """The transformer for rows of numbers, which scikit-learn's checks give: each is a frame of particles in a row."""

    def _frames(self, X: Any, reset: bool) -> ParticleBatch:
        heights = validate_data(self, X, reset=reset, dtype=np.float64)
        num_frames, count = heights.shape
        positions = [[[1.5 * k, height, 0] for k, height in enumerate(row)] for row in heights]
        return ParticleBatch.from_arrays(
            np.reshape(positions, (-1, 3)),
            np.ones(heights.size, np.int64),
            quaternions=np.tile([1.0, 0.2, 0.0, 0.0], (heights.size, 1)),
            diameters=np.tile([2.0, 1.0, 1.0], (heights.size, 1)),
            counts=[count] * num_frames,
        )

    def fit(self, X: Any, y: Any = None) -> OfRows:
        return super().fit(self._frames(X, reset=True))

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        return super().fit_transform(self._frames(X, reset=True))

    def transform(self, X: Any) -> Any:
        check_is_fitted(self)
        return super().transform(self._frames(X, reset=False))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.no_validation = True, False
        return tags


def test_scikit_learns_own_checks() -> None:
    """All of them; those of bad rows test `OfRows` only, since frames are no arrays."""
    check_estimator(OfRows(2, "gto", 3.0, radial_gaussian_width=1.0, backend="numpy_only"), on_skip=None)
