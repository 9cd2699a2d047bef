"""The change of basis from summed moments to expansion coefficients, B_l of the design in two factors.

B_l touches only monomials of degree l, l + 2, …, so it is kept as the two factors it is made of, which takes fewer
operations than their product:

    q[l, n', m] = Σ_p harmonics[d][row(l, n', m), p] m̃[p]     over the monomials of the one degree d = l + 2n'
    c[l, m, n]  = Σ_n' q[l, n', m] radial[l][n', n]

`harmonics` holds the solid harmonics with the factorials p! of the scaled moments and 1/sqrt(4π/(2l+1));
`radial` the norms and S^{-1/2}.

Moments are those of lengths in units of the radial basis's own λ, so neither factor depends on it, but for the one
number that brings coefficients back to Å: λ^{-3/2}, or λ^k of a primitive function r^k, is folded into `radial`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from anisoap_opt.arrays import Array
from anisoap_opt.basis.channels import largest_degree
from anisoap_opt.basis.monomials import exponents
from anisoap_opt.basis.radial import GTORadialBasis, MonomialBasis
from anisoap_opt.basis.solid_harmonics import radial_solid_harmonics


@dataclass(frozen=True, eq=False)  # compared and hashed as an object: kernels keep what they derive from it
class BasisChange:
    """From scaled moments to coefficients; the same for every pair, always float64.

    Attributes
    ----------
    num_radial : tuple of int
        n_l for l = 0 … max_angular.
    degree : int
        D = max_l (l + 2 (n_l - 1)), the largest degree of a moment that is used.
    harmonics : tuple of ndarray, the d-th of shape [rows, monomials of degree d]
        The rows are m = -l … l for each (l, n') of `channels[d]` in turn.
    channels : tuple of tuple of (l, n')
        Which functions use degree d = l + 2n', for d = 0 … D.
    radial : tuple of ndarray, the l-th of shape [n', n]
    """

    num_radial: tuple[int, ...]
    degree: int
    harmonics: tuple[Array, ...]
    channels: tuple[tuple[tuple[int, int], ...], ...]
    radial: tuple[Array, ...]

    @classmethod
    def of(cls, radial_basis: GTORadialBasis | MonomialBasis, *, orthonormal: bool = True) -> BasisChange:
        """Build the change of basis for one radial basis.

        Parameters
        ----------
        radial_basis : GTORadialBasis or MonomialBasis
        orthonormal : bool
            False keeps the primitive radial functions, neither normalised nor orthogonal.

        Returns
        -------
        BasisChange

        Raises
        ------
        ValueError
            If a radial overlap matrix cannot be inverted to the basis's tolerance.
        """
        num_radial = tuple(radial_basis.num_radial_functions)
        degree = largest_degree(num_radial)
        polynomials = [radial_solid_harmonics(l, n) for l, n in enumerate(num_radial)]
        channels = tuple(
            tuple((l, (d - l) // 2) for l in range(d % 2, len(num_radial), 2) if 0 <= d - l < 2 * num_radial[l])
            for d in range(degree + 1)
        )
        harmonics = []
        for d, used in enumerate(channels):
            factorials = np.array([math.prod(map(math.factorial, p)) for p in exponents(d).tolist()], dtype=float)
            rows = [polynomials[l][n] * math.sqrt((2 * l + 1) / (4 * math.pi)) for l, n in used]
            harmonics.append(np.vstack([*rows, np.empty((0, len(factorials)))]) * factorials)
        length = radial_basis.length
        if orthonormal:
            radial = tuple(length**-1.5 * radial_basis.unit_orthonormalization(l) for l in range(len(num_radial)))
        else:
            radial = tuple(np.diag(length ** (l + 2.0 * np.arange(n))) for l, n in enumerate(num_radial))
        return cls(num_radial, degree, tuple(harmonics), channels, radial)

    def rows(self, d: int) -> dict[tuple[int, int], slice]:
        """Rows of ``harmonics[d]`` that belong to each (l, n') of ``channels[d]``."""
        ends = np.cumsum([0] + [2 * l + 1 for l, _ in self.channels[d]]).tolist()
        return {channel: slice(*ends[k : k + 2]) for k, channel in enumerate(self.channels[d])}
