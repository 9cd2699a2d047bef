"""Straight-line code for the derivatives of eight pairs' moments, one compiled function per degree.

Derivatives of scaled moments are lower moments (see `anisoap_opt.kernels.derivatives`), so the moments are made once
more, by the same recurrence as in the forward direction, and used in one of three ways:

- `pull`: ten sums over them with the adjoint G of the segment's sums;
- `add_along`: their change along a tangent is added to the sums of the segment;
- `pull_along`: the ten sums over that change, and four of those over the moments themselves.
"""

# mypy: disable-error-code="no-untyped-call,import-untyped"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from anisoap_opt.basis.recurrence import Exponents, lowered
from anisoap_opt.kernels.numba.layout import FIELDS, SUMS, exponents_in_planes
from anisoap_opt.kernels.numba.llvm import (
    DOUBLE,
    INT64,
    constant,
    data_pointer,
    emit_fma,
    emit_load,
    emit_store,
    intrinsic,
)
from anisoap_opt.kernels.numba.recurrence import FIELD, emit_moment, scaled_factors

COUNT = 8
"""Lanes: derivatives are float64."""
VECTOR = ir.VectorType(DOUBLE, COUNT)
LOWERINGS: tuple[tuple[int, ...], ...] = tuple(sorted(FIELD, key=FIELD.__getitem__))
"""Which axes are lowered for each field of a pair but the last."""
Moments = dict[Exponents, ir.Value]


@intrinsic
def pull(typing: Any, straight: Any, num_steps: Any, gaussians: Any, adjoint: Any, sums: Any) -> Any:
    """Sums of each pair's moments with the adjoint: S_i = Σ G[p + e_i] m̃[p], S_ij = Σ G[p + e_i + e_j] m̃[p], Σ G m̃.

    Parameters
    ----------
    straight : tuple
        Its length is the degree.
    num_steps : int
    gaussians : array, shape [steps · FIELDS · 8]
    adjoint : array, shape [monomials up to degree + 2 · 8]
        G, zero above the degree.
    sums : array, shape [steps · SUMS · 8]
        The first FIELDS of each step are written.
    """

    def step(builder: ir.IRBuilder, degree: int, pair: ir.Value, adjoint: ir.Value, target: ir.Value) -> None:
        totals = _Sums(builder, adjoint, degree)
        for p, value in _moments(builder, degree, pair).items():
            totals.add(p, value, range(FIELDS))
        totals.store(target, 0)

    return _steps("pull", step, straight, num_steps, (gaussians, FIELDS), (adjoint, 0), (sums, SUMS))


@intrinsic
def pull_along(typing: Any, straight: Any, num_steps: Any, gaussians: Any, dots: Any, adjoint: Any, sums: Any) -> Any:
    """The sums of `pull` over the moments' changes along a tangent, then those of `pull` itself without the S_ij.

    `dots` [steps · FIELDS · 8] are the tangents of the fields, the last that of the logarithm of the pair's weight.
    """

    def step(
        builder: ir.IRBuilder, degree: int, pair: ir.Value, dots: ir.Value, adjoint: ir.Value, target: ir.Value
    ) -> None:
        of_changes, of_moments = _Sums(builder, adjoint, degree), _Sums(builder, adjoint, degree)
        moments = _moments(builder, degree, pair)
        tangent = _tangent(builder, dots)
        for p, value in moments.items():
            of_changes.add(p, _change(builder, p, moments, tangent), range(FIELDS))
            of_moments.add(p, value, (0, 1, 2, FIELDS - 1))
        of_changes.store(target, 0)
        of_moments.store(target, FIELDS)

    return _steps(
        "pull_along", step, straight, num_steps, (gaussians, FIELDS), (dots, FIELDS), (adjoint, 0), (sums, SUMS)
    )


@intrinsic
def add_along(typing: Any, straight: Any, num_steps: Any, gaussians: Any, dots: Any, sums: Any) -> Any:
    """Add the changes of the moments along a tangent to the sums [monomials · 8], in `exponents_in_planes`' order."""

    def step(builder: ir.IRBuilder, degree: int, pair: ir.Value, dots: ir.Value, sums: ir.Value) -> None:
        moments = _moments(builder, degree, pair)
        tangent = _tangent(builder, dots)
        for row, p in enumerate(exponents_in_planes(degree)):
            place = INT64(COUNT * row)
            total = builder.fadd(emit_load(builder, sums, place, VECTOR), _change(builder, p, moments, tangent))
            emit_store(builder, total, sums, place)

    return _steps("add_along", step, straight, num_steps, (gaussians, FIELDS), (dots, FIELDS), (sums, 0))


def _steps(name: str, step: Callable[..., None], straight: Any, num_steps: Any, *arrays: tuple[Any, int]) -> Any:
    """What an intrinsic (straight, num_steps, arrays …) returns, each array with its number of vectors a step.

    As in `recurrence` the code of a step is a function that LLVM may not inline.
    """
    degree = len(straight)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointers = [data_pointer(context, builder, signature.args[k], args[k]) for k in range(2, 2 + len(arrays))]
        unique = f"anisoap_{name}_{degree}"
        function = builder.module.globals.get(unique) or _function(builder.module, unique, degree, step, len(arrays))
        with cgutils.for_range(builder, args[1]) as loop:
            offsets = [builder.mul(loop.index, INT64(stride * COUNT)) for _, stride in arrays]
            moved = [builder.gep(pointer, [offset]) for pointer, offset in zip(pointers, offsets, strict=True)]
            builder.call(function, moved)
        return context.get_dummy_value()

    return types.void(straight, types.intp, *(array for array, _ in arrays)), emit


def _function(module: ir.Module, name: str, degree: int, step: Callable[..., None], num_arrays: int) -> ir.Function:
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [DOUBLE.as_pointer()] * num_arrays), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    function.attributes.add("nounwind")
    for argument in function.args:
        argument.add_attribute("noalias")
    builder = ir.IRBuilder(function.append_basic_block())
    step(builder, degree, *function.args)
    builder.ret_void()
    return function


def _moments(builder: ir.IRBuilder, degree: int, pair: ir.Value) -> Moments:
    """All moments of a pair, degree by degree."""
    fields = [emit_load(builder, pair, INT64(COUNT * k), VECTOR) for k in range(FIELDS)]
    moments: Moments = {(0, 0, 0): fields[-1]}
    for p in sorted(exponents_in_planes(degree), key=sum):
        if any(p):
            moments[p] = emit_moment(builder, *scaled_factors(p, fields, moments))
    return moments


def _tangent(builder: ir.IRBuilder, dots: ir.Value) -> list[ir.Value]:
    """Factors of the lowered moments, in the order of the fields: half of Ċ_ii, and Ċ_ij stands for two."""
    values = [emit_load(builder, dots, INT64(COUNT * k), VECTOR) for k in range(FIELDS)]
    half = constant(VECTOR, 0.5)
    for axis in range(3):
        values[FIELD[axis, axis]] = builder.fmul(half, values[FIELD[axis, axis]])
    return values


def _change(builder: ir.IRBuilder, p: Exponents, moments: Moments, tangent: list[ir.Value]) -> ir.Value:
    """Change of one moment along the tangent."""
    value = builder.fmul(tangent[-1], moments[p])
    for factor, axes in zip(tangent, LOWERINGS, strict=False):
        source = p
        for axis in axes:
            source = lowered(source, axis)
        if min(source) >= 0:
            value = emit_fma(builder, factor, moments[source], value)
    return value


class _Sums:
    """Ten sums Σ_p G[p + …] x[p] in the making, in the order of the fields."""

    def __init__(self, builder: ir.IRBuilder, adjoint: ir.Value, degree: int) -> None:
        self.builder, self.adjoint, self.degree = builder, adjoint, degree
        self.rows = {p: row for row, p in enumerate(exponents_in_planes(degree + 2))}
        self.totals: dict[int, ir.Value] = {}

    def add(self, p: Exponents, x: ir.Value, fields: Any) -> None:
        """Add the terms of one p to some of the sums."""
        for k in fields:
            axes = LOWERINGS[k] if k < len(LOWERINGS) else ()
            if sum(p) + len(axes) > self.degree:
                continue
            a, b, c = (value + axes.count(axis) for axis, value in enumerate(p))
            factor = emit_load(self.builder, self.adjoint, INT64(COUNT * self.rows[a, b, c]), VECTOR)
            old = self.totals.get(k)
            self.totals[k] = self.builder.fmul(factor, x) if old is None else emit_fma(self.builder, factor, x, old)

    def store(self, target: ir.Value, first: int) -> None:
        """Write all ten; one that has no terms is zero."""
        for k in range(FIELDS):
            value = self.totals.get(k, constant(VECTOR, 0.0))
            emit_store(self.builder, value, target, INT64(COUNT * (first + k)))
