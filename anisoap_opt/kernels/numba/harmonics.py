"""The change of basis of eight segments as straight-line code, for low degrees.

The two steps of `contraction.py` without tables of blocks: blocks of two or three outputs cost more in loops than in
multiply-adds.

1. Harmonics. The coefficients of r^{2n} R_lm are the same for every basis, so they are constants of the code, and
   where they are zero there is no code. Those of x^a y^b z^c and x^b y^a z^c are the same, or opposite, where a - b is
   even; such moments are added and subtracted first. That leaves 282 multiply-adds of 432 at degree 6.
2. Radial mixing: one function for each n_l, which keeps the matrix of an l in registers for all m.

Code depends on the degree only. A basis that lacks some r^{2n} R_lm has them computed all the same, and not used.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def,import-untyped"

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from anisoap_opt.arrays import Array, Ints
from anisoap_opt.basis.monomials import exponents
from anisoap_opt.basis.recurrence import Exponents
from anisoap_opt.basis.solid_harmonics import radial_solid_harmonics
from anisoap_opt.kernels.numba.jit import compiled
from anisoap_opt.kernels.numba.layout import exponents_in_planes
from anisoap_opt.kernels.numba.llvm import (
    DOUBLE,
    INT64,
    constant,
    data_pointer,
    emit_fma,
    emit_load,
    emit_load_wide,
    emit_splat,
    emit_store,
    intrinsic,
)
from anisoap_opt.kernels.numba.vectors import LANES, element

VECTOR = ir.VectorType(DOUBLE, LANES)
ZERO = 1e-13
"""What rounding leaves of a coefficient that is zero; the others are above 0.2."""


class Harmonic(NamedTuple):
    """One r^{2n} R_lm / sqrt(4π/(2l+1))."""

    place: int  # among the primitive functions: l, m, n, all that the degree allows
    coefficients: dict[Exponents, float]  # of the monomials that it has


def harmonics_of(degree: int, limit: int) -> Iterator[Harmonic]:
    """All of one degree d = l + 2n, those with the same parities of the exponents one after the other.

    `limit` is the largest degree of all.
    """
    monomials = [(x, y, z) for x, y, z in exponents(degree).tolist()]
    found = []
    for l in range(degree % 2, degree + 1, 2):
        n = (degree - l) // 2
        norm = math.sqrt((2 * l + 1) / (4 * math.pi))
        first = sum((2 * k + 1) * num_radial(limit, k) for k in range(l))
        for m, row in enumerate(norm * radial_solid_harmonics(l, n + 1)[n]):
            used = {p: float(c) for p, c in zip(monomials, row, strict=True) if abs(c) > ZERO}
            found.append(Harmonic(first + m * num_radial(limit, l) + n, used))
    yield from sorted(found, key=lambda one: [k % 2 for k in next(iter(one.coefficients))])


def num_radial(limit: int, l: int) -> int:
    """How many r^{2n} R_lm of one l and m a degree allows."""
    return (limit - l) // 2 + 1


@intrinsic
def apply_harmonics(typing: Any, straight: Any, sums: Any, primitive: Any) -> Any:
    """Moments (not scaled) up to degree ``len(straight)`` → primitive coefficients, of eight segments.

    Parameters
    ----------
    straight : tuple
        Its length is the degree.
    sums : array, shape [monomials · 8]
        In the order of `exponents_in_planes`.
    primitive : array of float64, shape [monomials · 8]
        Written, see `Harmonic.place`: there are as many functions as monomials.
    """
    degree = len(straight)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source, target = (data_pointer(context, builder, signature.args[k], args[k]) for k in (1, 2))
        name = f"anisoap_harmonics_{degree}_{source.type.pointee}"
        function = builder.module.globals.get(name) or _harmonics_function(builder.module, name, degree, source.type)
        builder.call(function, [source, target])
        return context.get_dummy_value()

    return types.void(straight, sums, primitive), emit


def _begin(module: ir.Module, name: str, *arguments: ir.Type) -> tuple[ir.IRBuilder, list[ir.Value]]:
    """A function of its own, whose arrays do not overlap, so that LLVM can keep in registers what it has loaded."""
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    function.attributes.add("nounwind")
    for argument in function.args:
        if isinstance(argument.type, ir.PointerType):
            argument.add_attribute("noalias")
    return ir.IRBuilder(function.append_basic_block()), list(function.args)


def _harmonics_function(module: ir.Module, name: str, degree: int, pointer: ir.Type) -> ir.Function:
    builder, (source, target) = _begin(module, name, pointer, DOUBLE.as_pointer())
    row_of = {p: row for row, p in enumerate(exponents_in_planes(degree))}
    inputs: dict[tuple[Exponents, int], ir.Value] = {}

    def moment(p: Exponents, sign: int) -> ir.Value:
        """Moment p (sign 0), or its sum (1) or difference (-1) with that of x and y exchanged."""
        if (p, sign) not in inputs:
            if sign:
                emit = builder.fadd if sign > 0 else builder.fsub
                inputs[p, sign] = emit(moment(p, 0), moment((p[1], p[0], p[2]), 0))
            else:
                inputs[p, sign] = emit_load_wide(builder, source, INT64(LANES * row_of[p]), LANES)
        return inputs[p, sign]

    for d in range(degree + 1):
        for one in harmonics_of(d, degree):
            value = None
            for p, sign, factor in _products(one.coefficients):
                x, c = moment(p, sign), constant(VECTOR, factor)
                value = builder.fmul(x, c) if value is None else emit_fma(builder, x, c, value)
            emit_store(builder, value, target, INT64(LANES * one.place))
    builder.ret_void()
    return builder.function


def _products(coefficients: dict[Exponents, float]) -> list[tuple[Exponents, int, float]]:
    """Monomial, sign of the one with x and y exchanged (0: without it), factor."""
    products = []
    for p, c in coefficients.items():
        if (p[0] - p[1]) % 2 or p[0] == p[1]:
            products.append((p, 0, c))
        elif p[0] > p[1]:
            other = coefficients[p[1], p[0], p[2]]
            products.append((p, 1 if other * c > 0 else -1, c))
    return products


def radial_table(radial: tuple[Array, ...]) -> tuple[Ints, Array]:
    """What `mix_radial` takes of `BasisChange.radial`: n_l, and all matrices [n', n] one after the other."""
    return (
        np.array([len(matrix) for matrix in radial], dtype=np.int64),
        np.concatenate([matrix.ravel() for matrix in radial]),
    )


@compiled
def mix_radial(degree: Any, radial: Any, primitive: Any, coefficients: Any) -> None:
    """Primitive coefficients → coefficients [columns · 8], c[l, m, n] = Σ_n' radial[l][n', n] q[l, m, n'].

    `degree` is at most LOW_DEGREE, so that there are at most five radial functions.
    """
    num_radial, factors = radial
    source, factor, target = 0, 0, 0
    for l in range(len(num_radial)):
        n, stride, rows = element(num_radial, l), (degree - l) // 2 + 1, 2 * l + 1
        if n == 1:
            _mix((0,), factors, factor, primitive, source, stride, coefficients, target, rows)
        elif n == 2:
            _mix((0,) * 2, factors, factor, primitive, source, stride, coefficients, target, rows)
        elif n == 3:
            _mix((0,) * 3, factors, factor, primitive, source, stride, coefficients, target, rows)
        elif n == 4:
            _mix((0,) * 4, factors, factor, primitive, source, stride, coefficients, target, rows)
        else:
            _mix((0,) * 5, factors, factor, primitive, source, stride, coefficients, target, rows)
        source += rows * stride * LANES
        factor += n * n
        target += rows * n * LANES


@intrinsic
def _mix(
    typing: Any,
    size: Any,
    factors: Any,
    factor: Any,
    source: Any,
    position: Any,
    stride: Any,
    target: Any,
    place: Any,
    rows: Any,
) -> Any:
    """Each of some rows of ``len(size)`` vectors times one matrix; a row is `stride` vectors after the one before."""
    count = len(size)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        arrays = [
            builder.gep(data_pointer(context, builder, signature.args[k], args[k]), [args[k + 1]]) for k in (1, 3, 6)
        ]
        name = f"anisoap_mix_{count}"
        function = builder.module.globals.get(name) or _mix_function(builder.module, name, count)
        builder.call(function, [*arrays, args[5], args[8]])
        return context.get_dummy_value()

    return types.void(size, factors, types.intp, source, types.intp, types.intp, target, types.intp, types.intp), emit


def _mix_function(module: ir.Module, name: str, count: int) -> ir.Function:
    pointer = DOUBLE.as_pointer()
    builder, (factors, source, target, stride, rows) = _begin(module, name, pointer, pointer, pointer, INT64, INT64)
    matrix = [emit_splat(builder, builder.load(builder.gep(factors, [INT64(k)])), LANES) for k in range(count * count)]
    with cgutils.for_range(builder, rows) as loop:
        first = builder.mul(loop.index, builder.mul(stride, INT64(LANES)))
        place = builder.mul(loop.index, INT64(count * LANES))
        inputs = [emit_load(builder, source, builder.add(first, INT64(LANES * k)), VECTOR) for k in range(count)]
        for n in range(count):
            value = builder.fmul(inputs[0], matrix[n])
            for k in range(1, count):
                value = emit_fma(builder, inputs[k], matrix[k * count + n], value)
            emit_store(builder, value, target, builder.add(place, INT64(LANES * n)))
    builder.ret_void()
    return builder.function
