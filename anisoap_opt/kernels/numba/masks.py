"""Which lanes of a vector are wanted, as the bits of an integer, and a list of those."""

# mypy: disable-error-code="no-untyped-call,import-untyped"

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from anisoap_opt.kernels.numba.llvm import INT8, INT64, data_pointer, emit_splat, emit_store, intrinsic
from anisoap_opt.kernels.numba.vectors import LANES

LANES_OF_BITS = bytearray(
    lane for bits in range(1 << LANES) for lane in ([k for k in range(LANES) if bits >> k & 1] + LANES * [0])[:LANES]
)
"""For every set of bits their places, and zeros up to eight."""


@intrinsic
def bits_less(typing: Any, x: Any, y: Any) -> Any:
    """Integer whose bit k is set if x < y in lane k."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        mask = builder.bitcast(builder.fcmp_ordered("<", *args), ir.IntType(x.count))
        return builder.zext(mask, INT64)

    return types.int64(x, x), emit


@intrinsic
def count_bits(typing: Any, bits: Any) -> Any:
    """How many bits of an int64 are set."""
    return types.int64(types.int64), lambda context, builder, signature, args: builder.ctpop(args[0])


@intrinsic
def collect(typing: Any, bits: Any, first: Any, target: Any, position: Any) -> Any:
    """Write ``first + k`` for each bit k that is set, from ``target[position]`` on, and then anything up to eight."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number, first, target, position = args
        places = ir.Constant(ir.ArrayType(INT8, len(LANES_OF_BITS)), LANES_OF_BITS)
        table = cgutils.global_constant(builder, "anisoap_lanes_of_bits", places)
        row = builder.gep(table, [INT64(0), builder.mul(number, INT64(LANES))])
        narrow = ir.VectorType(INT8, LANES)
        lanes = builder.load(builder.bitcast(row, narrow.as_pointer()))
        lanes.align = 1
        wide = builder.zext(lanes, ir.VectorType(INT64, LANES))
        value = builder.add(wide, emit_splat(builder, first, LANES))
        pointer = data_pointer(context, builder, signature.args[2], target)
        emit_store(builder, value, pointer, position)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, target, types.intp), emit


@intrinsic
def fill8(typing: Any, value: Any, target: Any, position: Any) -> Any:
    """Write an integer eight times, from ``target[position]`` on."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = data_pointer(context, builder, signature.args[1], args[1])
        emit_store(builder, emit_splat(builder, args[0], LANES), pointer, args[2])
        return context.get_dummy_value()

    return types.void(types.int64, target, types.intp), emit
