"""The power spectrum, summed over runs of centres before it is written anywhere.

p_l[a, b] = scale_l Σ_m c[m, a] c[m, b] summed over many centres is one product GᵀG, where G stacks the rows m of all
centres. A run goes piece by piece: for each l the rows are copied next to each other, all neighbour types of a centre
in one row, so that few vectors hold it; then up to eight of its numbers at a time are multiplied with the whole row.
What stands behind a row is not written.
"""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Ints
from anisoap_opt.basis.coupling import SQRT_2
from anisoap_opt.kernels.numba.jit import compiled, entry_point, keep_alive, pointer_to
from anisoap_opt.kernels.numba.vectors import LANES, add_multiples, element, load8, store, store_rows, zeros

PIECE = 32
"""Most centres of a run that are summed in one go; fixed, so that results do not depend on the number of threads."""
MANY, FEW = (0,) * 8, (0,) * 4
"""As long as a block has rows: the first, or the second where that is enough."""


class Pieces(NamedTuple):
    """Runs of centres, cut into pieces of at most PIECE."""

    bounds: Ints  # [pieces + 1], first centre of each piece
    first: Ints  # [runs], first piece of each run


def cut_runs(start: Ints, num_centers: int) -> Pieces:
    """Cut runs of centres into pieces.

    Parameters
    ----------
    start : ndarray of int, shape [runs]
        First centre of each run, ascending from 0; no run is empty.
    num_centers : int

    Returns
    -------
    Pieces
    """
    counts = -(-np.diff(start, append=num_centers) // PIECE)
    first = np.cumsum(counts) - counts
    within = np.arange(counts.sum()) - np.repeat(first, counts)
    return Pieces(np.append(np.repeat(start, counts) + PIECE * within, num_centers), first)


@entry_point
def couple(
    table: Any,
    columns: Any,
    num_radial: Any,
    num_types: Any,
    bounds: Any,
    scales: Any,
    symmetric: Any,
    block: Any,
    sums: Any,
) -> None:
    """Sum the power spectra of some pieces.

    Parameters
    ----------
    table : ndarray of float64, shape [(centers · types + 1) · columns]
        Coefficients, one row a segment; the last row may hold anything.
    columns : int
        Numbers in a row: for each l in turn [2l+1, n_l], then padding.
    num_radial : ndarray of int, shape [l]
        n_l.
    num_types : int
        Segments, one a neighbour type, that make up a centre.
    bounds : ndarray of int, shape [pieces + 1]
        First centre of each piece, as a row of `table` over `num_types`.
    scales : ndarray, shape [l]
        See `anisoap_opt.basis.coupling.scale`.
    symmetric : bool
        See `anisoap_opt.power_spectrum.power_spectrum`.
    block : ndarray, shape [block_size]
        Working space.
    sums : ndarray, shape [pieces · features]
        Added to.
    """
    features = len(sums) // (len(bounds) - 1)
    rows = num_types * np.arange(bounds[-1])
    arrays = pointer_to(table), pointer_to(num_radial), pointer_to(rows), pointer_to(scales), pointer_to(block)
    for piece in range(len(bounds) - 1):
        couple_run(
            arrays, columns, len(num_radial), num_types, bounds[piece], bounds[piece + 1], symmetric, pointer_to(sums),
            piece * features,
        )  # fmt: skip
    keep_alive((rows,))


@compiled
def couple_run(arrays, columns, num_l, num_types, begin, end, symmetric, sums, target):
    """Add the power spectra of the centres begin … end - 1 to sums[target] and on.

    The arrays, table, n_l, first segment of each centre, factors and working space, are pointers: a call that counts
    references to arrays takes as long as what it does here. The working space has room for as many centres, see
    `block_size`.
    """
    table, num_radial, rows, scales, block = arrays
    offset = 0
    for l in range(num_l):
        num_n, num_m = element(num_radial, l), 2 * l + 1
        size = num_n * num_types
        num_rows = (end - begin) * num_m
        stride = _stride(num_n, num_types)
        if num_types > 1:
            _pack(table, columns, offset, num_n, num_m, num_types, rows, begin, end, block, stride)
        product = num_rows * stride
        a = 0
        while a < size:
            many = size - a > len(FEW)
            for b in range(a // LANES * LANES, size, LANES):
                if num_types == 1:
                    if many:
                        _multiply_table(
                            MANY, table, columns, offset, num_n, num_m, rows, begin, end, a, b, block, product
                        )
                    else:
                        _multiply_table(
                            FEW, table, columns, offset, num_n, num_m, rows, begin, end, a, b, block, product
                        )
                elif many:
                    _multiply(MANY, block, stride, a, b, product)
                else:
                    _multiply(FEW, block, stride, a, b, product)
                _write(block, product, num_n, num_types, a, b, element(scales, l), symmetric, sums, target)
            a += len(MANY) if many else len(FEW)
        target += size * (size + 1) // 2 if symmetric else size * size
        offset += num_m * num_n


def block_size(num_radial: Sequence[int], num_types: int) -> int:
    """Numbers in the working space of `couple_run`, for PIECE centres."""
    rows = [PIECE * (2 * l + 1) * _stride.py_func(n, num_types) for l, n in enumerate(num_radial)]
    return max(rows, default=0) + (len(MANY) + 1) * LANES


@compiled
def _stride(num_n, num_types):
    """Numbers from one packed row to the next: room for the whole vectors of the last type."""
    last = (num_types - 1) * num_n + (num_n + LANES - 1) // LANES * LANES
    return (last + LANES - 1) // LANES * LANES


@compiled
def _pack(table, columns, offset, num_n, num_m, num_types, rows, begin, end, block, stride):
    """Copy the coefficients of one l: a row for each centre and m, in it the types one after the other.

    Vectors are copied whole; what stands behind a type's numbers is overwritten by the next one's.
    """
    for center in range(begin, end):
        for t in range(num_types):
            for n in range(0, num_n, LANES):
                place = (center - begin) * num_m * stride + t * num_n + n
                source = (element(rows, center) + t) * columns + offset + n
                for _ in range(num_m):
                    store(block, place, load8(table, source))
                    place += stride
                    source += num_n


@compiled
def _multiply(widths, block, stride, a, b, product):
    """Write ``len(widths)`` rows from a on of the product with the vector at b, behind the packed rows."""
    total = zeros(widths)
    for place in range(0, product, stride):
        total = add_multiples(total, load8(block, place + b), block, place + a)
    store_rows(total, block, product)


@compiled
def _multiply_table(widths, table, columns, offset, num_n, num_m, rows, begin, end, a, b, block, product):
    """The same from coefficients as the kernel left them: with one type they lie next to each other."""
    total = zeros(widths)
    for center in range(begin, end):
        place = element(rows, center) * columns + offset
        for _ in range(num_m):
            total = add_multiples(total, load8(table, place + b), table, place + a)
            place += num_n
    store_rows(total, block, product)


@compiled
def _write(block, first, num_n, num_types, a, b, scale, symmetric, sums, target):
    """Add a block of rows a, a + 1, … and columns b, b + 1, …, and its mirror image; both count types slowly."""
    size = num_n * num_types
    for k in range(min(len(MANY), size - a)):
        begin = max(a + k, b)
        row = (a + k) % num_n * num_types + (a + k) // num_n
        t, n = begin // num_n, begin % num_n
        for index in range(begin, min(b + LANES, size)):
            column = n * num_types + t
            value = scale * element(block, first + k * LANES + index - b)
            if symmetric:
                low, high = min(row, column), max(row, column)
                factor = 1.0 if row == column else SQRT_2
                sums[target + low * size - low * (low - 1) // 2 + high - low] += factor * value
            else:
                sums[target + row * size + column] += value
                if row != column:
                    sums[target + column * size + row] += value
            n += 1
            if n == num_n:
                n, t = 0, t + 1
