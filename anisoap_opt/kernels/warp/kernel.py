"""Class `Kernel` of the backend ``warp``: moments by Warp, piece by piece, and the change of basis by `torch_full`."""

from __future__ import annotations

import numpy as np
import torch

from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.monomials import num_up_to_degree
from anisoap_opt.gaussians import Gaussians
from anisoap_opt.kernels import torch_full
from anisoap_opt.kernels.contract import KernelOptions
from anisoap_opt.kernels.warp.launch import Variant, launch, moments, sums, vectors
from anisoap_opt.pairs import Pairs


class Kernel(torch_full.Kernel):
    """Straight-line code or a plane walk for the moments; see ``kernels/README.md`` for the contract."""

    def __init__(
        self, gaussians: Gaussians, basis: BasisChange, options: KernelOptions, variant: Variant | None = None
    ) -> None:
        super().__init__(gaussians, basis, options)
        self.variant = variant or Variant.of(basis.degree, options.dtype)
        self.sum_moments = moments(basis.degree, options.dtype, self.variant)
        self.add_pieces = sums(options.dtype)
        self.rows = self.records.T.contiguous()  # [particles, RECORD]
        self.inverse = self._tensor(np.array([0, *(1 / p for p in range(1, basis.degree + 1))]), self.dtype)

    def moments(self, pairs: Pairs) -> torch.Tensor:
        """Scaled moments m̃[p] = m[p]/p! summed over each segment: [monomials up to degree D, segments]."""
        num_segments, size, piece = pairs.num_segments, num_up_to_degree(self.basis.degree), self.variant.piece
        if len(pairs.j) == 0:
            return torch.zeros((size, num_segments), dtype=self.wide, device=self.device)
        start = torch.as_tensor(pairs.start)
        counts = start.diff().add(piece - 1).div(piece, rounding_mode="floor").clamp(min=1)  # pieces of each segment
        first = torch.nn.functional.pad(counts.cumsum(0), (1, 0))
        num_pieces = int(first[-1])
        counts, first, start = (one.to(self.device, torch.int32) for one in (counts, first, start))
        segment = torch.arange(num_segments, dtype=torch.int32, device=self.device)
        segment = torch.repeat_interleave(segment, counts, output_size=num_pieces)
        j = torch.as_tensor(pairs.j).to(self.device, torch.int32)
        arrays = vectors(self._tensor(pairs.r_ij, self.dtype)), vectors(self.rows)
        pieces = torch.empty((size, num_pieces), dtype=self.dtype, device=self.device)
        inputs = (start, segment, first, j, *arrays, self.precision, self.inverse, pieces)
        self.sum_moments(num_pieces, inputs, self.device)
        if num_pieces == num_segments:
            return pieces.to(self.wide)
        out = torch.empty((size, num_segments), dtype=self.wide, device=self.device)
        launch(self.add_pieces, out.shape, (first, pieces, out), self.device, 256)
        return out
