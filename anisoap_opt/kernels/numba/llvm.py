"""Pieces of LLVM code that the intrinsics of this folder are made of: constants, loads, stores, shuffles of vectors."""

# mypy: disable-error-code="no-untyped-call,import-untyped"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

INT8, INT32, INT64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
FLOAT, DOUBLE = ir.FloatType(), ir.DoubleType()


def intrinsic(function: Callable[..., Any]) -> Any:
    """Numba's decorator; without a static type, because calls leave out the typing context."""
    return extending.intrinsic(function)


def constant(vector: ir.VectorType, value: float) -> ir.Constant:
    """The same number in every lane."""
    return ir.Constant(vector, [ir.Constant(vector.element, value)] * vector.count)


def emit_fma(builder: ir.IRBuilder, x: ir.Value, y: ir.Value, z: ir.Value) -> ir.Value:
    """Emit x y + z: one instruction where the CPU has it, two where it has not (``llvm.fma`` would call libm there)."""
    vector = x.type
    name = f"llvm.fmuladd.v{vector.count}f{64 if vector.element == DOUBLE else 32}"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)
    return builder.call(function, [x, y, z])


def emit_load(builder: ir.IRBuilder, pointer: ir.Value, position: ir.Value, vector: ir.VectorType) -> ir.Value:
    """Load a vector that starts at ``pointer[position]``."""
    value = builder.load(builder.bitcast(builder.gep(pointer, [position]), vector.as_pointer()))
    value.align = _size(vector.element)
    return value


def emit_load_wide(builder: ir.IRBuilder, pointer: ir.Value, position: ir.Value, count: int) -> ir.Value:
    """Load `count` numbers as float64, whatever they are."""
    value = emit_load(builder, pointer, position, ir.VectorType(pointer.type.pointee, count))
    return value if value.type.element == DOUBLE else builder.fpext(value, ir.VectorType(DOUBLE, count))


def emit_load_three(builder: ir.IRBuilder, pointer: ir.Value, position: ir.Value) -> ir.Value:
    """Load three float64 as a vector of four: nothing is read behind them, which may be the end of the array."""
    vector, mask = ir.VectorType(DOUBLE, 4), ir.VectorType(ir.IntType(1), 4)
    address = builder.bitcast(builder.gep(pointer, [position]), vector.as_pointer())
    function_type = ir.FunctionType(vector, [address.type, INT32, mask, vector])
    function = cgutils.get_or_insert_function(builder.module, function_type, "llvm.masked.load.v4f64.p0")
    return builder.call(function, [address, INT32(8), ir.Constant(mask, [1, 1, 1, 0]), constant(vector, 0.0)])


def emit_store(builder: ir.IRBuilder, value: ir.Value, pointer: ir.Value, position: ir.Value) -> None:
    """Store a vector from ``pointer[position]`` on."""
    target = builder.bitcast(builder.gep(pointer, [position]), value.type.as_pointer())
    builder.store(value, target, align=_size(value.type.element))


def emit_splat(builder: ir.IRBuilder, number: ir.Value, count: int) -> ir.Value:
    """Copy a number into every lane."""
    vector = ir.VectorType(number.type, count)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), number, INT32(0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(INT32, count), [0] * count))


def data_pointer(context: Any, builder: ir.IRBuilder, array_type: types.Array, array: ir.Value) -> ir.Value:
    """Address of the first element of an array, or of what a pointer from `jit.borrowed` points at."""
    if isinstance(array_type, types.CPointer):
        return array
    return context.make_array(array_type)(context, builder, array).data


def _size(element: ir.Type) -> int:
    return 4 if element == FLOAT else 8


def emit_transpose(builder: ir.IRBuilder, rows: list[ir.Value]) -> list[ir.Value]:
    """Transpose a square of lanes by swapping ever larger off-diagonal blocks, log2 rounds of two shuffles a pair."""
    size = len(rows)
    block = 1
    while block < size:
        swapped = list(rows)
        for i in (i for i in range(size) if not i & block):
            low = [e if not e & block else size + (e ^ block) for e in range(size)]
            high = [e | block if not e & block else size + e for e in range(size)]
            for row, lanes in ((i, low), (i | block, high)):
                mask = ir.Constant(ir.VectorType(INT32, size), lanes)
                swapped[row] = builder.shuffle_vector(rows[i], rows[i | block], mask)
        rows = swapped
        block *= 2
    return rows


def emit_columns(builder: ir.IRBuilder, rows: list[ir.Value]) -> list[ir.Value]:
    """Four vectors of 8, from eight of 4: eight shuffles, and four insertions that a CPU does as it loads."""

    def shuffle(x: ir.Value, y: ir.Value, lanes: list[int]) -> ir.Value:
        return builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(INT32, len(lanes)), lanes))

    pairs = [shuffle(rows[k], rows[k + 4], list(range(8))) for k in range(4)]
    even, odd = [0, 8, 2, 10, 4, 12, 6, 14], [1, 9, 3, 11, 5, 13, 7, 15]  # columns 0 and 2, or 1 and 3
    first, second = [0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]
    columns = [[shuffle(pairs[k], pairs[k + 1], lanes) for k in (0, 2)] for lanes in (even, odd)]
    return [shuffle(x, y, lanes) for lanes in (first, second) for x, y in columns]
