"""Torch's autograd around a kernel: coefficients, their pull-back, and its derivative.

A kernel works on NumPy arrays, which share the memory of a CPU's tensors, or on tensors of its device; what is written
with `Expansion.array` here is the one or the other. Nothing but inputs is kept for the way back: a kernel makes the
moments of a pair again. Six free numbers stand for C here, of which those off the diagonal occur twice in the matrix.
"""

# mypy: disable-error-code=no-untyped-call

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.sparse import csc_array

from anisoap_opt.arrays import Array, Ints
from anisoap_opt.kernels.contract import Tangents, TwiceDifferentiable
from anisoap_opt.nn.sums import Groups
from anisoap_opt.pairs import Pairs

OFF_DIAGONAL = (1, 2, 4)
"""Which of the six elements of C stand in it twice."""


@dataclass(frozen=True)
class Expansion:
    """What a call of a kernel needs besides tensors.

    Attributes
    ----------
    kernel : contract.Kernel
        Made of the particles' Gaussians.
    backend : str
    j : ndarray or tensor of int, shape [pairs]
    start : ndarray of int, shape [segments + 1]
    num_particles : int
    neighbors : Groups, optional
        Pairs by their neighbours, for a kernel that works on tensors.
    """

    kernel: Any
    backend: str
    j: Any
    start: Ints
    num_particles: int
    neighbors: Groups | None = None

    def coefficients(self, r: Any, c: Any, log_w: Any, log_factor: Any) -> tuple[torch.Tensor, ...]:
        """Expansion coefficients, differentiable once and, where the kernel can do that, twice.

        Parameters
        ----------
        r : tensor, shape [pairs, 3]
        c : tensor, shape [particles, 6]
            The same numbers as in the kernel's Gaussians, as well as:
        log_w : tensor, shape [particles]
        log_factor : tensor, shape [pairs], or None
            Logarithm of a factor of each pair's density.

        Returns
        -------
        tuple of tensor, the l-th of shape [segments, 2l+1, n_l]
        """
        return _Coefficients.apply(self, r, c, log_w, log_factor)

    @property
    def on_arrays(self) -> bool:
        """Whether the kernel works on NumPy arrays."""
        return self.neighbors is None

    def array(self, tensor: torch.Tensor) -> Any:
        """Its numbers as the kernel takes them, not copied."""
        return array(tensor) if self.on_arrays else tensor.detach()

    def pairs(self, r: torch.Tensor, log_factor: torch.Tensor | None) -> Pairs:
        """The pairs as a kernel takes them."""
        weight = None if log_factor is None else self.array(log_factor)
        if weight is not None:
            weight = np.exp(weight) if self.on_arrays else weight.exp()
        return Pairs(self.j, self.array(r), self.start, weight)

    def tangents(self, r: Any, c: Any, log_w: Any, log_factor: Any) -> Callable[[slice], Tangents]:
        """Tangents of some pairs as a kernel takes them, from those of what `coefficients` takes."""
        of_r, of_c, of_w = self.array(r), self.array(c), self.array(log_w)
        of_factor = None if log_factor is None else self.array(log_factor)

        def of(some: slice) -> Tangents:
            j = self.j[some]
            return of_r[some], of_c[j], of_w[j] if of_factor is None else of_w[j] + of_factor[some]

        return of

    def chunks(self, pairs: Pairs) -> Iterator[tuple[slice, slice, Pairs]]:
        """Segments, pairs, and both together, as many at a time as the kernel likes."""
        for first in range(0, pairs.num_segments, self.kernel.segments_per_chunk):
            last = min(first + self.kernel.segments_per_chunk, pairs.num_segments)
            yield slice(first, last), slice(self.start[first], self.start[last]), pairs.segments(first, last)


class _Coefficients(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, problem: Expansion, r: Any, c: Any, log_w: Any, log_factor: Any) -> tuple[torch.Tensor, ...]:
        ctx.problem = problem
        ctx.save_for_backward(r, c, log_w, log_factor)
        shapes = [(2 * l + 1, n) for l, n in enumerate(problem.kernel.basis.num_radial)]
        pairs = problem.pairs(r, log_factor)
        out = [r.new_empty((pairs.num_segments, *shape)) for shape in shapes]
        for segments, _, some in problem.chunks(pairs):
            for target, values in zip(out, problem.kernel.coefficients(some), strict=True):
                target[segments] = torch.as_tensor(values)
        return tuple(out)

    @staticmethod
    def backward(ctx: Any, *adjoints: torch.Tensor) -> tuple[Any, ...]:
        return None, *_PullBack.apply(ctx.problem, *ctx.saved_tensors, *adjoints)


class _PullBack(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, problem: Expansion, r: Any, c: Any, log_w: Any, log_factor: Any, *adjoints: torch.Tensor
    ) -> tuple[Any, ...]:
        ctx.problem = problem
        ctx.save_for_backward(r, c, log_w, log_factor, *adjoints)
        arrays = [problem.array(one) for one in adjoints]
        sums = Adjoints(problem, r, log_factor)
        for segments, some, part in problem.chunks(problem.pairs(r, log_factor)):
            pulled = problem.kernel.pull_back(part, [one[segments] for one in arrays])
            sums.add(some, sums.write(some, pulled))
        return tuple(sums.tensors())

    @staticmethod
    def backward(ctx: Any, r_dot: Any, c_dot: Any, log_w_dot: Any, log_factor_dot: Any) -> tuple[Any, ...]:
        problem = ctx.problem
        r, c, log_w, log_factor, *adjoints = ctx.saved_tensors
        kernel = require_second_derivatives(problem)
        tangents = problem.tangents(r_dot, c_dot, log_w_dot, log_factor_dot)
        arrays, along = [problem.array(one) for one in adjoints], [torch.empty_like(one) for one in adjoints]
        num_variables = 3 if log_factor is None else 4
        of_variables, of_adjoints = are_wanted(ctx, 0, num_variables), are_wanted(ctx, num_variables, None)
        sums = Adjoints(problem, r, log_factor)
        for segments, some, part in problem.chunks(problem.pairs(r, log_factor)):
            dots = tangents(some)
            if of_adjoints:
                for target, values in zip(along, kernel.push_forward(part, dots), strict=True):
                    target[segments] = torch.as_tensor(values)
            if of_variables:
                own = [one[segments] for one in arrays]
                sums.add(some, sums.write(some, kernel.pull_back_along(part, own, dots)))
        variables = sums.tensors() if of_variables else [None] * 4
        found = [*variables, *(along if of_adjoints else [None] * len(along))]
        return None, *without_third_derivatives(found, *ctx.saved_tensors, r_dot, c_dot, log_w_dot, log_factor_dot)


def require_second_derivatives(problem: Expansion) -> TwiceDifferentiable:
    """Its kernel, or NotImplementedError if that has first derivatives only."""
    kernel = problem.kernel
    if not isinstance(kernel, TwiceDifferentiable):
        raise NotImplementedError(
            f"backend {problem.backend!r} has first derivatives only; for second ones choose 'numba', "
            "'numpy_only', 'torch_full' or 'warp'"
        )
    return kernel


def are_wanted(ctx: Any, first: int, last: int | None) -> bool:
    """Whether the derivative in any of some of the tensors that a function was given will be used in this pass.

    `ctx.needs_input_grad` says only whether it could be. In training on forces that is true of the positions, for the
    sake of the forces, while the pass that follows is for the model's parameters.
    """
    nodes = [node for node, _ in ctx.next_functions[first:last] if node is not None]
    try:
        return any(map(torch._C._will_engine_execute_node, nodes))
    except (AttributeError, RuntimeError):  # no public function; it does not tell of leaves
        return bool(nodes)


def without_third_derivatives(found: Sequence[torch.Tensor | None], *given: torch.Tensor | None) -> list[Any]:
    """Second derivatives, computed outside of Torch, tied to what they depend on: to differentiate them is an error.

    Without the tie Torch would take them for constants, and leave them out of sums without a word.
    """
    if not torch.is_grad_enabled():
        return list(found)
    present = [one for one in found if one is not None]
    tied = iter(_LastDerivatives.apply(len(present), *present, *given))
    return [None if one is None else next(tied) for one in found]


class _LastDerivatives(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, count: int, *tensors: Any) -> tuple[torch.Tensor, ...]:
        return tuple(one.detach() for one in tensors[:count])

    @staticmethod
    def backward(ctx: Any, *adjoints: Any) -> Any:
        raise NotImplementedError(
            "this needs third derivatives, which only the backend 'torch_full' has (of torch.autograd.functional, vhp "
            "gives what hvp does with second ones)"
        )


class Adjoints:
    """Adjoints in the making: of r and of the factors for pairs, of C and log w for particles.

    What belongs to particles is added up by NumPy for at least as many pairs at once as there are particles, so that
    the work is in proportion to the pairs however many chunks there are; and by Torch for all pairs, which are sorted
    once.
    """

    def __init__(self, problem: Expansion, r: torch.Tensor, log_factor: torch.Tensor | None) -> None:
        self.problem, self.like, num_pairs = problem, r, len(problem.j)
        self.of_r = self._new(num_pairs, 3)
        self.of_factor = None if log_factor is None else self._new(num_pairs)
        self.of_records = self._new(problem.num_particles, 7)
        self.of_records[:] = 0
        self._waiting: list[Any] = []  # [pairs, 7]
        self._first = self._last = 0  # of the pairs that these belong to
        self._most = problem.num_particles if problem.on_arrays else num_pairs

    def _new(self, *shape: int) -> Any:
        return self.problem.array(self.like.new_empty(shape, dtype=torch.float64))

    def write(self, some: slice, pulled: tuple[Any, Any, Any]) -> Any:
        """Take what a kernel's `pull_back` made of some pairs, on any thread; returns what is left to `add`."""
        of_r, of_c, of_log_w = pulled
        self.of_r[some] = of_r
        if self.of_factor is not None:
            self.of_factor[some] = of_log_w
        together = np.column_stack if self.problem.on_arrays else torch.column_stack
        return together([of_c, of_log_w])

    def add(self, some: slice, of_records: Any) -> None:
        """Add to the particles what `write` returned for some pairs; they follow those of the call before."""
        self._waiting.append(of_records)
        self._last = some.stop
        if self._last - self._first >= self._most:
            self._add_waiting()

    def _add_waiting(self) -> None:
        if self.problem.neighbors is None:
            j = self.problem.j[self._first : self._last]
            self.of_records += sum_by(j, np.concatenate(self._waiting, dtype=float), len(self.of_records))
        else:
            self.of_records += self.problem.neighbors.add(torch.cat(self._waiting).to(self.of_records.dtype))
        self._waiting, self._first = [], self._last

    def tensors(self) -> list[torch.Tensor | None]:
        """Of r, six free numbers of C, log w, and the logarithm of the factor."""
        if self._waiting:
            self._add_waiting()
        for k in OFF_DIAGONAL:
            self.of_records[:, k] *= 2
        found = self.of_r, self.of_records[:, :6], self.of_records[:, 6], self.of_factor
        return [None if one is None else torch.as_tensor(one).contiguous().to(self.like.dtype) for one in found]


def array(tensor: torch.Tensor) -> Any:
    """Its numbers, not copied."""
    return tensor.detach().numpy()


def sum_by(index: Ints, rows: Array, size: int) -> Array:
    """Sums of the rows of each index, [rows, columns] → [size, columns], in the order of the rows."""
    ones, place = np.ones(len(index)), np.arange(len(index) + 1)
    return csc_array((ones, index, place), shape=(size, len(index))) @ rows
