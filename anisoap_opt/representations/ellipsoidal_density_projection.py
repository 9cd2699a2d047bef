"""AniSOAP's import path for `anisoap_opt.projection`."""

from anisoap_opt.projection import EllipsoidalDensityProjection

__all__ = ["EllipsoidalDensityProjection"]
