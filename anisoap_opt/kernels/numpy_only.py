"""Vectorised NumPy: scaled moments of many pairs at once, degree by degree, summed before they are contracted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Array, Floats, Ints
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.monomials import degree_slice, exponents, lifted, num_of_degree, num_up_to_degree, raised
from anisoap_opt.gaussians import COVARIANCE, ROOT, WEIGHT, Gaussians
from anisoap_opt.kernels.contract import KernelOptions, Tangents, segments_within
from anisoap_opt.kernels.derivatives import moments_along, pull_pair, pull_pair_along, push_pair, sums_of_lowered
from anisoap_opt.pairs import Pairs

CHUNK_BYTES = 1 << 21
"""Size of the moments of one chunk of pairs; about an L2 cache."""
SEGMENT_CHUNK_BYTES = 1 << 22
"""Size of the sums of one chunk of segments."""


class _Chunk(NamedTuple):
    """Some consecutive pairs and their moments."""

    pairs: slice
    r: Floats  # [3, pairs]
    mu: Floats  # [3, pairs]
    root: Floats  # [3, 3, pairs], F
    moments: Floats  # [monomials, pairs]; a buffer that the next chunk overwrites


class Kernel:
    """Moments in chunks of pairs, then the change of basis; see ``kernels/README.md`` for the contract."""

    def __init__(self, gaussians: Gaussians, basis: BasisChange, options: KernelOptions) -> None:
        self.dtype = np.dtype(options.dtype)
        self.basis = basis
        self.segments_per_chunk = segments_within(SEGMENT_CHUNK_BYTES, num_up_to_degree(basis.degree))
        self.lift = partial(lifted, basis.degree)
        self.precision = self.dtype.type(gaussians.precision)
        self.records = np.ascontiguousarray(gaussians.records.T, dtype=self.dtype)  # [RECORD, particles]

    def coefficients(self, pairs: Pairs) -> list[Floats]:
        """Coefficients of every segment, per l: [segments, 2l+1, n]."""
        return [c.astype(self.dtype, copy=False) for c in self.contract(self.moments(pairs))]

    def push_forward(self, pairs: Pairs, tangents: Tangents) -> list[Floats]:
        """See `contract.Differentiable`."""
        sums = np.zeros((num_up_to_degree(self.basis.degree), pairs.num_segments))
        for chunk in self._chunks(pairs):
            _add_to_segments(sums, pairs.start, chunk.pairs, self._along(chunk, tangents)[1])
        return [c.astype(self.dtype, copy=False) for c in self.contract(sums)]

    def pull_back(self, pairs: Pairs, adjoints: Sequence[Any]) -> tuple[Floats, Floats, Floats]:
        """See `contract.Differentiable`."""
        of_moments, segment = self.spread(adjoints), np.repeat(np.arange(pairs.num_segments), np.diff(pairs.start))
        out = np.empty((10, len(pairs.j)), dtype=self.dtype)
        for chunk in self._chunks(pairs):
            sums = sums_of_lowered(of_moments[:, segment[chunk.pairs]], chunk.moments, self.lift)
            out[:, chunk.pairs] = pull_pair(self.precision, chunk.root, chunk.r, chunk.mu, sums)
        return out[:3].T, out[3:9].T, out[9]

    def pull_back_along(
        self, pairs: Pairs, adjoints: Sequence[Any], tangents: Tangents
    ) -> tuple[Floats, Floats, Floats]:
        """See `contract.TwiceDifferentiable`."""
        of_moments, segment = self.spread(adjoints), np.repeat(np.arange(pairs.num_segments), np.diff(pairs.start))
        out = np.empty((10, len(pairs.j)), dtype=self.dtype)
        for chunk in self._chunks(pairs):
            adjoint = of_moments[:, segment[chunk.pairs]]
            mu_dot, along = self._along(chunk, tangents)
            sums, sums_dot = (sums_of_lowered(adjoint, m, self.lift) for m in (chunk.moments, along))
            r_dot, c_dot = (tangents[k][chunk.pairs].T for k in (0, 1))
            out[:, chunk.pairs] = pull_pair_along(
                self.precision, chunk.root, chunk.r, chunk.mu, sums, r_dot, c_dot, mu_dot, sums_dot
            )
        return out[:3].T, out[3:9].T, out[9]

    def moments(self, pairs: Pairs) -> Array:
        """Scaled moments m̃[p] = m[p]/p! summed over each segment: [monomials up to degree D, segments]."""
        sums = np.zeros((num_up_to_degree(self.basis.degree), pairs.num_segments))
        for chunk in self._chunks(pairs):
            _add_to_segments(sums, pairs.start, chunk.pairs, chunk.moments)
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

    def spread(self, adjoints: Sequence[Any]) -> Array:
        """Transpose of `contract`: per l [segments, 2l+1, n] → [monomials, segments]."""
        wide = [np.asarray(a, dtype=np.float64) for a in adjoints]
        primitive = [self.matmul(a, matrix.T) for a, matrix in zip(wide, self.basis.radial, strict=True)]
        per_degree = []
        for d, table in enumerate(self.basis.harmonics):
            q = np.empty((len(wide[0]), len(table)))
            for (l, n), rows in self.basis.rows(d).items():
                q[:, rows] = primitive[l][:, :, n]
            per_degree.append(self.matmul(q, table).T)
        return np.concatenate(per_degree)

    def matmul(self, a: Array, b: Array) -> Array:
        """Matrix product of the contractions, a @ b."""
        return np.asarray(a @ b)

    def _chunks(self, pairs: Pairs) -> Iterator[_Chunk]:
        """Moments of the pairs, a bounded number at a time."""
        size = num_up_to_degree(self.basis.degree)
        step = max(16, CHUNK_BYTES // (size * self.dtype.itemsize))
        buffer = np.empty((size, step), dtype=self.dtype)
        for first in range(0, len(pairs.j), step):
            some = slice(first, min(first + step, len(pairs.j)))
            moments = buffer[:, : some.stop - first]
            records = self.records.take(pairs.j[some], axis=1)  # [RECORD, pairs]
            root = records[ROOT].reshape(3, 3, -1)
            r = np.ascontiguousarray(pairs.r_ij[some].astype(self.dtype, copy=False).T)
            in_body = np.einsum("xkp,xp->kp", root, r)
            mu = np.einsum("xkp,kp->xp", root, in_body)
            moments[0] = records[WEIGHT] * np.exp(-0.5 * self.precision * np.einsum("kp,kp->p", in_body, in_body))
            if pairs.weight is not None:
                moments[0] *= pairs.weight[some]
            self._fill(moments, mu, records)
            yield _Chunk(some, r, mu, root, moments)

    def _fill(self, moments: Floats, mu: Floats, records: Floats) -> None:
        """Make the scaled moments [monomials, pairs] from those of degree 0, degree by degree."""
        below2, below = moments[:0], moments[:1]
        for d in range(1, self.basis.degree + 1):
            here = moments[degree_slice(d)]
            _raise_degree(d, below, below2, mu, records, here)
            below2, below = below, here

    def _along(self, chunk: _Chunk, tangents: Tangents) -> tuple[list[Any], Any]:
        """The tangent of μ and the moments along a tangent."""
        r_dot, c_dot, log_w_dot = (np.asarray(t)[chunk.pairs].T for t in tangents)
        mu_dot, log_weight_dot = push_pair(self.precision, chunk.root, chunk.r, chunk.mu, r_dot, c_dot, log_w_dot)
        return mu_dot, moments_along(chunk.moments, self.lift, mu_dot, c_dot, log_weight_dot)


def _add_to_segments(sums: Array, start: Ints, some: slice, moments: Floats) -> None:
    """Add the moments [monomials, pairs] of some consecutive pairs to those of their segments [monomials, segments]."""
    begin = int(np.searchsorted(start, some.start, side="right")) - 1
    end = int(np.searchsorted(start, some.stop, side="left"))
    starts = np.clip(start[begin : end + 1] - some.start, 0, some.stop - some.start)
    filled = np.flatnonzero(np.diff(starts))
    sums[:, begin + filled] += np.add.reduceat(moments, starts[filled], axis=1, dtype=np.float64)


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
