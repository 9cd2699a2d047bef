"""Torch tensors from pair vectors to coefficients: any device, float64 or float32, differentiable.

The same recurrence as `numpy_only`, written without overwriting anything that autograd needs. Gradients reach
`r_ij`, `rotations` and `semiaxes` when these are tensors that require them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import torch

from anisoap_opt import neighbors
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.monomials import degree_slice, lifted, num_of_degree, num_up_to_degree, raised
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.gaussians import COVARIANCE, ROOT, WEIGHT, Gaussians
from anisoap_opt.kernels.contract import KernelOptions, Tangents, segments_within
from anisoap_opt.kernels.derivatives import AXES, XYZ, moments_along, pull_pair, push_pair, sums_of_lowered
from anisoap_opt.kernels.device_memory import MEMORY_SHARE, explained, explains_itself, free_memory, upload
from anisoap_opt.kernels.numpy_only import inverse_power
from anisoap_opt.pairs import Neighborhoods, Pairs

CHUNK_BYTES, SEGMENT_CHUNK_BYTES = 1 << 21, 1 << 22
"""Size of the moments of one chunk of pairs on a CPU, about an L2 cache, and of the sums of one chunk of segments."""
NUMBERS_OF_PAIRS = 500
"""Numbers of a segment besides its sums: those of some dozen pairs, which are on the device before they are chunked."""


def devices() -> list[str]:
    """Devices that Torch can use here."""
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return ["cpu", *(name for name, there in found.items() if there)]


def num_threads() -> int:
    """Threads of Torch's operations."""
    return torch.get_num_threads()


def check_device(device: str, dtype: str) -> None:
    """Raise a ValueError unless Torch can compute with this dtype on this device here."""
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise ValueError(f"device {device!r} is not one that torch knows: {error}") from None
    if kind == "mps" and dtype == "float64":
        raise ValueError("device 'mps' has no float64; ask for dtype='float32'")
    try:
        torch.zeros(1, dtype=getattr(torch, dtype), device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"torch cannot compute in {dtype} on device {device!r} here: {reason}") from None


def find_neighborhoods(
    batch: ParticleBatch, cutoff_radius: float, *, options: KernelOptions, **how: Any
) -> Neighborhoods:
    """As in `anisoap_opt.neighbors`, or on a CUDA device by Warp where it is installed: there the pairs stay."""
    if torch.device(options.device).type != "cuda" or find_spec("warp") is None:
        return neighbors.find_neighborhoods(batch, cutoff_radius, **how)
    from anisoap_opt.kernels.warp.neighbors import find_neighborhoods as find_there  # imported here: few have Warp

    return find_there(batch, cutoff_radius, options=options, **how)


class _Gaussian(NamedTuple):
    """Product Gaussians of some pairs."""

    records: torch.Tensor  # [RECORD, pairs], of the neighbours
    root: torch.Tensor  # [3, 3, pairs], F
    mu: torch.Tensor  # [3, pairs]
    weight: torch.Tensor  # [pairs]


class Kernel:
    """Moments in chunks of pairs, then the change of basis; see ``kernels/README.md`` for the contract."""

    def __init__(self, gaussians: Gaussians, basis: BasisChange, options: KernelOptions) -> None:
        self.basis = basis
        self.device = torch.device(options.device)
        self.dtype = getattr(torch, options.dtype)
        self.wide = torch.float32 if self.device.type == "mps" else torch.float64  # of sums and basis change
        on_cpu = self.device.type == "cpu"
        size = num_up_to_degree(basis.degree)
        if on_cpu:
            self.segments_per_chunk, chunk_bytes = segments_within(SEGMENT_CHUNK_BYTES, size), CHUNK_BYTES
        else:
            chunk_bytes = free_memory(self.device) // MEMORY_SHARE
            self.segments_per_chunk = segments_within(chunk_bytes, size + NUMBERS_OF_PAIRS)
        self.pairs_per_chunk = max(16, chunk_bytes // (size * self.dtype.itemsize))
        self.precision = gaussians.precision
        self.records = self._tensor(gaussians.records, self.dtype).T.contiguous()  # [RECORD, particles]
        tables = self._tables([*basis.harmonics, *basis.radial], self.wide)
        self.harmonics, self.radial = tables[: basis.degree + 1], tables[basis.degree + 1 :]
        degrees = range(1, basis.degree + 1)
        inverse_powers = self._tables([inverse_power(d)[:, None] for d in degrees], self.dtype)
        self.inverse_powers = dict(zip(degrees, inverse_powers, strict=True))
        steps = {(d, i, k): _rows_raised(d, i, k) for d in degrees[1:] for i in range(3) for k in range(i, 3)}
        self.raised = dict(zip(steps, self._tables(list(steps.values()), torch.int64), strict=True))

    def _tensor(self, array: Any, dtype: torch.dtype) -> torch.Tensor:
        return upload(array, self.device, dtype)

    def _tables(self, arrays: Sequence[Any], dtype: torch.dtype) -> Sequence[torch.Tensor]:
        """Many small arrays on the device, by one copy."""
        joined = np.concatenate([np.zeros(0, np.int64), *(array.ravel() for array in arrays)])
        parts = torch.split(self._tensor(joined, dtype), [array.size for array in arrays])
        return [part.view(array.shape) for part, array in zip(parts, arrays, strict=True)]

    def explained(self, pairs: Pairs) -> AbstractContextManager[None]:
        """See `contract.OnDevice`."""
        numbers = num_up_to_degree(self.basis.degree) * (min(len(pairs.j), self.pairs_per_chunk) + pairs.num_segments)
        return explained(self.device, len(pairs.j), pairs.num_segments, 8 * numbers)

    @explains_itself
    def coefficients(self, pairs: Pairs) -> list[torch.Tensor]:
        """Coefficients of every segment, per l: [segments, 2l+1, n]."""
        return [c.to(self.dtype) for c in self.contract(self.moments(pairs))]

    @explains_itself
    def push_forward(self, pairs: Pairs, tangents: Tangents) -> list[torch.Tensor]:
        """See `contract.Differentiable`."""
        dots = [self._tensor(tangent, self.dtype) for tangent in tangents]

        def along(chunk: slice, r: torch.Tensor, pair: _Gaussian, moments: torch.Tensor) -> torch.Tensor:
            r_dot, c_dot, log_w_dot = (dot[chunk].movedim(0, -1) for dot in dots)
            mu_dot, of_weight = push_pair(self.precision, pair.root, r, pair.mu, r_dot, c_dot, log_w_dot)
            return moments_along(moments, self._lift, mu_dot, c_dot, of_weight)

        return [c.to(self.dtype) for c in self.contract(self._sum_over_segments(pairs, along))]

    @explains_itself
    def pull_back(self, pairs: Pairs, adjoints: Sequence[Any]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """See `contract.Differentiable`; can itself be differentiated, in the adjoints too."""
        of_moments = self.spread(adjoints)
        parts = [torch.empty((10, 0), dtype=self.dtype, device=self.device)]
        for _, segment, r, pair, moments in self._chunks(pairs):
            sums = sums_of_lowered(of_moments[:, segment], moments, self._lift)
            parts.append(torch.stack(pull_pair(self.precision, pair.root, r, pair.mu, sums)).to(self.dtype))
        adjoint = torch.cat(parts, dim=1)
        return adjoint[:3].T, adjoint[3:9].T, adjoint[9]

    def moments(self, pairs: Pairs) -> torch.Tensor:
        """Scaled moments m̃[p] = m[p]/p! summed over each segment: [monomials up to degree D, segments]."""
        return self._sum_over_segments(pairs, lambda chunk, r, pair, moments: moments)

    def _sum_over_segments(self, pairs: Pairs, values: Callable[..., torch.Tensor]) -> torch.Tensor:
        """Sum what a function makes of each chunk of pairs, [monomials, pairs] → [monomials, segments]."""
        size = num_up_to_degree(self.basis.degree)
        sums = torch.zeros((pairs.num_segments, size), dtype=self.wide, device=self.device)
        for chunk, segment, *rest in self._chunks(pairs):
            sums = sums.index_add_(0, segment, values(chunk, *rest).T.to(self.wide))
        return sums.T

    def _chunks(self, pairs: Pairs) -> Iterator[tuple[slice, torch.Tensor, torch.Tensor, _Gaussian, torch.Tensor]]:
        """A bounded number of pairs at a time: which, their segments, r [3, pairs], Gaussians and moments."""
        counts = upload(pairs.start, self.device).diff()
        segment = torch.repeat_interleave(counts, output_size=len(pairs.j))  # [pairs]
        j = upload(pairs.j, self.device)
        r_ij = self._tensor(pairs.r_ij, self.dtype)
        weight = None if pairs.weight is None else self._tensor(pairs.weight, self.dtype)
        for first in range(0, len(j), self.pairs_per_chunk):
            chunk = slice(first, first + self.pairs_per_chunk)
            r = r_ij[chunk].T
            pair = self._gaussian(j[chunk], r, None if weight is None else weight[chunk])
            yield chunk, segment[chunk], r, pair, torch.cat(self._degrees(pair))  # [monomials, pairs]

    def contract(self, moments: torch.Tensor) -> list[torch.Tensor]:
        """Change of basis: [monomials, segments] → per l [segments, 2l+1, n]."""
        primitive: list[list[torch.Tensor]] = [[] for _ in self.basis.num_radial]
        for d, table in enumerate(self.harmonics):
            q = moments[degree_slice(d)].T @ table.T  # [segments, rows]
            for (l, _), rows in self.basis.rows(d).items():  # d ascends, hence n does
                primitive[l].append(q[:, rows])
        return [torch.stack(q, dim=2) @ matrix for q, matrix in zip(primitive, self.radial, strict=True)]

    def spread(self, adjoints: Sequence[Any]) -> torch.Tensor:
        """Transpose of `contract`: per l [segments, 2l+1, n] → [monomials, segments]."""
        wide = [self._tensor(a, self.wide) for a in adjoints]
        primitive = [a @ matrix.T for a, matrix in zip(wide, self.radial, strict=True)]
        per_degree = []
        for d, table in enumerate(self.harmonics):
            of_rows = [primitive[l][:, :, n] for l, n in self.basis.channels[d]]
            q = torch.cat([*of_rows, wide[0].new_zeros((len(wide[0]), 0))], dim=1)  # [segments, rows]
            per_degree.append((q @ table).T)
        return torch.cat(per_degree)

    def _lift(self, axes: tuple[int, ...]) -> torch.Tensor:
        return self._lifts[axes]

    @cached_property
    def _lifts(self) -> dict[tuple[int, ...], torch.Tensor]:
        every = [*((i,) for i in XYZ), *AXES]
        tables = self._tables([lifted(self.basis.degree, axes) for axes in every], torch.int64)
        return dict(zip(every, tables, strict=True))

    def _gaussian(self, j: torch.Tensor, r: torch.Tensor, factor: torch.Tensor | None) -> _Gaussian:
        """Product Gaussians of pairs with r [3, pairs]."""
        records = self.records.index_select(1, j)  # [RECORD, pairs]
        root = records[ROOT].reshape(3, 3, -1)
        in_body = (root * r[:, None]).sum(0)
        mu = (root * in_body).sum(1)
        weight = records[WEIGHT] * torch.exp(-0.5 * self.precision * (in_body**2).sum(0))
        return _Gaussian(records, root, mu, weight if factor is None else weight * factor)

    def _degrees(self, pair: _Gaussian) -> list[torch.Tensor]:
        """Scaled moments of each pair, one tensor a degree: [monomials of degree d, pairs]."""
        degrees = [pair.weight[None]]
        for d in range(1, self.basis.degree + 1):
            degrees.append(self._raise_degree(d, degrees, pair.mu, pair.records))
        return degrees

    def _raise_degree(self, d: int, degrees: list[torch.Tensor], mu: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        """One step of the recurrence, as `numpy_only._raise_degree`: blocks p_x > 0, then p_x = 0 < p_y, then z^d."""
        below = degrees[d - 1]
        below2 = degrees[d - 2] if d > 1 else below[:0]
        blocks = []
        for i, count in enumerate((num_of_degree(d - 1), d, 1)):
            block = below[-count:] * mu[i]
            sources = (below2, below2[len(below2) + 1 - count :], below2[-1:])[i]
            if d > 1:
                terms = sources * c[COVARIANCE[i][i] : COVARIANCE[i][2] + 1, None]  # [axes from i on, sources, pairs]
                for k in range(i, 3):
                    block.index_add_(0, self.raised[d, i, k], terms[k - i])
            blocks.append(block)
        return torch.cat(blocks) * self.inverse_powers[d]


def _rows_raised(d: int, i: int, k: int) -> Any:
    """Rows that moments of degree d - 2 go to along axes i and k, within the block of degree d that i raises."""
    count = (num_of_degree(d - 1), d, 1)[i]
    num_sources = (num_of_degree(d - 2), d - 1, 1)[i]
    return raised(d - 1, k)[-num_sources:] - (num_of_degree(d - 1) - count)


def synchronize(device: str) -> None:
    """Wait until the device has done what was asked of it; for timing."""
    kind = torch.device(device).type
    if kind != "cpu":
        getattr(torch, kind).synchronize()
