"""The scaled moments of eight pairs for any degree, plane by plane.

Walking along z inside rows y inside planes x, with the axis of the recurrence the outermost one that is not at 0:

    p_x m̃[p] = μ_x m̃[p - x] + C_xx m̃[p - 2x] + C_xy m̃[p - x - y] + C_xz m̃[p - x - z]

needs the plane before (three entries of it) and the one before that (one entry), which is overwritten in place by
the new plane: two planes live, 32 kB at degree 21. 1/p_x is the same for a whole plane and is folded into the four
coefficients. Plane x = 0 is made the same way from its rows, and its row y = 0 by the one-dimensional recurrence.

The sums are larger than the first-level cache and pass through it once. Two steps share each passage: that saves more
time than their four planes, which do not fit either, cost. Their moments are added to each other first, so a step that
is left over gives the same bits as one whose partner has weight 0. In float32 every step goes alone: for some frames
the sum of two was 7e-5 off at (9, 6), where one after the other is 6e-5 off.

Rows are short, and a call that counts references to arrays takes longer than one: see `jit.pointer_to`.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def,import-untyped"

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils

from anisoap_opt.kernels.numba.jit import compiled, pointer_to
from anisoap_opt.kernels.numba.layout import FIELDS
from anisoap_opt.kernels.numba.llvm import INT64, data_pointer, emit_fma, emit_load, emit_store, intrinsic
from anisoap_opt.kernels.numba.vectors import LANES, add, element, fma, lanes_of, load, mul, splat, store


@compiled
def walk_planes(
    degree: Any, gaussians: Any, first: Any, end: Any, old: Any, sums: Any, planes: Any, inverse: Any
) -> Any:
    """Add the moments of the steps first … end - 1 of every lane to its sums, or write those of a single step.

    Parameters
    ----------
    degree : int
    gaussians : ndarray, shape [steps · FIELDS · lanes]
        μ, C, w of each step's pairs.
    first, end : int
    old : ndarray or None
        `sums` itself, or None to write instead of adding.
    sums : ndarray, shape [monomials · lanes]
        In the order of `exponents_in_planes`.
    planes : ndarray, shape [4 · (degree + 1)² · lanes], half of it for a single step
        Working space.
    inverse : ndarray, shape [degree + 1]
        1/p, of the dtype of the sums.
    """
    fields, target, space, scales = pointer_to(gaussians), pointer_to(sums), pointer_to(planes), pointer_to(inverse)
    if old is None:
        _walk(degree, fields, first, first, None, None, target, space, scales)
    else:
        pairs = (end - first) // 2 if lanes_of(sums) == LANES else 0
        for step in range(first, first + 2 * pairs, 2):
            _walk(degree, fields, step, step + 1, (), target, target, space, scales)
        for step in range(first + 2 * pairs, end):
            _walk(degree, fields, step, step, None, target, target, space, scales)


@compiled
def _walk(degree, gaussians, step, second, two, old, sums, planes, inverse):
    """Two steps, or only the first if `two` is None."""
    lanes = lanes_of(sums)
    row_size = (degree + 1) * lanes
    half = 2 * (degree + 1) * row_size  # planes of the second step
    last, older = 0, (degree + 1) * row_size
    _first_row(degree, gaussians, step, inverse, planes, 0)
    if two is not None:
        _first_row(degree, gaussians, second, inverse, planes, half)
    for z in range(0, row_size, lanes):
        value = load(planes, z)
        if two is not None:
            value = add(value, load(planes, half + z))
        _put(sums, z, value, old)
    done = row_size
    for y in range(1, degree + 1):
        a, b = _scaled(gaussians, step, inverse, y, 1, 6, 6, 7), _scaled(gaussians, second, inverse, y, 1, 6, 6, 7)
        row, size = y * row_size, (degree - y + 1) * lanes
        before = row - row_size
        if y == 1:
            _row(size, a, b, two, None, None, before, 0, 0, row, planes, half, sums, done, old)
        else:
            _row(size, a, b, two, (), None, before, row - 2 * row_size, 0, row, planes, half, sums, done, old)
        done += size
    for x in range(1, degree + 1):
        a, b = _scaled(gaussians, step, inverse, x, 0, 3, 4, 5), _scaled(gaussians, second, inverse, x, 0, 3, 4, 5)
        for y in range(degree - x + 1):
            row, size = y * row_size, (degree - x - y + 1) * lanes
            new, before, beside = older + row, last + row, last + row - row_size
            if x == 1 and y == 0:
                _row(size, a, b, two, None, None, before, 0, 0, new, planes, half, sums, done, old)
            elif x == 1:
                _row(size, a, b, two, None, (), before, 0, beside, new, planes, half, sums, done, old)
            elif y == 0:
                _row(size, a, b, two, (), None, before, new, 0, new, planes, half, sums, done, old)
            else:
                _row(size, a, b, two, (), (), before, new, beside, new, planes, half, sums, done, old)
            done += size
        last, older = older, last


@compiled
def _scaled(gaussians, step, inverse, p, mu, c, c_y, c_z):
    """Four of a pair's FIELDS over the exponent of the axis."""
    lanes = lanes_of(gaussians)
    field, scale = step * FIELDS * lanes, splat(element(inverse, p))
    return (
        mul(load(gaussians, field + mu * lanes), scale),
        mul(load(gaussians, field + c * lanes), scale),
        mul(load(gaussians, field + c_y * lanes), scale),
        mul(load(gaussians, field + c_z * lanes), scale),
    )


@compiled
def _first_row(degree, gaussians, step, inverse, planes, place):
    """Moments of degree 0 in x and y."""
    lanes = lanes_of(planes)
    field = step * FIELDS * lanes
    mu_z, c_zz = load(gaussians, field + 2 * lanes), load(gaussians, field + 8 * lanes)
    value = load(gaussians, field + 9 * lanes)
    store(planes, place, value)
    before = mul(value, splat(element(inverse, 0)))  # inverse[0] = 0
    for z in range(1, degree + 1):
        value, before = mul(fma(mu_z, value, mul(c_zz, before)), splat(element(inverse, z))), value
        store(planes, place + z * lanes, value)


@intrinsic
def _row(
    typing: Any, size: Any, a: Any, b: Any, two: Any, c: Any, c_y: Any, before: Any, two_before: Any, beside: Any,
    new: Any, planes: Any, half: Any, sums: Any, done: Any, old: Any,
) -> Any:  # fmt: skip
    """One row: μ m̃[before] + C m̃[two before] + C_y m̃[before - y] + C_z m̃[before - z] of one step, or of two.

    `a` and `b` are μ, C, C_y, C_z of the two; terms with C or C_y are left out if `c` or `c_y` is None. One LLVM
    function for each kind of row: Numba takes seconds for the same loops.
    """
    kind = _Kind(two != types.none, c != types.none, c_y != types.none, old != types.none)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vectors = [builder.extract_value(args[k], field) for k in (1, 2) for field in range(4)]
        numbers = [args[k] for k in (0, 6, 7, 8, 9, 11, 13)]
        values = [*(data_pointer(context, builder, signature.args[k], args[k]) for k in (10, 12)), *numbers, *vectors]
        name = f"anisoap_row_{vectors[0].type.count}_" + "".join(str(int(flag)) for flag in kind)
        function = builder.module.globals.get(name) or _row_function(builder.module, name, kind, values)
        builder.call(function, values)
        return context.get_dummy_value()

    place = types.intp
    return types.void(size, a, b, two, c, c_y, place, place, place, place, planes, place, sums, place, old), emit


class _Kind(NamedTuple):
    two: bool  # steps
    c: bool
    c_y: bool
    add: bool  # to the sums, or write them


def _row_function(module: ir.Module, name: str, kind: _Kind, values: list[ir.Value]) -> ir.Function:
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [value.type for value in values]), name)
    function.linkage = "internal"
    function.attributes.add("nounwind")
    planes, sums, size, before, two_before, beside, new, half, done, *fields = function.args
    builder = ir.IRBuilder(function.append_basic_block())
    vector = fields[0].type
    steps = [(fields[:4], INT64(0)), (fields[4:], half)][: 1 + kind.two]
    previous = [builder.alloca(vector) for _ in steps]

    def emit_entry(z: ir.Value, first: bool) -> None:
        total = None
        for ((mu, c, c_y, c_z), shift), kept in zip(steps, previous, strict=True):
            at = builder.add(shift, z)
            current = emit_load(builder, planes, builder.add(before, at), vector)
            value = builder.fmul(mu, current) if first else builder.fmul(c_z, builder.load(kept))
            if kind.c:
                value = emit_fma(builder, c, emit_load(builder, planes, builder.add(two_before, at), vector), value)
            if kind.c_y:
                value = emit_fma(builder, c_y, emit_load(builder, planes, builder.add(beside, at), vector), value)
            if not first:
                value = emit_fma(builder, mu, current, value)
            builder.store(current, kept)
            emit_store(builder, value, planes, builder.add(new, at))
            total = value if total is None else builder.fadd(total, value)
        place = builder.add(done, z)
        if kind.add:
            total = builder.fadd(emit_load(builder, sums, place, vector), total)
        emit_store(builder, total, sums, place)

    emit_entry(INT64(0), first=True)
    lanes = INT64(vector.count)
    with cgutils.for_range_slice(builder, lanes, size, lanes, inc=True) as (z, _):
        emit_entry(z, first=False)
    builder.ret_void()
    return function


@compiled
def _put(sums, place, value, old):
    """Add to a sum, or write it where there is no old one."""
    if old is not None:
        value = add(load(old, place), value)
    store(sums, place, value)
