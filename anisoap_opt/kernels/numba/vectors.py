"""SIMD vectors for Numba: one 64-byte register's worth of numbers as a value that compiled functions pass around.

`F64x8` holds 8 float64, `F32x16` holds 16 float32. They are LLVM vector types, so LLVM turns each operation into one
AVX-512 instruction, two of AVX2, or four of SSE2 or NEON. All functions here work inside ``numba.njit`` only;
arrays are one-dimensional and contiguous, positions count elements and need no alignment (64 bytes is faster).
"""

# mypy: disable-error-code="no-untyped-call,import-untyped"

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import models, register_model

from anisoap_opt.kernels.numba.llvm import (
    DOUBLE,
    FLOAT,
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

LANES = 8
"""Numbers in an `F64x8`; half of those in an `F32x16`."""


class Vector(types.Type):
    """Numba type of a vector."""

    def __init__(self, scalar: types.Float, count: int) -> None:
        self.scalar = scalar
        self.count = count
        super().__init__(name=f"{scalar}x{count}")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):
    """A vector is one LLVM value."""

    def __init__(self, manager: Any, vector: Vector) -> None:
        element = DOUBLE if vector.scalar == types.float64 else FLOAT
        super().__init__(manager, vector, ir.VectorType(element, vector.count))


F64x8 = Vector(types.float64, LANES)
F32x16 = Vector(types.float32, 2 * LANES)


@intrinsic
def lanes_of(typing: Any, array: Any) -> Any:
    """Numbers in a vector of the array's dtype, a constant of the compiled code."""
    count = F64x8.count if array.dtype == types.float64 else F32x16.count
    return types.intp(array), lambda context, builder, signature, args: INT64(count)


@intrinsic
def element(typing: Any, array: Any, position: Any) -> Any:
    """``array[position]`` of a position that is never negative: spares the inner loops Numba's test for it."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = data_pointer(context, builder, signature.args[0], args[0])
        return builder.load(builder.gep(pointer, [args[1]]))

    return array.dtype(array, types.intp), emit


@intrinsic
def load(typing: Any, array: Any, position: Any) -> Any:
    """Vector of the array's own dtype: 8 float64 or 16 float32."""
    kind = F64x8 if array.dtype == types.float64 else F32x16

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = data_pointer(context, builder, signature.args[0], args[0])
        return emit_load(builder, pointer, args[1], context.get_value_type(kind))

    return kind(array, types.intp), emit


@intrinsic
def load8(typing: Any, array: Any, position: Any) -> Any:
    """Eight elements as float64, whatever the array's dtype."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = data_pointer(context, builder, signature.args[0], args[0])
        return emit_load_wide(builder, pointer, args[1], LANES)

    return F64x8(array, types.intp), emit


@intrinsic
def store(typing: Any, array: Any, position: Any, value: Any) -> Any:
    """Store all lanes; an `F64x8` is rounded if the array is float32."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = data_pointer(context, builder, signature.args[0], args[0])
        vector = args[2]
        if vector.type.element != pointer.type.pointee:
            vector = builder.fptrunc(vector, ir.VectorType(pointer.type.pointee, vector.type.count))
        emit_store(builder, vector, pointer, args[1])
        return context.get_dummy_value()

    return types.void(array, types.intp, value), emit


@intrinsic
def splat(typing: Any, number: Any) -> Any:
    """The number in every lane; its dtype decides which vector."""
    kind = F64x8 if number == types.float64 else F32x16

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return emit_splat(builder, args[0], kind.count)

    return kind(number), emit


@intrinsic
def fma(typing: Any, x: Any, y: Any, z: Any) -> Any:
    """Fused x y + z."""
    return x(x, x, x), lambda context, builder, signature, args: emit_fma(builder, *args)


@intrinsic
def mul(typing: Any, x: Any, y: Any) -> Any:
    """Return x y."""
    return x(x, x), lambda context, builder, signature, args: builder.fmul(*args)


@intrinsic
def add(typing: Any, x: Any, y: Any) -> Any:
    """Return x + y."""
    return x(x, x), lambda context, builder, signature, args: builder.fadd(*args)


@intrinsic
def exp(typing: Any, x: Any) -> Any:
    """Exponential of an `F64x8`, x ≤ 700, to 2 units in the last place; 0 below -708.

    x = k ln 2 + f with |f| ≤ ln(2)/2; e^f by its Taylor polynomial; 2^k by adding k to the exponent bits. Adding
    1.5 · 2^52 rounds x / ln 2 to an integer and leaves it in the low bits.
    """

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector, bits = args[0].type, ir.VectorType(INT64, LANES)
        limit, rounder = constant(vector, -708.0), constant(vector, 1.5 * 2**52)
        underflow = builder.fcmp_ordered("<", args[0], limit)
        x = builder.select(underflow, limit, args[0])
        shifted = emit_fma(builder, x, constant(vector, 1 / math.log(2)), rounder)
        k = builder.fsub(shifted, rounder)
        f = emit_fma(builder, k, constant(vector, -6.93147180369123816490e-01), x)  # ln 2 in two parts
        f = emit_fma(builder, k, constant(vector, -1.90821492927058770002e-10), f)
        terms = [constant(vector, 1 / math.factorial(n)) for n in range(14)]
        power = f
        while len(terms) > 1:  # Estrin: pairs of terms in parallel
            pairs = [emit_fma(builder, b, power, a) for a, b in zip(terms[::2], terms[1::2], strict=False)]
            terms = pairs + terms[len(terms) - len(terms) % 2 :]
            power = builder.fmul(power, power)
        exponent = builder.shl(builder.bitcast(shifted, bits), ir.Constant(bits, [52] * LANES))
        value = builder.bitcast(builder.add(builder.bitcast(terms[0], bits), exponent), vector)
        return builder.select(underflow, constant(vector, 0.0), value)

    return F64x8(F64x8), emit


@intrinsic
def zeros(typing: Any, rows: Any) -> Any:
    """Tuple of as many zero vectors as the argument, a tuple of anything, has entries."""
    vectors = types.UniTuple(F64x8, len(rows))

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        zero = constant(ir.VectorType(DOUBLE, LANES), 0.0)
        return context.make_tuple(builder, vectors, [zero] * vectors.count)

    return vectors(rows), emit


@intrinsic
def add_multiples(typing: Any, rows: Any, x: Any, factors: Any, position: Any) -> Any:
    """Tuple with ``rows[k] + factors[position + k] * x``."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = data_pointer(context, builder, signature.args[2], args[2])
        sums = []
        for k in range(rows.count):
            factor = builder.load(builder.gep(pointer, [builder.add(args[3], INT64(k))]))
            factors = emit_splat(builder, factor, LANES)
            sums.append(emit_fma(builder, factors, args[1], builder.extract_value(args[0], k)))
        return context.make_tuple(builder, rows, sums)

    return rows(rows, x, factors, types.intp), emit


@intrinsic
def store_rows(typing: Any, rows: Any, array: Any, position: Any) -> Any:
    """Store a tuple of vectors one after the other."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = data_pointer(context, builder, signature.args[1], args[1])
        for k in range(rows.count):
            place = builder.add(args[2], INT64(LANES * k))
            emit_store(builder, builder.extract_value(args[0], k), pointer, place)
        return context.get_dummy_value()

    return types.void(rows, array, types.intp), emit
