"""Vectors from and to scattered places in memory, one place a lane; see `vectors.py`."""

# mypy: disable-error-code="no-untyped-call,import-untyped"

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from anisoap_opt.kernels.numba.llvm import (
    DOUBLE,
    INT32,
    INT64,
    data_pointer,
    emit_columns,
    emit_load,
    emit_load_three,
    emit_store,
    emit_transpose,
    intrinsic,
)
from anisoap_opt.kernels.numba.vectors import LANES, F64x8

AHEAD = 16
"""Particles that are asked for early: in another order than they lie in, memory would be waited for."""


@intrinsic
def gather(typing: Any, array: Any, rows: Any, first: Any, stride: Any, column: Any) -> Any:
    """``array[stride * rows[first + k] + column]`` in lane k."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer, index = (data_pointer(context, builder, signature.args[k], args[k]) for k in (0, 1))
        value = ir.Constant(ir.VectorType(DOUBLE, LANES), ir.Undefined)
        for k in range(LANES):
            row = builder.load(builder.gep(index, [builder.add(args[2], INT64(k))]))
            place = builder.gep(pointer, [builder.add(builder.mul(row, args[3]), args[4])])
            value = builder.insert_element(value, builder.load(place), INT32(k))
        return value

    return F64x8(array, rows, types.intp, types.intp, types.intp), emit


@intrinsic
def load_points(typing: Any, array: Any, rows: Any, first: Any) -> Any:
    """Eight points, ``array[3 * rows[first + k]:][:3]`` in lane k: a tuple of three vectors, x, y and z."""
    columns = types.UniTuple(F64x8, 3)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer, index = (data_pointer(context, builder, signature.args[k], args[k]) for k in (0, 1))
        points = []
        for k in range(LANES):
            row = builder.load(builder.gep(index, [builder.add(args[2], INT64(k))]))
            points.append(emit_load_three(builder, pointer, builder.mul(row, INT64(3))))
        return context.make_tuple(builder, columns, emit_columns(builder, points)[:3])

    return columns(array, rows, types.intp), emit


@intrinsic
def load_transposed(typing: Any, array: Any, rows: Any, first: Any) -> Any:
    """Eight rows of 8 float64, ``array[8 * rows[first + k]:][:8]`` in lane k: a tuple of 8 vectors, one per column."""
    columns = types.UniTuple(F64x8, LANES)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer, index = (data_pointer(context, builder, signature.args[k], args[k]) for k in (0, 1))
        vector = ir.VectorType(DOUBLE, LANES // 2)
        numbers = [builder.load(builder.gep(index, [builder.add(args[2], INT64(k))])) for k in range(LANES)]
        starts = [builder.mul(number, INT64(LANES)) for number in numbers]
        left = [emit_load(builder, pointer, start, vector) for start in starts]
        right = [emit_load(builder, pointer, builder.add(start, INT64(LANES // 2)), vector) for start in starts]
        return context.make_tuple(builder, columns, emit_columns(builder, left) + emit_columns(builder, right))

    return columns(array, rows, types.intp), emit


@intrinsic
def store_transposed(typing: Any, source: Any, position: Any, target: Any, starts: Any, first: Any, column: Any) -> Any:
    """Write 8 vectors, ``source[position:]`` on, so that lane k becomes ``target[starts[first + k] + column:][:8]``."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        start, pointer, index = (data_pointer(context, builder, signature.args[k], args[k]) for k in (0, 2, 3))
        vector = ir.VectorType(DOUBLE, LANES)
        positions = [builder.add(args[1], INT64(LANES * k)) for k in range(LANES)]
        rows = emit_transpose(builder, [emit_load(builder, start, p, vector) for p in positions])
        for k, row in enumerate(rows):
            if pointer.type.pointee != DOUBLE:
                row = builder.fptrunc(row, ir.VectorType(pointer.type.pointee, LANES))
            begin = builder.load(builder.gep(index, [builder.add(args[4], INT64(k))]))
            emit_store(builder, row, pointer, builder.add(begin, args[5]))
        return context.get_dummy_value()

    return types.void(source, types.intp, target, starts, types.intp, types.intp), emit


@intrinsic
def prefetch(typing: Any, array: Any, position: Any) -> Any:
    """Ask for the cache line of ``array[position]`` in the first-level cache; harmless outside the array."""
    return types.void(array, types.intp), _prefetch(locality=3)


@intrinsic
def prefetch_far(typing: Any, array: Any, position: Any) -> Any:
    """The same for the second-level cache, which keeps it until later."""
    return types.void(array, types.intp), _prefetch(locality=2)


def _prefetch(locality: int) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = data_pointer(context, builder, signature.args[0], args[0])
        address = builder.bitcast(builder.gep(pointer, [args[1]]), cgutils.voidptr_t)
        signature_type = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, INT32, INT32, INT32])
        function = cgutils.get_or_insert_function(builder.module, signature_type, "llvm.prefetch.p0")
        builder.call(function, [address, INT32(0), INT32(locality), INT32(1)])
        return context.get_dummy_value()

    return emit
