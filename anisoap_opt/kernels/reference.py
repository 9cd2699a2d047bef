"""The equations as they stand, one pair at a time: the oracle of the tests and the baseline of the benchmarks.

Per pair and per l it contracts the cube of moments with the five-index tensor of the solid harmonics by `np.einsum`,
which is what AniSOAP does. It is written to be believed, not to be fast, and stays that way.
"""

from __future__ import annotations

import math

import numpy as np

from anisoap_opt.arrays import Array
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.monomials import num_up_to_degree
from anisoap_opt.basis.solid_harmonics import dense_table
from anisoap_opt.gaussians import COVARIANCE, ROOT, WEIGHT, Gaussians
from anisoap_opt.kernels.contract import KernelOptions, segments_within
from anisoap_opt.moments import normalized_moments
from anisoap_opt.pairs import Pairs

CHUNK_BYTES = 1 << 22
"""Sums of a chunk of segments have at most this size."""


class Kernel:
    """Literal expansion; see ``kernels/README.md`` for the contract."""

    def __init__(self, gaussians: Gaussians, basis: BasisChange, options: KernelOptions) -> None:
        self.gaussians = gaussians
        self.basis = basis
        self.segments_per_chunk = segments_within(CHUNK_BYTES, num_up_to_degree(basis.degree))
        self.tables = [  # [2l+1, n, D_l+1, D_l+1, D_l+1], D_l = l + 2(n_l - 1)
            dense_table(l, num) * math.sqrt((2 * l + 1) / (4 * math.pi)) for l, num in enumerate(basis.num_radial)
        ]

    def coefficients(self, pairs: Pairs) -> list[Array]:
        """Coefficients of every segment, per l: [segments, 2l+1, n]."""
        sums = [np.zeros((pairs.num_segments, *table.shape[:2])) for table in self.tables]
        for segment in range(pairs.num_segments):
            for pair in range(pairs.start[segment], pairs.start[segment + 1]):
                moments = self._moments(pairs.r_ij[pair], int(pairs.j[pair]))
                for total, table in zip(sums, self.tables, strict=True):
                    size = table.shape[-1]
                    total[segment] += np.einsum("mnpqr,pqr->mn", table, moments[:size, :size, :size])
        return [total @ matrix for total, matrix in zip(sums, self.basis.radial, strict=True)]

    def _moments(self, r_ij: Array, j: int) -> Array:
        """∫ x^p g_j(x) exp(-s x²/2) d³x with g_j the normalised Gaussian of particle j at r_ij, shape [D+1]·3."""
        record = self.gaussians.records[j]
        covariance = record[np.array(COVARIANCE)]  # C
        root = record[ROOT].reshape(3, 3)  # F
        in_body = root.T @ r_ij
        center = root @ in_body  # μ = K r, K = F Fᵀ
        weight = record[WEIGHT] * math.exp(-0.5 * self.gaussians.precision * float(in_body @ in_body))
        return np.asarray(weight * normalized_moments(covariance, center, self.basis.degree))
