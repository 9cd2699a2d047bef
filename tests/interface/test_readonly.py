"""What a calculator or a radial basis was made with can be read, and not be changed."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any

import numpy as np
import pytest

from anisoap_opt import EllipsoidalDensityProjection
from tests.frames_for_tests import calculator, mixed_frames

ARGUMENTS = list(inspect.signature(EllipsoidalDensityProjection).parameters)
OTHERS = ["radial_basis", "num_ns", "options", "columns", "sph_to_cart"]
BASIS = [
    "max_angular",
    "cutoff_radius",
    "max_radial",
    "rcond",
    "tol",
    "num_radial_functions",
    "precision",
    "radial_basis",
]
MONOMIAL = {"radial_basis_name": "monomial", "radial_gaussian_width": None}


@pytest.mark.parametrize("name", [*ARGUMENTS, *OTHERS])
def test_every_argument_of_a_calculator(name: str) -> None:
    projection = calculator()
    before = getattr(projection, name)
    with pytest.raises(AttributeError, match=rf"\.{name} cannot be changed.*make a new EllipsoidalDensityProjection"):
        setattr(projection, name, 3)
    assert getattr(projection, name) == before


@pytest.mark.parametrize("name", [*BASIS, "overlap_matrix"])
@pytest.mark.parametrize("arguments", [{}, MONOMIAL], ids=["gto", "monomial"])
def test_every_argument_of_a_radial_basis(name: str, arguments: dict[str, Any]) -> None:
    basis = calculator(**arguments).radial_basis
    with pytest.raises(AttributeError, match=rf"{type(basis).__name__}\.{name} cannot be changed"):
        setattr(basis, name, 3)


def test_the_width_of_gtos() -> None:
    with pytest.raises(AttributeError, match="radial_gaussian_width cannot be changed"):
        calculator().radial_basis.radial_gaussian_width = 3.0


def test_arguments_are_what_was_given() -> None:
    given = {
        "max_angular": 3, "radial_basis_name": "gto", "cutoff_radius": 4.0, "compute_gradients": False,
        "subtract_center_contribution": True, "radial_gaussian_width": 2.0, "max_radial": [2, 1, 1, 0],
        "rotation_key": "q", "rotation_type": "quaternion", "basis_rcond": 1e-9, "basis_tol": 1e-4,
        "backend": "numpy_only", "dtype": "float32", "device": "cpu", "types": (1, 6), "quaternion_order": "xyzw",
        "diameter_key": None, "diameters": (3.0, 2.0, 1.0), "cutoff_smoothing": 1.0,
    }  # fmt: skip
    assert set(given) == set(ARGUMENTS)
    projection = EllipsoidalDensityProjection(**given)
    assert {name: getattr(projection, name) for name in ARGUMENTS} == given
    assert calculator(**MONOMIAL).radial_gaussian_width is None


def test_copies_are_as_read_only_and_work() -> None:
    projection = calculator()
    expected = projection.power_spectrum(mixed_frames())
    for other in (copy.copy(projection), copy.deepcopy(projection), pickle.loads(pickle.dumps(projection))):
        with pytest.raises(AttributeError, match="cutoff_radius cannot be changed"):
            other.cutoff_radius = 2.0
        np.testing.assert_array_equal(other.power_spectrum(mixed_frames()), expected)


def test_attributes_of_ones_own() -> None:
    projection = calculator()
    projection.note = "for the paper"
    assert projection.note == "for the paper"


def test_nothing_that_is_handed_out_changes_the_calculator() -> None:
    made = calculator(types=[1, 6])
    with pytest.raises(AttributeError, match="cannot be deleted"):
        del made.cutoff_radius
    before = made.num_ns
    made.num_ns.append(7)
    made.radial_basis.get_num_radial_functions().append(7)
    assert made.num_ns == before
    with pytest.raises((AttributeError, TypeError)):
        made.types.append(9)
