"""A sweep gives what separate calls give, for every set of its grid; what makes no sense is told before any work."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from anisoap_opt import EllipsoidalDensityProjection, ParticleBatch, sweep, sweeping
from tests.frames_for_tests import mixed_frames, random_frame
from tests.tolerances import TOLERANCES, assert_close

SPREAD = [*mixed_frames(), random_frame(9, 20, (1, 6, 8), box=9.0)]
"""Frames whose types meet at some cutoffs only, and with particles that have no neighbour at the smallest."""
GRID: dict[str, Any] = {
    "max_angular": [3, 6],
    "max_radial": [None, 0],
    "cutoff_radius": [5.0, 1.5, 3.0],
    "radial_gaussian_width": 1.5,
}
ROUNDING = 1e-12
"""Relative to the largest value of a set; sums over pairs are made in another order."""


def check(frames: Sequence[Atoms] | ParticleBatch, rtol: float = ROUNDING, **arguments: Any) -> int:
    """Compare every set with a call of its own; returns how many sets there were."""
    of_call = {k: v for k, v in arguments.items() if k in ("symmetric", "reduce", "centers")}
    count = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # nobody has a neighbour at the smallest cutoff
        for hypers, features in sweep(frames, **arguments):
            wanted = EllipsoidalDensityProjection(**hypers).power_spectrum(frames, **of_call)
            assert features.dtype == wanted.dtype
            assert_close(features, wanted, rtol, str(hypers))
            count += 1
    return count


@pytest.mark.slow_with("reference")
def test_every_set_is_that_of_a_separate_call(backend: str) -> None:
    assert check(SPREAD, backend=backend, **GRID) == 12


@pytest.mark.parametrize(
    "changes",
    [
        {"symmetric": True, "reduce": "sum"},
        {"types": [1, 3, 6, 8]},
        {"subtract_center_contribution": True},
        {"centers": [6]},
        {"centers": [[0] for _ in SPREAD], "symmetric": True},
        {"cutoff_radius": 3.0},
        {"max_angular": 3, "max_radial": None},
        {"max_angular": 2, "max_radial": [[3, 1, 0], [0, 1, 2], 2]},
        {"cutoff_radius": [0.01, 3.0], "subtract_center_contribution": True},
        {"cutoff_radius": (0.01, 0.02), "subtract_center_contribution": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["numpy_only", "numba"])
def test_other_arguments(name: str, changes: dict[str, Any]) -> None:
    if name == "numba":
        pytest.importorskip("numba")
    assert check(SPREAD, backend=name, **{**GRID, **changes}) > 0


def test_smooth_cutoff(fast_backend: str) -> None:
    assert check(SPREAD, backend=fast_backend, cutoff_smoothing=1.0, **{**GRID, "max_angular": 3}) == 6


@pytest.mark.parametrize("name", ["numpy_only", "numba"])
def test_both_bases_and_several_widths(name: str) -> None:
    if name == "numba":
        pytest.importorskip("numba")
    grid = {**GRID, "radial_gaussian_width": [1.5, 0.8], "radial_basis_name": ["gto", "monomial"]}
    assert check(SPREAD[:4], backend=name, **grid) == 36  # one set of monomials for both widths


def test_sets_that_drop_functions() -> None:
    """Some sizes have dependent functions, so they nest in no other; the rest share a pass."""
    grid = {**GRID, "max_radial": [0, 1, 5], "basis_rcond": 1e-3, "basis_tol": 1.0}
    assert check(SPREAD, backend="numpy_only", **grid) == 18


def test_float32(float32_backend: str) -> None:
    check(SPREAD, TOLERANCES["float32"].same, backend=float32_backend, dtype="float32", **GRID)


def test_high_degrees() -> None:
    """At degree 21 the change from monomials to harmonics cancels digits, in a sweep no more than elsewhere."""
    grid = {**GRID, "max_angular": 9, "max_radial": [4, 6], "cutoff_radius": [4.0, 6.0]}
    assert check(SPREAD[:3], **grid) == 4


def test_a_batch_will_do() -> None:
    assert check(ParticleBatch.from_frames(SPREAD), **GRID) == 12


def test_iterators_serve_all_sets() -> None:
    given: dict[str, Any] = {"types": [1, 6, 8, 9], "centers": [1, 6], "diameters": [1.0, 2.0, 3.0]}
    grid = {**GRID, "radial_gaussian_width": [1.5, 0.8]}  # two passes
    once = sweep(SPREAD, **{name: iter(values) for name, values in given.items()}, **grid)
    for (hypers, found), (_, wanted) in zip(once, sweep(SPREAD, **given, **grid), strict=True):
        np.testing.assert_array_equal(found, wanted)
        assert EllipsoidalDensityProjection(**hypers).types == (1, 6, 8, 9)


def test_the_order_is_that_of_the_grid() -> None:
    grid = {**GRID, "radial_gaussian_width": [1.5, 0.8]}
    found = [tuple(hypers[name] for name in sweeping.GRID) for hypers, _ in sweep(SPREAD[:1], **grid)]
    assert found == list(product(["gto"], [1.5, 0.8], [5.0, 1.5, 3.0], [3, 6], [None, 0]))


def test_hypers_hold_what_was_given() -> None:
    (found,) = sweep(SPREAD[:1], max_angular=3, cutoff_radius=np.array(4.0), radial_gaussian_width=1.0, types=[1, 6])
    assert found[0]["types"] == [1, 6]
    assert EllipsoidalDensityProjection(**found[0]).max_angular == 3


def test_one_pass_serves_all_cutoffs_and_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    of_pass = sweeping.Pass.__init__
    monkeypatch.setattr(
        sweeping.Pass, "__init__", lambda self, sets, *a, **k: (made.append(len(sets)), of_pass(self, sets, *a, **k))[1]
    )
    for _ in sweep(SPREAD, **{**GRID, "radial_gaussian_width": [1.5, 0.8]}):
        pass
    assert made == [12, 12]


def test_results_are_the_callers_own() -> None:
    """Changing one array changes no other, though blocks of one l are shared."""
    grid = {**GRID, "cutoff_radius": 4.0}
    untouched = [features for _, features in sweep(SPREAD, **grid)]
    for (_, features), wanted in zip(sweep(SPREAD, **grid), untouched, strict=True):
        assert np.array_equal(features, wanted)
        features[:] = np.nan


def test_isolated_centres_are_told_for_their_cutoff() -> None:
    grid = {**GRID, "cutoff_radius": [5.0, 0.01], "subtract_center_contribution": True}
    with pytest.warns(UserWarning, match=r"within cutoff_radius=0\.01:") as told:
        list(sweep(SPREAD, **grid))
    assert len(told) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cutoff_radius": [5.0, -1.0]}, r"set .*cutoff_radius=-1\.0, max_angular=3.*greater than 0"),
        ({"max_radial": [1, [1, 1, 1, 1]]}, r"set .*max_angular=6, max_radial=\[1, 1, 1, 1\]: .* 7 entries"),
        ({"radial_gaussian_width": None}, "set .*needs radial_gaussian_width"),
        ({"max_angular": []}, "max_angular is an empty list"),
        ({"radial_basis_name": "monomial"}, "monomial basis has no width"),
        ({"max_angular": [2, 60]}, "set .*max_angular=60.*degree"),
        ({"reduce": "max"}, "reduce"),
    ],
)
def test_bad_values_are_told_before_any_work(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sweep(SPREAD, **{**GRID, **changes})


def test_bad_arguments() -> None:
    with pytest.raises(TypeError, match="no gradients"):
        sweep(SPREAD, compute_gradients=True, **GRID)
    with pytest.raises(TypeError, match="^neither sweep nor EllipsoidalDensityProjection has an argument 'cutoff'$"):
        sweep(SPREAD, cutoff=5, **GRID)
    for values in ({3, 6}, (size for size in (3, 6))):
        with pytest.raises(TypeError, match="max_angular must be one value, or a list of them, got "):
            sweep(SPREAD, **{**GRID, "max_angular": values})
    with pytest.raises(ValueError, match="centers has entries for 1 frames"):
        sweep(SPREAD, centers=[[0]], **GRID)
    with pytest.raises(ValueError, match="frames is empty"):
        sweep([], **GRID)


def test_arguments_are_those_of_the_calculator() -> None:
    """Those that a grid varies keep their names; all others are passed on."""
    own = set(inspect.signature(sweep).parameters)
    assert set(sweeping.GRID) <= own & set(inspect.signature(EllipsoidalDensityProjection).parameters)
