"""Derivatives of summed moments, for any degree: the moments of some pairs at a time, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import torch

from anisoap_opt.basis.monomials import lifted, num_up_to_degree
from anisoap_opt.kernels.contract import Tangents
from anisoap_opt.kernels.derivatives import AXES, XYZ
from anisoap_opt.kernels.warp import pair_arithmetic, pull_back
from anisoap_opt.kernels.warp.launch import Variant, compiled, launch, upload, vectors
from anisoap_opt.kernels.warp.moments import Moments
from anisoap_opt.kernels.warp.placed import PlacedPairs

THREADS = 128
"""Of a block."""
STEPS = (*((i,) for i in XYZ), *AXES)
"""Axes along which a moment's derivatives are lower: once for μ, twice for C."""


class Derivatives:
    """What pulls adjoints of summed moments back to pairs, and pushes tangents of pairs forward to them.

    Parameters
    ----------
    moments : Moments
    variant : Variant
        Says up to which degree `pull_back` is straight-line code.
    chunk_bytes : int
        Of the moments of the pairs at a time.
    """

    def __init__(self, moments: Moments, variant: Variant, chunk_bytes: int) -> None:
        self.moments, self.variant = moments, variant
        self.pairs_per_chunk = max(16, chunk_bytes // (2 * (moments.size + 1) * moments.dtype.itemsize))
        self.code = pair_kernels(moments.dtype_name)
        self.counts = [num_up_to_degree(moments.degree - steps) for steps in (2, 1, 0)]
        self.lifted, self.lowered = (upload(one, moments.device) for one in tables(moments.degree))

    def pull_back(self, pairs: PlacedPairs, adjoints: torch.Tensor) -> torch.Tensor:
        """Adjoints of r, C and log w of every pair, [10, pairs], from those of the sums, [monomials, segments]."""
        out, segment = self._new(10, len(pairs)), pairs.segment()
        if self.moments.degree <= self.variant.straight_line_degree:
            kernel, adjoints = (
                pull_back_kernel(self.moments.degree, self.moments.dtype_name, self.variant),
                adjoints.to(out),
            )
            inputs = (segment, *pairs.arrays(self.moments.records), self.moments.precision, adjoints, out)
            launch(kernel, (len(pairs),), inputs, self.moments.device, self.variant.threads)
            return out
        for some in self._chunks(pairs):
            part = pairs[some]
            sums = self._contract(adjoints, segment[some], self.moments.of_pairs(part))
            self._launch("pull", part, sums, out[:, some])
        return out

    def push_forward(self, pairs: PlacedPairs, tangents: Tangents) -> torch.Tensor:
        """Tangents of the sums, [monomials, segments] in float64."""
        dots, device = self._place(tangents), self.moments.device
        out = torch.zeros((self.moments.size, len(pairs.start) - 1), dtype=torch.float64, device=device)
        for some in self._chunks(pairs):
            part = pairs[some]
            along = self._along(self.moments.of_pairs(part), self._push(part, [one[some] for one in dots]))
            begin = int(np.searchsorted(pairs.start, some.start, side="right")) - 1
            end = int(np.searchsorted(pairs.start, some.stop, side="left"))
            first = (pairs.bounds[begin : end + 1] - some.start).clamp(0, len(part))
            out[:, begin:end] += self.moments.add(first, along[:-1])
        return out

    def pull_back_along(self, pairs: PlacedPairs, adjoints: torch.Tensor, tangents: Tangents) -> torch.Tensor:
        """The derivative of `pull_back` along a tangent, [10, pairs]."""
        out, segment, dots = self._new(10, len(pairs)), pairs.segment(), self._place(tangents)
        for some in self._chunks(pairs):
            part, own = pairs[some], [one[some] for one in dots]
            moments, pushed = self.moments.of_pairs(part), self._push(part, own)
            pair = [self._contract(adjoints, segment[some], one) for one in (moments, self._along(moments, pushed))]
            self._launch("pull_along", part, vectors(own[0]), own[1], pushed, *pair, out[:, some])
        return out

    def _chunks(self, pairs: PlacedPairs) -> Iterator[slice]:
        for first in range(0, len(pairs), self.pairs_per_chunk):
            yield slice(first, min(first + self.pairs_per_chunk, len(pairs)))

    def _contract(self, adjoints: torch.Tensor, segment: torch.Tensor, moments: torch.Tensor) -> torch.Tensor:
        """The ten sums of each pair, see `pair_arithmetic.contract`."""
        out = self._new(10, len(segment))
        inputs = (segment, self.lifted, *self.counts, adjoints, moments, out)
        launch(self.code["contract"], (len(segment),), inputs, self.moments.device, THREADS)
        return out

    def _along(self, moments: torch.Tensor, dots: torch.Tensor) -> torch.Tensor:
        """Moments along a tangent, [monomials + 1, pairs], the last row of no meaning."""
        out = torch.empty_like(moments)
        shape = (self.moments.size, moments.shape[1])
        launch(self.code["along"], shape, (self.lowered, moments, dots, out), self.moments.device, THREADS)
        return out

    def _push(self, pairs: PlacedPairs, dots: list[torch.Tensor]) -> torch.Tensor:
        """The ten dots of each pair, see `pair_arithmetic`."""
        out = self._new(10, len(pairs))
        self._launch("push", pairs, vectors(dots[0]), *dots[1:], out)
        return out

    def _place(self, tangents: Tangents) -> list[torch.Tensor]:
        return [upload(one, self.moments.device).to(self.moments.dtype) for one in tangents]

    def _launch(self, name: str, pairs: PlacedPairs, *inputs: Any) -> None:
        of_pairs = pairs.j, vectors(pairs.r_ij), vectors(self.moments.records), self.moments.precision
        launch(self.code[name], (len(pairs),), (*of_pairs, *inputs), self.moments.device, THREADS)

    def _new(self, *shape: int) -> torch.Tensor:
        return torch.empty(shape, dtype=self.moments.dtype, device=self.moments.device)


@cache
def pair_kernels(dtype: str) -> dict[str, Any]:
    """The kernels of `pair_arithmetic`, by name."""
    return compiled(pair_arithmetic.text(), "derivatives", dtype)


@cache
def pull_back_kernel(degree: int, dtype: str, variant: Variant) -> Any:
    """Straight-line code for one degree."""
    text = pull_back.straight_line(degree, variant.bounds(variant.threads))
    return compiled(text, f"pull_back_{degree}", dtype)["pull_back"]


@cache
def tables(degree: int) -> tuple[Any, Any]:
    """`lifted` and `lowered` of `pair_arithmetic`, as int32."""
    size = num_up_to_degree(degree)
    up = np.zeros((len(STEPS), num_up_to_degree(degree - 1)), np.int32)
    down = np.full((size, 1 + len(STEPS)), size, np.int32)
    down[:, 0] = np.arange(size)
    for k, axes in enumerate(STEPS):
        rows = lifted(degree, axes)
        up[k, : len(rows)] = rows
        down[rows, k + 1] = np.arange(len(rows))
    return up, down
