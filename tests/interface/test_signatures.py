"""The signatures of AniSOAP, argument by argument, so that positional calls keep their meaning."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from anisoap_opt import EllipsoidalDensityProjection

NONE = inspect.Parameter.empty
UPSTREAM = [
    ("max_angular", NONE),
    ("radial_basis_name", NONE),
    ("cutoff_radius", NONE),
    ("compute_gradients", False),
    ("subtract_center_contribution", False),
    ("radial_gaussian_width", None),
    ("max_radial", None),
    ("rotation_key", "quaternion"),
    ("rotation_type", "quaternion"),
    ("basis_rcond", 0),
    ("basis_tol", 1e-8),
]
OURS = [
    ("backend", None),
    ("dtype", None),
    ("device", None),
    ("types", None),
    ("quaternion_order", None),
    ("diameter_key", None),
    ("diameters", None),
    ("cutoff_smoothing", None),
]


def parameters(function: Any) -> list[inspect.Parameter]:
    return [p for name, p in inspect.signature(function).parameters.items() if name != "self"]


def test_constructor() -> None:
    found = parameters(EllipsoidalDensityProjection)
    assert [(p.name, p.default) for p in found] == UPSTREAM + OURS
    assert all(p.kind is p.POSITIONAL_OR_KEYWORD for p in found[: len(UPSTREAM)])
    assert all(p.kind is p.KEYWORD_ONLY for p in found[len(UPSTREAM) :])


@pytest.mark.parametrize(
    ("method", "upstream", "ours"),
    [
        (
            "transform",
            [("frames", NONE), ("show_progress", False), ("normalize", True), "rust_moments", ("return_pef", False)],
            [("centers", None), ("compute_gradients", None)],
        ),
        (
            "power_spectrum",
            [("frames", NONE), ("mean_over_samples", True), ("show_progress", False), "rust_moments"],
            [("symmetric", False), ("reduce", "mean"), ("centers", None), ("compute_gradients", None)],
        ),
    ],
)
def test_methods(method: str, upstream: list[Any], ours: list[Any]) -> None:
    found = parameters(getattr(EllipsoidalDensityProjection, method))
    names = [p.name if p.name == "rust_moments" else (p.name, p.default) for p in found]  # its default is ours
    assert names == upstream + ours
    assert all(p.kind is p.POSITIONAL_OR_KEYWORD for p in found[: len(upstream)])
    assert all(p.kind is p.KEYWORD_ONLY for p in found[len(upstream) :])


def test_positional_arguments() -> None:
    projection = EllipsoidalDensityProjection(3, "gto", 5.0, False, True, 1.5, 2, "c_q", "matrix", 1e-7, 1e-2)
    assert projection.max_angular == 3
    assert projection.cutoff_radius == 5.0
    assert projection.subtract_center_contribution is True
    assert projection.radial_basis.radial_gaussian_width == 1.5
    assert projection.num_ns == projection.radial_basis.get_num_radial_functions() == [3] * 4
    assert projection.rotation_key == "c_q"
    assert projection.rotation_type == "matrix"
    assert projection.radial_basis.rcond == 1e-7
    assert projection.radial_basis.tol == 1e-2
