"""Moments of pairs, summed over their segments or not, on the device of a kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from anisoap_opt.basis.monomials import num_up_to_degree
from anisoap_opt.gaussians import Gaussians
from anisoap_opt.kernels.contract import KernelOptions
from anisoap_opt.kernels.warp.launch import Variant, check_driver, check_shared_memory, launch, moments, sums, upload
from anisoap_opt.kernels.warp.placed import PlacedPairs


class Moments:
    """Scaled moments m̃[p] = m[p]/p! up to one degree.

    Parameters
    ----------
    gaussians : Gaussians
    degree : int
    options : KernelOptions
    variant : Variant
    """

    def __init__(self, gaussians: Gaussians, degree: int, options: KernelOptions, variant: Variant) -> None:
        check_driver(options.device)
        self.degree, self.size = degree, num_up_to_degree(degree)
        self.device, self.dtype, self.dtype_name = (
            torch.device(options.device), getattr(torch, options.dtype), options.dtype
        )  # fmt: skip
        self.precision, self.piece = gaussians.precision, variant.piece
        self.code = moments(degree, options.dtype, variant)
        check_shared_memory(self.code, degree, options.dtype, self.device)
        self.add_pieces = sums(options.dtype)
        self.records = upload(gaussians.records, self.device).to(self.dtype)  # [particles, RECORD]
        inverse = np.array([0, *(1 / p for p in range(1, degree + 1))])
        self.inverse = upload(inverse, self.device).to(self.dtype)

    def place(self, pairs: Any) -> PlacedPairs:
        """Pairs as the launches take them."""
        return PlacedPairs.of(pairs, self.device, self.dtype)

    def of_segments(self, pairs: PlacedPairs) -> torch.Tensor:
        """Sums over each segment, [monomials, segments] in float64: added up piece by piece, in their order."""
        num_segments = len(pairs.start) - 1
        if len(pairs) == 0:
            return torch.zeros((self.size, num_segments), dtype=torch.float64, device=self.device)
        num_pieces = int(np.maximum(-(-np.diff(pairs.start) // self.piece), 1).sum())  # while the device writes pairs
        counts = pairs.bounds.diff().add(self.piece - 1).div(self.piece, rounding_mode="floor").clamp(min=1)
        first = torch.nn.functional.pad(counts.cumsum(0, dtype=torch.int32), (1, 0))
        segment = torch.arange(num_segments, dtype=torch.int32, device=self.device)
        segment = torch.repeat_interleave(segment, counts, output_size=num_pieces)
        pieces = torch.empty((self.size, num_pieces), dtype=self.dtype, device=self.device)
        self._launch(pairs, segment, first, pieces)
        return pieces.to(torch.float64) if num_pieces == num_segments else self.add(first, pieces)

    def of_pairs(self, pairs: PlacedPairs) -> torch.Tensor:
        """Those of each pair, which is a segment of its own, and a row of zeros: [monomials + 1, pairs]."""
        out = torch.empty((self.size + 1, len(pairs)), dtype=self.dtype, device=self.device)
        out[-1] = 0
        self._launch(pairs, pairs.bounds, pairs.bounds, out)
        return out

    def add(self, first: torch.Tensor, parts: torch.Tensor) -> torch.Tensor:
        """Sums over the parts first[g] … first[g+1] - 1 of each g, [rows, parts] → [rows, segments] in float64."""
        out = torch.empty((len(parts), len(first) - 1), dtype=torch.float64, device=self.device)
        launch(self.add_pieces, out.shape, (first, parts, out), self.device, 256)
        return out

    def _launch(self, pairs: PlacedPairs, segment: torch.Tensor, first: torch.Tensor, out: torch.Tensor) -> None:
        inputs = (pairs.bounds, segment, first, *pairs.arrays(self.records), self.precision, self.inverse, out)
        self.code(out.shape[1], inputs, self.device)
