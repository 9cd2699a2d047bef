"""Tangents of power spectra, from those of the coefficients while they are at hand.

ṗ_l[a, b] = scale_l Σ_m (ċ[m, a] c[m, b] + c[m, a] ċ[m, b]). A row's ċ is first spread out over the columns of its
centre, n slow and neighbour type fast, zeros where a type does not change. Then blocks of eight columns by eight or
four rows are summed and written once, zeros too.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,import-untyped"

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from anisoap_opt.basis.coupling import SQRT_2
from anisoap_opt.kernels.numba.jit import compiled, entry_point
from anisoap_opt.kernels.numba.llvm import DOUBLE, data_pointer, emit_store, intrinsic
from anisoap_opt.kernels.numba.vectors import (
    LANES,
    add,
    add_multiples,
    element,
    load8,
    mul,
    splat,
    store,
    store_rows,
    zeros,
)

PADDING = 16
"""Numbers behind coefficients and tangents that are read with the last ones, and not used."""


@entry_point
def couple_tangents(
    table: Any,
    stride: Any,
    columns: Any,
    segment: Any,
    center: Any,
    own: Any,
    place: Any,
    add_to: Any,
    coefficients: Any,
    num_radial: Any,
    symmetric: Any,
    space: Any,
    out: Any,
) -> None:
    """Tangents of the power spectra of some rows in each direction.

    Parameters
    ----------
    table : ndarray of float64, shape [(directions · segments + 1) · stride]
        Tangents of the coefficients: for each l in turn [2l+1, n_l], then padding; a row more at the end.
    stride, columns : int
        Numbers in a row of coefficients with and without padding.
    segment, center, own : ndarray
        See `anisoap_opt.kernels.contract.TangentRows`.
    place : ndarray of int, shape [rows]
        Row of `out` for each result.
    add_to : bool
        Whether to add to what is there.
    coefficients : ndarray, shape [centers · types · columns + PADDING]
        Times scale_l; for each centre and l in turn [2l+1, n_l · types].
    num_radial : ndarray of int, shape [l]
        n_l.
    symmetric : bool
        See `anisoap_opt.power_spectrum.power_spectrum`.
    space : tuple of ndarray
        Working space: two of shape [directions · types · columns + PADDING], one of LANES · LANES.
    out : ndarray, shape [rows, directions, features], contiguous
    """
    dots, sums, block = space
    num_types = segment.shape[1]
    width, directions, features = num_types * columns, out.shape[1], out.shape[2]
    num_segments = (len(table) // stride - 1) // directions
    flat = out.reshape(-1)
    num_rows = len(center)
    first = 0
    while first < num_rows:
        last, own_row = first, -1
        while last < num_rows and center[last] == center[first]:
            if own[last]:
                own_row = last
            last += 1
        if own_row >= 0:
            sums[:] = 0
        at = center[first] * width
        for row in range(first, last):
            if row == own_row:
                continue
            dots[:] = 0
            for t in range(num_types):
                if segment[row, t] >= 0:
                    for k in range(directions):
                        _spread(
                            table, (k * num_segments + segment[row, t]) * stride, columns, num_types, dots,
                            k * width + t,
                        )  # fmt: skip
            if own_row >= 0:
                for k in range(0, directions * width, LANES):
                    store(sums, k, add(load8(sums, k), mul(splat(-1.0), load8(dots, k))))
            target = place[row] * directions * features
            for k in range(directions):
                _couple(
                    dots, k * width, coefficients, at, num_radial, num_types, symmetric, add_to,
                    block, flat, target + k * features,
                )  # fmt: skip
        if own_row >= 0:
            target = place[own_row] * directions * features
            for k in range(directions):
                _couple(
                    sums, k * width, coefficients, at, num_radial, num_types, symmetric, add_to,
                    block, flat, target + k * features,
                )  # fmt: skip
        first = last


@compiled
def _spread(table, source, columns, num_types, dots, target):
    """Coefficients of one neighbour type at their places among those of all."""
    for k in range(columns):
        put(dots, target + k * num_types, element(table, source + k))


@compiled
def _couple(dots, dot, c, at, num_radial, num_types, symmetric, add_to, block, out, target):
    """One row in one direction, written to ``out[target:]``."""
    for l in range(len(num_radial)):
        size, num_m = num_radial[l] * num_types, 2 * l + 1
        a = 0
        while a < size:
            rows = 8 if size - a > 4 else 4
            for b in range(a // LANES * LANES if symmetric else 0, size, LANES):
                whole = not symmetric and not add_to and a + rows <= size and b + LANES <= size
                if rows == 8:
                    total = _sum((0,) * 8, dots, dot, c, at, num_m, size, a, b)
                    if whole:
                        store_lines(total, out, target + a * size + b, size)
                    else:
                        store_rows(total, block, 0)
                else:
                    some = _sum((0,) * 4, dots, dot, c, at, num_m, size, a, b)
                    if whole:
                        store_lines(some, out, target + a * size + b, size)
                    else:
                        store_rows(some, block, 0)
                if not whole:
                    _write(block, min(rows, size - a), a, b, size, symmetric, add_to, out, target)
            a += rows
        target += size * (size + 1) // 2 if symmetric else size * size
        dot += num_m * size
        at += num_m * size


@compiled
def _sum(rows, dots, dot, c, at, num_m, size, a, b):
    """A block of ``len(rows)`` lines from a on, eight columns from b on."""
    total = zeros(rows)
    for m in range(num_m):
        total = add_multiples(total, load8(c, at + m * size + b), dots, dot + m * size + a)
        total = add_multiples(total, load8(dots, dot + m * size + b), c, at + m * size + a)
    return total


@compiled
def _write(block, rows, a, b, size, symmetric, add_to, out, target):
    """Write a block line by line, or add it; of a symmetric result what is on and above the diagonal."""
    for k in range(rows):
        row = a + k
        start = target + (row * size - row * (row + 1) // 2 if symmetric else row * size) + b
        if b + LANES <= size and (not symmetric or b > row):
            value = load8(block, k * LANES)
            if symmetric:
                value = mul(splat(SQRT_2), value)
            if add_to:
                value = add(value, load8(out, start))
            store(out, start, value)
            continue
        lane, factor = 0, 1.0
        if symmetric:
            factor = SQRT_2
            if row >= b:  # the diagonal
                lane = row - b
                old = element(out, start + lane) if add_to else 0.0
                put(out, start + lane, old + element(block, k * LANES + lane))
                lane += 1
        for one in range(lane, min(LANES, size - b)):
            old = element(out, start + one) if add_to else 0.0
            put(out, start + one, old + factor * element(block, k * LANES + one))


@intrinsic
def put(typing: Any, array: Any, position: Any, value: Any) -> Any:
    """``array[position] = value`` of a position that is never negative."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = data_pointer(context, builder, signature.args[0], args[0])
        number = args[2] if pointer.type.pointee == DOUBLE else builder.fptrunc(args[2], pointer.type.pointee)
        builder.store(number, builder.gep(pointer, [args[1]]))
        return context.get_dummy_value()

    return types.void(array, types.intp, types.float64), emit


@intrinsic
def store_lines(typing: Any, rows: Any, array: Any, position: Any, stride: Any) -> Any:
    """Store a tuple of vectors, each `stride` after the one before."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = data_pointer(context, builder, signature.args[1], args[1])
        place = args[2]
        for k in range(rows.count):
            value = builder.extract_value(args[0], k)
            if pointer.type.pointee != DOUBLE:
                value = builder.fptrunc(value, ir.VectorType(pointer.type.pointee, LANES))
            emit_store(builder, value, pointer, place)
            place = builder.add(place, args[3])
        return context.get_dummy_value()

    return types.void(rows, array, types.intp, types.intp), emit
