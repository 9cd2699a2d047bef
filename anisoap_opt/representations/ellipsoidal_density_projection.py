"""AniSOAP's import path for `anisoap_opt.projection`, and for what the module of that name imports there."""

from anisoap_opt.basis.radial import GTORadialBasis, MonomialBasis
from anisoap_opt.moments import (
    compute_moments_diagonal_inefficient_implementation,
    compute_moments_inefficient_implementation,
    compute_moments_single_variable,
)
from anisoap_opt.projection import EllipsoidalDensityProjection
from anisoap_opt.utils.metatensor_utils import ClebschGordanReal, cg_combine, standardize_keys
from anisoap_opt.utils.spherical_to_cartesian import spherical_to_cartesian

__all__ = [
    "ClebschGordanReal",
    "EllipsoidalDensityProjection",
    "GTORadialBasis",
    "MonomialBasis",
    "cg_combine",
    "compute_moments",
    "compute_moments_diagonal_inefficient_implementation",
    "compute_moments_inefficient_implementation",
    "compute_moments_single_variable",
    "spherical_to_cartesian",
    "standardize_keys",
]

compute_moments = compute_moments_inefficient_implementation
