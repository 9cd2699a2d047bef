"""AniSOAP's import path for the calculator and its radial bases; everything here lives elsewhere in the package."""

from anisoap_opt.representations import ellipsoidal_density_projection, radial_basis
from anisoap_opt.representations.ellipsoidal_density_projection import EllipsoidalDensityProjection
from anisoap_opt.representations.radial_basis import GTORadialBasis, MonomialBasis

__all__ = [
    "EllipsoidalDensityProjection",
    "GTORadialBasis",
    "MonomialBasis",
    "ellipsoidal_density_projection",
    "radial_basis",
]
