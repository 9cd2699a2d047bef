"""AniSOAP's import path for `anisoap_opt.basis.radial` and `anisoap_opt.basis.overlaps`."""

from anisoap_opt.basis.overlaps import (
    gto_overlap,
    gto_prefactor,
    gto_square_norm,
    inverse_matrix_sqrt,
    monomial_overlap,
    monomial_prefactor,
    monomial_square_norm,
)
from anisoap_opt.basis.radial import GTORadialBasis, MonomialBasis

__all__ = [
    "GTORadialBasis",
    "MonomialBasis",
    "gto_overlap",
    "gto_prefactor",
    "gto_square_norm",
    "inverse_matrix_sqrt",
    "monomial_overlap",
    "monomial_prefactor",
    "monomial_square_norm",
]
