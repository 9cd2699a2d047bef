"""The moments of eight pairs as straight-line code, one compiled function per degree.

Every moment is a value of its own, best in a register, and no loop counter or address is computed: the recurrence of
`anisoap_opt.basis.recurrence`, term by term. Moments of the highest degree feed no other moment, so their products go
straight into the sums where they need no factor.

Multiplications are what takes the time: a CPU adds in other units at the same time. Scaled moments need one more
wherever p_i > 1. Up to LOW_DEGREE the moments are therefore not scaled,

    m[p] = μ_i m[p - e_i] + Σ_k (p - e_i)_k C_ik m[p - e_i - e_k],

and the multiples of C are made by additions. At higher degrees there are too many of them for the registers.

The code of one step (one pair per lane) is a function of its own that LLVM may not inline, with the loop over steps
outside: inlined into the loop, LLVM keeps the sums in registers, runs out of them and spills.
"""

# mypy: disable-error-code="no-untyped-call,import-untyped"

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from anisoap_opt.basis.recurrence import Exponents, lowered, terms
from anisoap_opt.kernels.numba.layout import FIELDS, exponents_in_planes
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

LOW_DEGREE = 8
"""Up to this degree sums of moments are not scaled by 1/p!."""
FIELD = {(0,): 0, (1,): 1, (2,): 2, (0, 0): 3, (0, 1): 4, (0, 2): 5, (1, 1): 6, (1, 2): 7, (2, 2): 8}
"""Where μ_i and C_ik stand among the ten numbers of a pair, see `layout.FIELDS`."""
Factors = list[tuple[ir.Value, ir.Value]]


@intrinsic
def add_moments(typing: Any, straight: Any, gaussians: Any, num_steps: Any, sums: Any) -> Any:
    """Add the moments of `num_steps` pairs of every lane to its sums, up to degree ``len(straight)``.

    They are scaled above LOW_DEGREE.

    Parameters
    ----------
    straight : tuple
        Its length is the degree: the type of an argument is what code can depend on.
    gaussians : array, shape [steps · FIELDS · lanes]
        μ, C, w of each step's pairs.
    num_steps : int
    sums : array, shape [monomials · lanes]
        In the order of `exponents_in_planes`; added to.
    """
    degree = len(straight)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        start, target = (data_pointer(context, builder, signature.args[k], args[k]) for k in (1, 3))
        count = 8 if start.type.pointee == DOUBLE else 16
        name = f"anisoap_moments_{degree}_{count}"
        step = builder.module.globals.get(name) or _step_function(builder.module, name, degree, start.type, count)
        with cgutils.for_range(builder, args[2]) as loop:
            offset = builder.mul(loop.index, INT64(FIELDS * count))
            builder.call(step, [builder.gep(start, [offset]), target])
        return context.get_dummy_value()

    return types.void(straight, gaussians, types.intp, sums), emit


def _step_function(module: ir.Module, name: str, degree: int, pointer: ir.Type, count: int) -> ir.Function:
    """LLVM function (gaussians of one step, sums) that adds all moments of one pair per lane."""
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer, pointer]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    function.attributes.add("nounwind")
    for argument in function.args:
        argument.add_attribute("noalias")
    gaussian, sums = function.args
    builder = ir.IRBuilder(function.append_basic_block())
    vector = ir.VectorType(pointer.pointee, count)
    fields = [emit_load(builder, gaussian, INT64(count * k), vector) for k in range(FIELDS)]
    multiples = {(k, 1): field for k, field in enumerate(fields)}
    moments: dict[Exponents, ir.Value] = {}
    for row, p in enumerate(exponents_in_planes(degree)):
        place = INT64(count * row)
        total = emit_load(builder, sums, place, vector)
        if p == (0, 0, 0):
            moments[p] = fields[-1]
            total = builder.fadd(total, fields[-1])
        else:
            if degree <= LOW_DEGREE:
                factors, divisor = _plain_factors(builder, p, multiples, moments), 1
            else:
                factors, divisor = scaled_factors(p, fields, moments)
            if sum(p) == degree and divisor == 1:
                for x, y in factors:
                    total = emit_fma(builder, x, y, total)
            else:
                moments[p] = emit_moment(builder, factors, divisor)
                total = builder.fadd(total, moments[p])
        emit_store(builder, total, sums, place)
    builder.ret_void()
    return function


def scaled_factors(p: Exponents, fields: list[ir.Value], moments: dict[Exponents, ir.Value]) -> tuple[Factors, int]:
    """Products whose sum is p_i m̃[p], and p_i, from lower scaled moments and the FIELDS of a pair."""
    axis, products = terms(p)
    return [(fields[FIELD[term.factor]], moments[term.source]) for term in products], p[axis]


def _plain_factors(
    builder: ir.IRBuilder, p: Exponents, multiples: dict[tuple[int, int], ir.Value], moments: dict[Exponents, ir.Value]
) -> Factors:
    """Products whose sum is m[p]; `multiples` of the FIELDS, (field, k) → k times, are added to as they are needed."""

    def multiple(field: int, k: int) -> ir.Value:
        if (field, k) not in multiples:
            half = k // 2
            multiples[field, k] = builder.fadd(multiple(field, half), multiple(field, k - half))
        return multiples[field, k]

    axis, products = terms(p)
    base = lowered(p, axis)
    factors = []
    for term in products:
        # C_ik comes with the exponent of p - e_i that it lowers, μ_i without
        k = next((value for value, below in zip(base, term.source, strict=True) if value != below), 1)
        factors.append((multiple(FIELD[term.factor], k), moments[term.source]))
    return factors


def emit_moment(builder: ir.IRBuilder, factors: Factors, divisor: int) -> ir.Value:
    """Emit the sum of some products, divided by a number."""
    value = builder.fmul(*factors[0])
    for x, y in factors[1:]:
        value = emit_fma(builder, x, y, value)
    return builder.fmul(value, constant(value.type, 1 / divisor)) if divisor > 1 else value
