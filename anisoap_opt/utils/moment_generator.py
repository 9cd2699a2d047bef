"""AniSOAP's import path for `anisoap_opt.moments`."""

from anisoap_opt.moments import (
    compute_moments_diagonal_inefficient_implementation,
    compute_moments_inefficient_implementation,
    compute_moments_single_variable,
)

__all__ = [
    "compute_moments_diagonal_inefficient_implementation",
    "compute_moments_inefficient_implementation",
    "compute_moments_single_variable",
]
