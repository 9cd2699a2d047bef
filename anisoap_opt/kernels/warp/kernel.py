"""Class `Kernel` of the backend ``warp``: moments and coupling by Warp, and the change of basis as one product."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch

from anisoap_opt.arrays import Array, Ints
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.monomials import degree_slice, num_up_to_degree
from anisoap_opt.gaussians import Gaussians
from anisoap_opt.kernels.contract import KernelOptions, Tangents, segments_within
from anisoap_opt.kernels.device_memory import explained, explains_itself
from anisoap_opt.kernels.warp.coupling import couple, feature_table
from anisoap_opt.kernels.warp.derivatives import Derivatives
from anisoap_opt.kernels.warp.launch import Variant, cut_runs, launch, sums, upload
from anisoap_opt.kernels.warp.moments import Moments
from anisoap_opt.pairs import Pairs

CPU_CHUNK_BYTES = 1 << 22
"""Size of the sums of one chunk of segments on the CPU."""
MEMORY_SHARE = 32
"""On a GPU they may take this fraction of its memory; all that a chunk needs is several times as much."""


class Kernel:
    """Straight-line code or a plane walk for the moments; see ``kernels/README.md`` for the contract."""

    def __init__(
        self, gaussians: Gaussians, basis: BasisChange, options: KernelOptions, variant: Variant | None = None
    ) -> None:
        self.basis = basis
        self.device = torch.device(options.device)
        self.dtype = getattr(torch, options.dtype)
        self._variant = variant or Variant.of(basis.degree, options.dtype)
        self._moments = Moments(gaussians, basis.degree, options, self._variant)
        self.add_sums = sums("float64")
        self.segments_per_chunk = segments_within(_chunk_bytes(self.device), num_up_to_degree(basis.degree))

    @cached_property
    def derivatives(self) -> Derivatives:
        """Of the moments; made when they are first asked for."""
        return Derivatives(self._moments, self._variant, _chunk_bytes(self.device))

    @cached_property
    def change(self) -> torch.Tensor:
        """See `change_on`; not needed for moments."""
        return change_on(self.basis, self.device)

    def explained(self, pairs: Pairs) -> AbstractContextManager[None]:
        """See `contract.OnDevice`."""
        num_bytes = 8 * num_up_to_degree(self.basis.degree) * pairs.num_segments
        return explained(self.device, len(pairs.j), pairs.num_segments, num_bytes)

    @explains_itself
    def coefficients(self, pairs: Pairs) -> list[torch.Tensor]:
        """Coefficients of every segment, per l: [segments, 2l+1, n]."""
        return self.contract(self.moments(pairs))

    def sum_power_spectra(self, pairs: Pairs, num_types: int, start: Ints, *, symmetric: bool) -> torch.Tensor:
        """Sums over runs of centres of their power spectra, see `anisoap_opt.power_spectrum.sum_power_spectra`."""
        rows, factors = (upload(one, self.device) for one in feature_table(self.basis.num_radial, num_types, symmetric))
        bounds = np.append(start, pairs.num_segments // num_types)
        pieces, there = cut_runs(bounds, self.device), upload(bounds.astype(np.int32), self.device)
        coefficients = self.change @ self.moments(pairs)
        parts = self._new(len(factors), pieces.count)
        inputs = (there, pieces.run, pieces.first, rows, factors, num_types, coefficients, parts)
        launch(couple, parts.shape, inputs, self.device, 128)
        if pieces.count > len(start):
            runs = self._new(len(factors), len(start))
            launch(self.add_sums, runs.shape, (pieces.first, parts, runs), self.device, 128)
            parts = runs
        return parts.T.to(self.dtype).contiguous()

    @explains_itself
    def pull_back(self, pairs: Pairs, adjoints: Sequence[Any]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """See `contract.Differentiable`."""
        return split(self.derivatives.pull_back(self._moments.place(pairs), self.spread(adjoints)))

    @explains_itself
    def push_forward(self, pairs: Pairs, tangents: Tangents) -> list[torch.Tensor]:
        """See `contract.Differentiable`."""
        return self.contract(self.derivatives.push_forward(self._moments.place(pairs), tangents))

    @explains_itself
    def pull_back_along(
        self, pairs: Pairs, adjoints: Sequence[Any], tangents: Tangents
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """See `contract.TwiceDifferentiable`."""
        of_moments = self.spread(adjoints)
        return split(self.derivatives.pull_back_along(self._moments.place(pairs), of_moments, tangents))

    def moments(self, pairs: Pairs) -> torch.Tensor:
        """Scaled moments m̃[p] = m[p]/p! summed over each segment: [monomials up to degree D, segments]."""
        return self._moments.of_segments(self._moments.place(pairs))

    def contract(self, moments: torch.Tensor) -> list[torch.Tensor]:
        """Change of basis: [monomials, segments] → per l [segments, 2l+1, n]."""
        parts = torch.split((self.change @ moments).to(self.dtype), self._rows())
        return [
            rows.T.reshape(-1, 2 * l + 1, n)
            for (l, n), rows in zip(enumerate(self.basis.num_radial), parts, strict=True)
        ]

    def spread(self, adjoints: Sequence[Any]) -> torch.Tensor:
        """Transpose of `contract`: per l [segments, 2l+1, n] → [monomials, segments]."""
        parts = [upload(one, self.device).to(torch.float64).flatten(1) for one in adjoints]
        return self.change.T @ torch.cat(parts, dim=1).T

    def _rows(self) -> list[int]:
        """Rows of `change` that belong to each l."""
        return [(2 * l + 1) * n for l, n in enumerate(self.basis.num_radial)]

    def _new(self, *shape: int) -> torch.Tensor:
        return torch.empty(shape, dtype=torch.float64, device=self.device)


def split(ten: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows for r, C and log w, [10, pairs] → [pairs, 3], [pairs, 6], [pairs]."""
    return ten[:3].T, ten[3:9].T, ten[9]


@lru_cache(maxsize=4)
def change_on(basis: BasisChange, device: torch.device) -> torch.Tensor:
    """`dense_change` on a device; kept, for making it takes longer than many a batch."""
    return upload(dense_change(basis), device)


def dense_change(basis: BasisChange) -> Array:
    """The change of basis as one matrix [Σ_l (2l+1) n_l, monomials], its rows by l, m and n.

    Most of it is zero, and yet a GPU takes less time for one large product than for many small ones.
    """
    parts = [np.zeros((2 * l + 1, n, num_up_to_degree(basis.degree))) for l, n in enumerate(basis.num_radial)]
    for d, table in enumerate(basis.harmonics):
        for (l, n), rows in basis.rows(d).items():
            parts[l][:, :, degree_slice(d)] += table[rows][:, None] * basis.radial[l][n][:, None]
    return np.concatenate([part.reshape(-1, part.shape[2]) for part in parts])


def _chunk_bytes(device: torch.device) -> int:
    if device.type != "cuda":
        return CPU_CHUNK_BYTES
    return int(torch.cuda.get_device_properties(device).total_memory) // MEMORY_SHARE
