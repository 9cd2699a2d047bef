"""Constructor arguments that make no sense: refused at once, by an error that names the argument."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.frames_for_tests import calculator, random_frame

MONOMIAL = {"radial_basis_name": "monomial", "radial_gaussian_width": None}


@pytest.mark.parametrize("name", ["cutoff_radius", "radial_gaussian_width"])
@pytest.mark.parametrize("value", [0, 0.0, -1, -1e-9, np.nan, np.inf, -np.inf, np.float32("nan")], ids=repr)
def test_lengths_out_of_range(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} must be finite and greater than 0 Å, got"):
        calculator(**{name: value})


@pytest.mark.parametrize("name", ["cutoff_radius", "radial_gaussian_width"])
@pytest.mark.parametrize("value", ["5", "five", b"5", [5.0], np.array([5.0, 6.0]), 5j, True, np.True_, {}], ids=repr)
def test_lengths_that_are_no_numbers(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{name} must be a number"):
        calculator(**{name: value})


def test_cutoff_of_monomials() -> None:
    with pytest.raises(ValueError, match="cutoff_radius"):
        calculator(cutoff_radius=-1.0, **MONOMIAL)
    with pytest.raises(TypeError, match="cutoff_radius"):
        calculator(cutoff_radius=None, **MONOMIAL)


@pytest.mark.parametrize("value", [5, np.int64(5), np.float32(5), np.array(5.0)], ids=repr)
def test_lengths_of_any_number_type(value: Any) -> None:
    """Upstream refuses an integer width."""
    expected = calculator(radial_gaussian_width=5.0).power_spectrum([random_frame(1)])
    projection = calculator(cutoff_radius=value, radial_gaussian_width=value)
    np.testing.assert_array_equal(projection.power_spectrum([random_frame(1)]), expected)


@pytest.mark.parametrize("value", [1.0, np.float64(3), "3", None, [3], np.nan, True, np.True_], ids=repr)
def test_max_angular_that_is_no_integer(value: Any) -> None:
    with pytest.raises(TypeError, match="max_angular must be an integer"):
        calculator(max_angular=value)


def test_negative_max_angular() -> None:
    with pytest.raises(ValueError, match="max_angular must be an integer ≥ 0, got -1"):
        calculator(max_angular=-1)


@pytest.mark.parametrize("value", [[1, 1, 1], [1] * 5, [], (), np.ones(3, int)], ids=repr)
def test_max_radial_of_the_wrong_length(value: Any) -> None:
    with pytest.raises(ValueError, match=f"max_radial.*4 entries, got {len(value)}"):
        calculator(max_radial=value)


@pytest.mark.parametrize(
    "value", [1.5, np.nan, "2", {}, True, np.True_, -1, [1, 2, 3, -1], [1, 2, 3, 1.5], [1, 2, 3, None]], ids=repr
)
def test_max_radial_that_is_nothing_of_the_sort(value: Any) -> None:
    with pytest.raises(ValueError, match="max_radial"):
        calculator(max_radial=value)


def test_max_radial_as_an_array_of_no_dimension() -> None:
    assert calculator(max_radial=np.array(2)).num_ns == [3] * 4


def test_far_too_many_radial_functions() -> None:
    with pytest.raises(ValueError, match="radial functions"):
        calculator(max_radial=90)


@pytest.mark.parametrize("name", ["GTO", "gtos", "", None, 1], ids=repr)
def test_unknown_basis(name: Any) -> None:
    with pytest.raises((NotImplementedError, ValueError), match="'gto'.*'monomial'"):
        calculator(radial_basis_name=name)


def test_width_belongs_to_gto() -> None:
    with pytest.raises(ValueError, match="monomial.*radial_gaussian_width"):
        calculator(radial_basis_name="monomial", radial_gaussian_width=1.5)
    with pytest.raises(ValueError, match="gto.*radial_gaussian_width"):
        calculator(radial_gaussian_width=None)


@pytest.mark.parametrize("value", ["quaternions", "Matrix", "", None, 4], ids=repr)
def test_typos_in_rotation_type(value: Any) -> None:
    with pytest.raises(ValueError, match="rotation_type must be one of 'quaternion', 'matrix'"):
        calculator(rotation_type=value)


@pytest.mark.parametrize("name", ["basis_rcond", "basis_tol"])
@pytest.mark.parametrize("value", [np.nan, "1e-8", None], ids=repr)
def test_tolerances_that_are_no_numbers(name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=name):
        calculator(**{name: value})


def test_a_basis_that_cannot_be_orthonormalised_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="basis_rcond"):
        calculator(max_radial=12, basis_rcond=1e-3)
    assert calculator(max_radial=12, basis_rcond=1e-8, basis_tol=1e-3).num_ns == [13] * 4


@pytest.mark.parametrize("value", ["False", 0, None], ids=repr)
def test_a_flag_that_is_none(value: Any) -> None:
    with pytest.raises(TypeError, match="subtract_center_contribution must be True or False"):
        calculator(subtract_center_contribution=value)


def test_dtypes_in_all_spellings() -> None:
    assert {calculator(dtype=one).options.dtype for one in (None, float, "float64", "f8", np.float64)} == {"float64"}


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"radial_gaussian_width": 1e-160}, "radial_gaussian_width"),
        ({"radial_gaussian_width": 1e100}, "radial_gaussian_width"),
        ({"cutoff_radius": 1e200}, "cutoff_radius"),
        ({"cutoff_radius": 10**400}, "cutoff_radius"),
        ({"types": [1, 2**70]}, "types"),
        ({"max_angular": 10**9, "max_radial": 0}, "max_angular"),
        ({"max_angular": 100}, "max_angular"),
    ],
    ids=str,
)
def test_numbers_beyond_any_use(arguments: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        calculator(**arguments)


@pytest.mark.parametrize(("name", "value"), [("types", 5), ("rotation_key", ["x"])])
def test_arguments_of_the_wrong_kind(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=name):
        calculator(**{name: value})


@pytest.mark.parametrize("name", ["mean_over_samples", "symmetric", "show_progress"])
def test_flags_of_a_call(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        calculator().power_spectrum([random_frame(1)], **{name: "False"})


def test_max_radial_may_be_any_sequence() -> None:
    assert calculator(max_angular=3, max_radial=range(4)).num_ns == [1, 2, 3, 4]
