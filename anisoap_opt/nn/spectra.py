"""Torch's autograd around whole power spectra of a kernel that works on NumPy arrays, chunk by chunk.

As in `anisoap_opt.nn.functions`, nothing but inputs is kept for the way back. A chunk's coefficients are made again
where they are needed, coupled, and forgotten, so that neither they nor spectra of single centres are ever there for all
centres at once; a chunk runs on one of the kernel's threads.
"""

# mypy: disable-error-code=no-untyped-call

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from anisoap_opt.arrays import Floats, Ints
from anisoap_opt.chunks import map_chunks, to_centers, to_numpy, to_segments
from anisoap_opt.nn.coupling import pull_back_sums, push_forward_sums
from anisoap_opt.nn.functions import (
    Adjoints,
    Expansion,
    are_wanted,
    array,
    require_second_derivatives,
    without_third_derivatives,
)
from anisoap_opt.pairs import CenterBlock, Neighborhoods, Pairs
from anisoap_opt.power_spectrum import columns_of_blocks, sum_by_kernel, width_of_block

PAIRS_PER_CHUNK = 1 << 15
"""About so many at once: their tangents and adjoints, 80 bytes each, stay in a cache until they are used."""


@dataclass(frozen=True)
class Chunk:
    """Some centres of a block that follow each other.

    Attributes
    ----------
    pairs : Pairs
        Of their segments.
    some : slice
        Which of all pairs these are.
    runs : ndarray of int, shape [runs]
        First centre of each run that shares a row.
    row : ndarray of int, shape [runs]
    """

    pairs: Pairs
    some: slice
    runs: Ints
    row: Ints


@dataclass(frozen=True)
class Spectra:
    """Power spectra of centres, added up in rows.

    Attributes
    ----------
    expansion : Expansion
    blocks : tuple of CenterBlock
        Of its segments.
    row : ndarray of int, shape [particles]
        Row of each particle, ascending.
    num_rows : int
    symmetric : bool
        See `anisoap_opt.power_spectrum.power_spectrum`.
    """

    expansion: Expansion
    blocks: tuple[CenterBlock, ...]
    row: Ints
    num_rows: int
    symmetric: bool

    def of(self, r: Any, c: Any, log_w: Any, log_factor: Any) -> torch.Tensor:
        """The spectra, [num_rows, features]; arguments and derivatives as for `Expansion.coefficients`.

        The columns of the blocks follow each other; zero where a row has no centre of the type.
        """
        spectra: torch.Tensor = _Spectra.apply(self, r, c, log_w, log_factor)
        return spectra

    @property
    def widths(self) -> list[int]:
        """Columns of each block."""
        return [width_of_block(self.expansion.kernel, block, self.symmetric) for block in self.blocks]

    @property
    def columns(self) -> dict[int, slice]:
        """Of each block, by its centre type."""
        return columns_of_blocks(self.expansion.kernel, self.blocks, self.symmetric)

    def map(self, function: Callable[[CenterBlock, Chunk], Any], pairs: Pairs) -> Iterator[tuple[CenterBlock, Any]]:
        """Call a function for chunks of centres; results in order."""
        start = self.expansion.start

        def run(block: CenterBlock, rows: slice, some: Pairs) -> Any:
            first = block.first_segment + rows.start * len(block.neighbor_types)
            begin = int(start[first])
            row = self.row[block.centers[rows]]
            runs = np.flatnonzero(np.diff(row, prepend=-1))
            return function(block, Chunk(some, slice(begin, begin + len(some.j)), runs, row[runs]))

        most = max(1, PAIRS_PER_CHUNK * pairs.num_segments // max(1, len(pairs.j)))
        return map_chunks(run, self.expansion.kernel, Neighborhoods(pairs, self.blocks), max_segments=most)

    def coefficients(self, block: CenterBlock, chunk: Chunk) -> list[Floats]:
        """Of the chunk's centres, per l [centers, 2l+1, n_l · types]."""
        return _to_centers(self.expansion.kernel.coefficients(chunk.pairs), block)


class _Spectra(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, problem: Spectra, r: Any, c: Any, log_w: Any, log_factor: Any) -> torch.Tensor:
        ctx.problem = problem
        ctx.save_for_backward(r, c, log_w, log_factor)
        kernel, columns = problem.expansion.kernel, problem.columns

        def sums(block: CenterBlock, chunk: Chunk) -> tuple[Ints, Floats]:
            return chunk.row, sum_by_kernel(kernel, chunk.pairs, block, chunk.runs, symmetric=problem.symmetric)

        out = np.zeros((problem.num_rows, sum(problem.widths)))
        for block, (row, values) in problem.map(sums, problem.expansion.pairs(r, log_factor)):
            out[row, columns[block.center_type]] += values
        return torch.from_numpy(out).to(r.dtype)

    @staticmethod
    def backward(ctx: Any, adjoint: torch.Tensor) -> tuple[Any, ...]:
        return None, *_PullBack.apply(ctx.problem, *ctx.saved_tensors, adjoint)


class _PullBack(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, problem: Spectra, r: Any, c: Any, log_w: Any, log_factor: Any, adjoint: torch.Tensor
    ) -> tuple[Any, ...]:
        ctx.problem = problem
        ctx.save_for_backward(r, c, log_w, log_factor, adjoint)
        of_rows, columns, kernel = array(adjoint), problem.columns, problem.expansion.kernel
        sums = Adjoints(problem.expansion, r, log_factor)

        def pull_back(block: CenterBlock, chunk: Chunk) -> tuple[slice, Any]:
            own = of_rows[chunk.row, columns[block.center_type]]
            coefficients = problem.coefficients(block, chunk)
            of_coefficients = pull_back_sums(coefficients, own, chunk.runs, symmetric=problem.symmetric)
            pulled = kernel.pull_back(chunk.pairs, _to_segments(of_coefficients, block))
            return chunk.some, sums.write(chunk.some, pulled)

        for _, (some, of_records) in problem.map(pull_back, problem.expansion.pairs(r, log_factor)):
            sums.add(some, of_records)
        return tuple(sums.tensors())

    @staticmethod
    def backward(ctx: Any, r_dot: Any, c_dot: Any, log_w_dot: Any, log_factor_dot: Any) -> tuple[Any, ...]:
        problem: Spectra = ctx.problem
        r, c, log_w, log_factor, adjoint = ctx.saved_tensors
        expansion, columns = problem.expansion, problem.columns
        kernel: Any = require_second_derivatives(expansion)
        tangents = expansion.tangents(r_dot, c_dot, log_w_dot, log_factor_dot)
        of_rows, symmetric = array(adjoint), problem.symmetric
        of_variables, of_adjoint = are_wanted(ctx, 0, -1), are_wanted(ctx, -1, None)
        along, adjoints = np.zeros(adjoint.shape), Adjoints(expansion, r, log_factor)

        def differentiate(block: CenterBlock, chunk: Chunk) -> tuple[Any, ...]:
            dots = tangents(chunk.some)
            coefficients = problem.coefficients(block, chunk)
            changes = _to_centers(kernel.push_forward(chunk.pairs, dots), block)
            sums, of_records = None, None
            if of_adjoint:
                sums = push_forward_sums(coefficients, changes, chunk.runs, symmetric=symmetric)
            if of_variables:
                own = of_rows[chunk.row, columns[block.center_type]]
                of_coefficients, of_changes = (
                    _to_segments(pull_back_sums(one, own, chunk.runs, symmetric=symmetric), block)
                    for one in (coefficients, changes)
                )
                twice = kernel.pull_back_along(chunk.pairs, of_coefficients, dots)
                once = kernel.pull_back(chunk.pairs, of_changes)
                of_r, of_c, of_log_w = (a + b for a, b in zip(once, twice, strict=True))
                of_records = adjoints.write(chunk.some, (of_r, of_c, of_log_w))
            return chunk.row, chunk.some, sums, of_records

        for block, (row, some, sums, of_records) in problem.map(differentiate, expansion.pairs(r, log_factor)):
            if sums is not None:
                along[row, columns[block.center_type]] += sums
            if of_records is not None:
                adjoints.add(some, of_records)
        variables = adjoints.tensors() if of_variables else [None] * 4
        found = [*variables, torch.from_numpy(along).to(adjoint.dtype) if of_adjoint else None]
        return None, *without_third_derivatives(found, *ctx.saved_tensors, r_dot, c_dot, log_w_dot, log_factor_dot)


def _to_centers(coefficients: Sequence[Any], block: CenterBlock) -> list[Floats]:
    return [to_numpy(to_centers(one, len(block.neighbor_types))) for one in coefficients]


def _to_segments(coefficients: Sequence[Floats], block: CenterBlock) -> list[Floats]:
    return [to_segments(one, len(block.neighbor_types)) for one in coefficients]
