"""Class `Kernel` of the backend ``warp``: moments by Warp, piece by piece, and the change of basis by `torch_full`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.monomials import num_up_to_degree
from anisoap_opt.kernels import torch_full
from anisoap_opt.kernels.options import KernelOptions
from anisoap_opt.kernels.warp.launch import Variant, launch, moments, sums, vectors
from anisoap_opt.pairs import Pairs


class Kernel(torch_full.Kernel):
    """Straight-line code or a plane walk for the moments; see ``kernels/README.md`` for the contract."""

    def __init__(
        self,
        rotations: Any,
        semiaxes: Any,
        precision: float,
        basis: BasisChange,
        options: KernelOptions,
        variant: Variant = Variant(),
    ) -> None:
        super().__init__(rotations, semiaxes, precision, basis, options)
        self.variant = variant
        self.sum_moments = moments(basis.degree, options.dtype, variant)
        self.add_pieces = sums(options.dtype)
        self.records = self._tensor(_records(rotations, semiaxes, precision), self.dtype)
        inverse = np.array([0, *(1 / p for p in range(1, basis.degree + 1))])
        self.inverse = self._tensor(inverse, self.dtype)

    def moments(self, pairs: Pairs) -> torch.Tensor:
        """Scaled moments m̃[p] = m[p]/p! summed over each segment: [monomials up to degree D, segments]."""
        start = torch.as_tensor(pairs.start)
        num_pieces = start.diff().add(self.variant.piece - 1).div(self.variant.piece, rounding_mode="floor").clamp(min=1)
        first = torch.nn.functional.pad(num_pieces.cumsum(0), (1, 0))
        total = int(first[-1])
        num_segments, size = len(num_pieces), num_up_to_degree(self.basis.degree)
        num_pieces, first, start = (one.to(self.device, torch.int32) for one in (num_pieces, first, start))
        segment = torch.arange(num_segments, dtype=torch.int32, device=self.device)
        segment = torch.repeat_interleave(segment, num_pieces, output_size=total)
        j = torch.as_tensor(pairs.j).to(self.device, torch.int32)
        r_ij = self._tensor(pairs.r_ij, self.dtype).reshape(-1, 3)
        pieces = torch.empty((size, total), dtype=self.dtype, device=self.device)
        if total:
            arrays = vectors(r_ij), vectors(self.records)
            inputs = (start, segment, first, j, *arrays, self.precision, self.inverse, pieces)
            self.sum_moments(total, inputs, self.device)
        if total == num_segments:
            return pieces.to(self.wide)
        out = torch.empty((size, num_segments), dtype=self.wide, device=self.device)
        launch(self.add_pieces, out.shape, (first, pieces, out), self.device, 256)
        return out


def _records(rotations: Any, semiaxes: Any, precision: float) -> Any:
    """C_xx … C_zz, w and F row by row, with K = F Fᵀ, of each particle: [particles, 16]."""
    rotations, semiaxes = np.asarray(rotations, dtype=np.float64), np.asarray(semiaxes, dtype=np.float64)
    with np.errstate(over="ignore", divide="ignore"):
        shrunk = 1 / (1 + precision * semiaxes**2)
        c = np.einsum("pik,pk,pjk->pij", rotations, 1 / (1 / semiaxes**2 + precision), rotations)
    factor = rotations * np.sqrt(shrunk)[:, None, :]
    weight = np.sqrt(shrunk.prod(1))
    upper = c[:, (0, 0, 0, 1, 1, 2), (0, 1, 2, 1, 2, 2)]
    return np.column_stack([upper, weight, factor.reshape(-1, 9)])
