"""Vectorised NumPy: scaled moments of many pairs at once, degree by degree, summed before they are contracted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from anisoap_opt.arrays import Array, Floats, Ints
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.monomials import degree_slice, exponents, num_of_degree, num_up_to_degree, raised
from anisoap_opt.gaussians import COVARIANCE, ROOT, WEIGHT, Gaussians
from anisoap_opt.kernels.contract import KernelOptions, segments_within
from anisoap_opt.pairs import Pairs

CHUNK_BYTES = 1 << 21
"""Size of the moments of one chunk of pairs; about an L2 cache."""
SEGMENT_CHUNK_BYTES = 1 << 22
"""Size of the sums of one chunk of segments."""


class Kernel:
    """Moments in chunks of pairs, then the change of basis; see ``kernels/README.md`` for the contract."""

    def __init__(self, gaussians: Gaussians, basis: BasisChange, options: KernelOptions) -> None:
        self.dtype = np.dtype(options.dtype)
        self.basis = basis
        self.segments_per_chunk = segments_within(SEGMENT_CHUNK_BYTES, num_up_to_degree(basis.degree))
        self.precision = self.dtype.type(gaussians.precision)
        self.records = np.ascontiguousarray(gaussians.records.T, dtype=self.dtype)  # [RECORD, particles]

    def coefficients(self, pairs: Pairs) -> list[Floats]:
        """Coefficients of every segment, per l: [segments, 2l+1, n]."""
        return [c.astype(self.dtype, copy=False) for c in self.contract(self.moments(pairs))]

    def moments(self, pairs: Pairs) -> Array:
        """Scaled moments m̃[p] = m[p]/p! summed over each segment: [monomials up to degree D, segments]."""
        size = num_up_to_degree(self.basis.degree)
        sums = np.zeros((size, pairs.num_segments))
        step = max(16, CHUNK_BYTES // (size * self.dtype.itemsize))
        buffer = np.empty((size, step), dtype=self.dtype)
        for first, last in _ranges(len(pairs.j), step):
            scaled = buffer[:, : last - first]
            self._fill(scaled, pairs.j[first:last], pairs.r_ij[first:last].astype(self.dtype, copy=False))
            begin = int(np.searchsorted(pairs.start, first, side="right")) - 1
            end = int(np.searchsorted(pairs.start, last, side="left"))
            starts = np.clip(pairs.start[begin : end + 1] - first, 0, last - first)
            filled = np.flatnonzero(np.diff(starts))
            sums[:, begin + filled] += np.add.reduceat(scaled, starts[filled], axis=1, dtype=np.float64)
        return sums

    def contract(self, moments: Array) -> list[Array]:
        """Change of basis: [monomials, segments] → per l [segments, 2l+1, n]."""
        num_segments = moments.shape[1]
        primitive = [np.empty((num_segments, 2 * l + 1, n)) for l, n in enumerate(self.basis.num_radial)]
        for d, table in enumerate(self.basis.harmonics):
            q = self.matmul(moments[degree_slice(d)].T, table.T)  # [segments, rows]
            for (l, n), rows in self.basis.rows(d).items():
                primitive[l][:, :, n] = q[:, rows]
        return [self.matmul(q, matrix) for q, matrix in zip(primitive, self.basis.radial, strict=True)]

    def matmul(self, a: Array, b: Array) -> Array:
        """Matrix product of the contractions, a @ b."""
        return np.asarray(a @ b)

    def _fill(self, scaled: Floats, j: Ints, r_ij: Floats) -> None:
        """Write the scaled moments of each pair into scaled [monomials, pairs], degree by degree."""
        records = self.records.take(j, axis=1)  # [RECORD, pairs]
        root = records[ROOT].reshape(3, 3, -1)
        in_body = np.einsum("xkp,xp->kp", root, np.ascontiguousarray(r_ij.T))
        mu = np.einsum("xkp,kp->xp", root, in_body)
        below2: Floats = scaled[:0]
        below: Floats = scaled[:1]
        below[0] = records[WEIGHT] * np.exp(-0.5 * self.precision * np.einsum("kp,kp->p", in_body, in_body))
        for d in range(1, self.basis.degree + 1):
            here = scaled[degree_slice(d)]
            _raise_degree(d, below, below2, mu, records, here)
            below2, below = below, here


def _raise_degree(d: int, below: Floats, below2: Floats, mu: Floats, c: Floats, here: Floats) -> None:
    """One step (p_i + 1) m̃[p + e_i] = μ_i m̃[p] + Σ_k C_ik m̃[p - e_k] for all monomials of degree d.

    The axis i is x where p_x > 0, else y, else z. Those with p_x > 0 come first and are `below` times x; those with
    p_x = 0 < p_y are the last d rows of `below` times y; z^d is the last row times z.

    Parameters
    ----------
    d : int
    below, below2 : ndarray, shapes [monomials of d - 1, pairs], [monomials of d - 2, pairs]
    mu : ndarray, shape [3, pairs]
    c : ndarray, shape [6 or more, pairs]
        C_ik in row COVARIANCE[i][k].
    here : ndarray, shape [monomials of d, pairs]
        Written.
    """
    blocks = (slice(0, num_of_degree(d - 1)), slice(num_of_degree(d - 1), -1), slice(-1, None))
    for i, (block, count) in enumerate(zip(blocks, (num_of_degree(d - 1), d, 1), strict=True)):
        np.multiply(below[-count:], mu[i], out=here[block])
        sources = below2 if i == 0 else below2[1 - count :] if i == 1 else below2[-1:]
        if d == 1 or len(sources) == 0:
            continue
        for k in range(i, 3):
            rows = raised(d - 1, k)[-len(sources) :] - (num_of_degree(d - 1) - count)
            here[block][rows] += sources * c[COVARIANCE[i][k]]
    here *= inverse_power(d).astype(here.dtype, copy=False)[:, None]


@cache
def inverse_power(d: int) -> Array:
    """1 / p_i for each monomial of degree d ≥ 1, i the first axis with p_i > 0; shape [monomials of degree d]."""
    p = exponents(d)
    axis = np.argmax(p > 0, axis=1)
    return np.asarray(1 / p[np.arange(len(p)), axis])


def _ranges(total: int, step: int) -> Iterator[tuple[int, int]]:
    for first in range(0, total, step):
        yield first, min(first + step, total)
