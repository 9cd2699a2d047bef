"""Class `Kernel` of the backend ``warp``: moments and coupling by Warp, and the change of basis as one product."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
import torch

from anisoap_opt.arrays import Array, Ints
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.monomials import degree_slice, num_up_to_degree
from anisoap_opt.gaussians import Gaussians
from anisoap_opt.kernels.contract import KernelOptions, segments_within
from anisoap_opt.kernels.warp.coupling import couple, feature_table
from anisoap_opt.kernels.warp.launch import (
    Variant,
    check_shared_memory,
    cut_runs,
    launch,
    moments,
    sums,
    upload,
    vectors,
)
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
        self.variant = variant or Variant.of(basis.degree, options.dtype)
        self.sum_moments = moments(basis.degree, options.dtype, self.variant)
        check_shared_memory(self.sum_moments, basis.degree, options.dtype, self.device)
        self.add_pieces, self.add_sums = sums(options.dtype), sums("float64")
        self.segments_per_chunk = segments_within(_chunk_bytes(self.device), num_up_to_degree(basis.degree))
        self.precision = gaussians.precision
        self.records = upload(gaussians.records, self.device).to(self.dtype)  # [particles, RECORD]
        inverse = np.array([0, *(1 / p for p in range(1, basis.degree + 1))])
        self.inverse = upload(inverse, self.device).to(self.dtype)

    @cached_property
    def change(self) -> torch.Tensor:
        """See `change_on`; not needed for moments."""
        return change_on(self.basis, self.device)

    def coefficients(self, pairs: Pairs) -> list[torch.Tensor]:
        """Coefficients of every segment, per l: [segments, 2l+1, n]."""
        rows = (self.change @ self.moments(pairs)).to(self.dtype)
        ends = np.cumsum([0] + [(2 * l + 1) * n for l, n in enumerate(self.basis.num_radial)]).tolist()
        return [rows[ends[l] : ends[l + 1]].T.reshape(-1, 2 * l + 1, n) for l, n in enumerate(self.basis.num_radial)]

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

    def moments(self, pairs: Pairs) -> torch.Tensor:
        """Scaled moments m̃[p] = m[p]/p! summed over each segment: [monomials up to degree D, segments]."""
        num_segments, size, piece = pairs.num_segments, num_up_to_degree(self.basis.degree), self.variant.piece
        if len(pairs.j) == 0:
            return torch.zeros((size, num_segments), dtype=torch.float64, device=self.device)
        num_pieces = int(np.maximum(-(-np.diff(pairs.start) // piece), 1).sum())  # while the device writes the pairs
        start = getattr(pairs, "start_there", None)  # of `neighbors.DevicePairs`
        start = upload(pairs.start.astype(np.int32), self.device) if start is None else start
        counts = start.diff().add(piece - 1).div(piece, rounding_mode="floor").clamp(min=1)  # pieces of each segment
        first = torch.nn.functional.pad(counts.cumsum(0, dtype=torch.int32), (1, 0))
        segment = torch.arange(num_segments, dtype=torch.int32, device=self.device)
        segment = torch.repeat_interleave(segment, counts, output_size=num_pieces)
        j = upload(pairs.j, self.device).to(torch.int32)
        arrays = vectors(upload(pairs.r_ij, self.device).to(self.dtype)), vectors(self.records)
        pieces = torch.empty((size, num_pieces), dtype=self.dtype, device=self.device)
        inputs = (start, segment, first, j, *arrays, self.precision, self.inverse, pieces)
        self.sum_moments(num_pieces, inputs, self.device)
        if num_pieces == num_segments:
            return pieces.to(torch.float64)
        out = self._new(size, num_segments)
        launch(self.add_pieces, out.shape, (first, pieces, out), self.device, 256)
        return out

    def _new(self, *shape: int) -> torch.Tensor:
        return torch.empty(shape, dtype=torch.float64, device=self.device)


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
