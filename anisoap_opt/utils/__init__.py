"""AniSOAP's import path for its utilities: coupling of equivariants, moments, monomials, solid harmonics, a cache.

metatensor and wigners are imported when a function first needs them, so all names can be bound here.
`spherical_to_cartesian` is the function, as in AniSOAP; the module of that name is found by an import statement.
"""

from anisoap_opt.utils import cyclic_list, metatensor_utils, moment_generator, monomial_iterator
from anisoap_opt.utils.cyclic_list import CGRCacheList
from anisoap_opt.utils.metatensor_utils import ClebschGordanReal, cg_combine, standardize_keys
from anisoap_opt.utils.moment_generator import (
    compute_moments_diagonal_inefficient_implementation,
    compute_moments_inefficient_implementation,
    compute_moments_single_variable,
)
from anisoap_opt.utils.monomial_iterator import TrivariateMonomialIndices
from anisoap_opt.utils.shortcuts import assert_close, moments_diagonal, moments_ineff, moments_single
from anisoap_opt.utils.spherical_to_cartesian import spherical_to_cartesian

__all__ = [
    "CGRCacheList",
    "ClebschGordanReal",
    "TrivariateMonomialIndices",
    "assert_close",
    "cg_combine",
    "compute_moments_diagonal_inefficient_implementation",
    "compute_moments_inefficient_implementation",
    "compute_moments_single_variable",
    "cyclic_list",
    "metatensor_utils",
    "moment_generator",
    "moments_diagonal",
    "moments_ineff",
    "moments_single",
    "monomial_iterator",
    "spherical_to_cartesian",
    "standardize_keys",
]
