"""Pairs on the device of a kernel, as its launches take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from anisoap_opt.arrays import Ints
from anisoap_opt.kernels.warp.launch import upload, vectors
from anisoap_opt.pairs import Pairs


@dataclass(frozen=True)
class PlacedPairs:
    """Tensors of one device.

    Attributes
    ----------
    start : ndarray of int, shape [segments + 1]
        Bounds of segments, on the host: what is launched depends on them.
    bounds : tensor of int32, shape [segments + 1]
        The same on the device.
    j : tensor of int32, shape [pairs]
    r_ij : tensor, shape [pairs, 3]
    weight : tensor, shape [pairs] or [0]
        A factor of each pair's density; none means 1.
    """

    start: Ints
    bounds: torch.Tensor
    j: torch.Tensor
    r_ij: torch.Tensor
    weight: torch.Tensor

    @classmethod
    def of(cls, pairs: Pairs, device: torch.device, dtype: torch.dtype) -> PlacedPairs:
        """Pairs of any kind; no copy of what is on the device already, and the host waits for none."""
        start = getattr(pairs, "start_there", None)  # of `neighbors.DevicePairs`
        start = upload(pairs.start.astype(np.int32), device) if start is None else start
        weight = np.zeros(0) if pairs.weight is None else pairs.weight
        return cls(
            pairs.start,
            start,
            upload(pairs.j, device).to(torch.int32),
            upload(pairs.r_ij, device).to(dtype),
            upload(weight, device).to(dtype),
        )

    def __getitem__(self, some: slice) -> PlacedPairs:
        """Some of the pairs, each a segment of its own."""
        start = np.arange(some.stop - some.start + 1)
        one_each = torch.arange(len(start), dtype=torch.int32, device=self.j.device)
        return PlacedPairs(start, one_each, self.j[some], self.r_ij[some], self.weight[some])

    def __len__(self) -> int:
        return len(self.j)

    def arrays(self, records: torch.Tensor) -> tuple[Any, ...]:
        """What kernels read of them: neighbours, vectors, factors, and the particles' records."""
        return self.j, vectors(self.r_ij), self.weight, vectors(records)

    def segment(self) -> torch.Tensor:
        """Segment of each pair, [pairs]."""
        every = torch.arange(len(self.bounds) - 1, dtype=torch.int32, device=self.j.device)
        return torch.repeat_interleave(every, self.bounds.diff(), output_size=len(self))
