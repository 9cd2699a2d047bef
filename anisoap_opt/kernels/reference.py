"""The equations as they stand, one pair at a time: the oracle of the tests and the baseline of the benchmarks.

Per pair and per l it contracts the cube of moments with the five-index tensor of the solid harmonics by `np.einsum`,
which is what AniSOAP does. It is written to be believed, not to be fast, and stays that way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from anisoap_opt.arrays import Array
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.monomials import num_up_to_degree
from anisoap_opt.basis.solid_harmonics import dense_table
from anisoap_opt.gaussians import COVARIANCE, ROOT, WEIGHT, Gaussians
from anisoap_opt.kernels.contract import KernelOptions, Tangents, segments_within
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
        return self._sum_over_segments(pairs, lambda pair: self._moments(pairs, pair))

    def push_forward(self, pairs: Pairs, tangents: Tangents) -> list[Array]:
        """See `contract.Differentiable`."""
        r_dots, c_dots, log_w_dots = tangents
        s = self.gaussians.precision

        def moments_along(pair: int) -> Array:
            r, (K, moments) = pairs.r_ij[pair], (self._center_matrix(pairs, pair), self._moments(pairs, pair))
            r_dot, C_dot = r_dots[pair], c_dots[pair][np.array(COVARIANCE)]
            mu_dot = K @ r_dot - s * C_dot @ r
            along = moments * (log_w_dots[pair] - s * r_dot @ K @ r + s**2 / 2 * r @ C_dot @ r)
            for i in range(3):
                along += mu_dot[i] * _derivative(moments, i)
                for k in range(3):
                    along += C_dot[i, k] / 2 * _derivative(_derivative(moments, i), k)
            return along

        return self._sum_over_segments(pairs, moments_along)

    def pull_back(self, pairs: Pairs, adjoints: Sequence[Any]) -> tuple[Array, Array, Array]:
        """See `contract.Differentiable`."""
        of_r, of_c, of_log_w = np.zeros((len(pairs.j), 3)), np.zeros((len(pairs.j), 6)), np.zeros(len(pairs.j))
        s, size = self.gaussians.precision, self.basis.degree + 1
        for segment in range(pairs.num_segments):
            adjoint = np.zeros((size, size, size))  # of the segment's moments
            for table, matrix, of_l in zip(self.tables, self.basis.radial, adjoints, strict=True):
                part = (slice(table.shape[-1]),) * 3
                adjoint[part] += np.einsum("mnpqr,mn->pqr", table, np.asarray(of_l)[segment] @ matrix.T)
            for pair in range(pairs.start[segment], pairs.start[segment + 1]):
                r, (K, moments) = pairs.r_ij[pair], (self._center_matrix(pairs, pair), self._moments(pairs, pair))
                first = [_derivative(moments, i) for i in range(3)]
                weight = np.sum(adjoint * moments)
                g = np.array([np.sum(adjoint * first[i]) for i in range(3)])
                H = np.array([[np.sum(adjoint * _derivative(first[i], k)) / 2 for k in range(3)] for i in range(3)])
                of_r[pair] = K @ g - s * weight * K @ r
                C = H - s / 2 * (np.outer(g, r) + np.outer(r, g)) + s**2 / 2 * weight * np.outer(r, r)
                of_c[pair] = C[np.triu_indices(3)]
                of_log_w[pair] = weight
        return of_r, of_c, of_log_w

    def _sum_over_segments(self, pairs: Pairs, moments_of: Callable[[int], Array]) -> list[Array]:
        sums = [np.zeros((pairs.num_segments, *table.shape[:2])) for table in self.tables]
        for segment in range(pairs.num_segments):
            for pair in range(pairs.start[segment], pairs.start[segment + 1]):
                moments = moments_of(pair)
                for total, table in zip(sums, self.tables, strict=True):
                    size = table.shape[-1]
                    total[segment] += np.einsum("mnpqr,pqr->mn", table, moments[:size, :size, :size])
        return [total @ matrix for total, matrix in zip(sums, self.basis.radial, strict=True)]

    def _center_matrix(self, pairs: Pairs, pair: int) -> Array:
        """K, which maps r_ij to the centre of the product Gaussian."""
        root = self.gaussians.records[pairs.j[pair], ROOT].reshape(3, 3)
        return np.asarray(root @ root.T)

    def _moments(self, pairs: Pairs, pair: int) -> Array:
        """∫ x^p g_j(x) exp(-s x²/2) d³x with g_j the normalised Gaussian of particle j at r_ij, shape [D+1]·3."""
        record, r_ij = self.gaussians.records[pairs.j[pair]], pairs.r_ij[pair]
        covariance = record[np.array(COVARIANCE)]  # C
        root = record[ROOT].reshape(3, 3)  # F
        in_body = root.T @ r_ij
        center = root @ in_body  # μ = K r, K = F Fᵀ
        weight = record[WEIGHT] * math.exp(-0.5 * self.gaussians.precision * float(in_body @ in_body))
        if pairs.weight is not None:
            weight *= pairs.weight[pair]
        return np.asarray(weight * normalized_moments(covariance, center, self.basis.degree))


def _derivative(moments: Array, axis: int) -> Array:
    """∂m[p]/∂μ_axis = p_axis m[p - e_axis]; done twice, half of it is the derivative with respect to C."""
    lowered = np.zeros_like(moments)
    along = np.moveaxis(lowered, axis, 0)
    along[1:] = np.moveaxis(moments, axis, 0)[:-1] * np.arange(1, len(moments))[:, None, None]
    return lowered
