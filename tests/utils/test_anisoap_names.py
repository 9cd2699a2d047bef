"""What AniSOAP's users import exists under the same names, and importing it stays cheap."""

import importlib
import subprocess
import sys
import types

import pytest

import anisoap_opt
import anisoap_opt.basis.overlaps
import anisoap_opt.basis.radial
import anisoap_opt.moments
import anisoap_opt.utils

MOMENTS = [
    "compute_moments_single_variable",
    "compute_moments_diagonal_inefficient_implementation",
    "compute_moments_inefficient_implementation",
]
COUPLING = ["ClebschGordanReal", "cg_combine", "standardize_keys"]
OVERLAPS = [
    f"{basis}_{quantity}" for basis in ("gto", "monomial") for quantity in ("square_norm", "prefactor", "overlap")
]
NAMES = {
    "representations": [
        "EllipsoidalDensityProjection",
        "GTORadialBasis",
        "MonomialBasis",
        "radial_basis",
        "ellipsoidal_density_projection",
    ],
    "representations.ellipsoidal_density_projection": [
        "EllipsoidalDensityProjection",
        "GTORadialBasis",
        "MonomialBasis",
        "compute_moments",
        "spherical_to_cartesian",
        *COUPLING,
        *MOMENTS,
    ],
    "representations.radial_basis": ["GTORadialBasis", "MonomialBasis", "inverse_matrix_sqrt", *OVERLAPS],
    "utils": [
        *COUPLING,
        *MOMENTS,
        "CGRCacheList",
        "cyclic_list",
        "TrivariateMonomialIndices",
        "assert_close",
        "metatensor_utils",
        "moment_generator",
        "moments_diagonal",
        "moments_ineff",
        "moments_single",
        "monomial_iterator",
        "spherical_to_cartesian",
    ],
    "utils.cyclic_list": ["CGRCacheList"],
    "utils.metatensor_utils": COUPLING,
    "utils.moment_generator": MOMENTS,
    "utils.monomial_iterator": ["TrivariateMonomialIndices"],
    "utils.shortcuts": ["assert_close", "moments_diagonal", "moments_ineff", "moments_single"],
    "utils.spherical_to_cartesian": ["spherical_to_cartesian"],
}
HOMES = {
    "EllipsoidalDensityProjection": anisoap_opt,
    **dict.fromkeys(["GTORadialBasis", "MonomialBasis"], anisoap_opt.basis.radial),
    **dict.fromkeys(["inverse_matrix_sqrt", *OVERLAPS], anisoap_opt.basis.overlaps),
    **dict.fromkeys(MOMENTS, anisoap_opt.moments),
}
HEAVY = {"torch", "metatensor", "wigners", "numba", "pandas", "matplotlib"}


@pytest.mark.parametrize(("module", "name"), [(module, name) for module in NAMES for name in NAMES[module]])
def test_name(module, name):
    found = getattr(importlib.import_module(f"anisoap_opt.{module}"), name)
    if name in HOMES:
        assert found is getattr(HOMES[name], name)


def test_short_names():
    from anisoap_opt.representations.ellipsoidal_density_projection import compute_moments

    assert compute_moments is anisoap_opt.moments.compute_moments_inefficient_implementation
    short = [anisoap_opt.utils.moments_single, anisoap_opt.utils.moments_diagonal, anisoap_opt.utils.moments_ineff]
    assert short == [getattr(anisoap_opt.moments, name) for name in MOMENTS]


@pytest.mark.parametrize("module", NAMES)
def test_all_lists_what_there_is(module):
    assert set(importlib.import_module(f"anisoap_opt.{module}").__all__) == set(NAMES[module])


def test_spherical_to_cartesian_stays_a_function():
    from anisoap_opt.utils import spherical_to_cartesian as from_package
    from anisoap_opt.utils.spherical_to_cartesian import spherical_to_cartesian as from_module

    assert from_package is from_module is anisoap_opt.utils.spherical_to_cartesian
    assert isinstance(from_package, types.FunctionType)


@pytest.mark.parametrize("module", ["representations", "utils"])
def test_import_loads_nothing_heavy(module):
    code = f"import sys, anisoap_opt.{module}; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not HEAVY & set(out.split())
