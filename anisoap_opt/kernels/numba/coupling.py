"""The power spectrum, summed over runs of centres before it is written anywhere.

p_l[a, b] = scale_l Σ_m c[m, a] c[m, b] summed over many centres is one product GᵀG, where G stacks the rows m of all
centres. It is computed in blocks of four rows by eight columns for every two neighbour types t ≤ u, straight from the
coefficients as the kernel left them: a block takes what follows a row where the row is shorter than eight, and those
lanes are not written.
"""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Ints
from anisoap_opt.basis.coupling import SQRT_2
from anisoap_opt.kernels.numba.jit import compiled, entry_point
from anisoap_opt.kernels.numba.vectors import LANES, add_multiples, element, load8, store_rows, zeros

PIECE = 32
"""Most centres of a run that are summed in one go; fixed, so that results do not depend on the number of threads."""
ROWS = 4
"""Rows of a block."""


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
    block : ndarray, shape [ROWS · LANES]
        Working space.
    sums : ndarray, shape [pieces · features]
        Written.
    """
    features = len(sums) // (len(bounds) - 1)
    for piece in range(len(bounds) - 1):
        begin, end = element(bounds, piece), element(bounds, piece + 1)
        offset, target = 0, piece * features
        for l in range(len(num_radial)):
            num_n, num_m = element(num_radial, l), 2 * l + 1
            size = num_n * num_types
            for t in range(num_types):
                for u in range(t, num_types):
                    for a in range(0, num_n, ROWS):
                        for b in range(a // LANES * LANES if t == u else 0, num_n, LANES):
                            total = zeros((0, 0, 0, 0))
                            for center in range(begin, end):
                                left = (center * num_types + t) * columns + offset + a
                                right = (center * num_types + u) * columns + offset + b
                                for m in range(num_m):
                                    total = add_multiples(
                                        total, load8(table, right + m * num_n), table, left + m * num_n
                                    )
                            store_rows(total, block, 0)
                            _write(block, num_n, num_types, t, u, a, b, element(scales, l), symmetric, sums, target)
            target += size * (size + 1) // 2 if symmetric else size * size
            offset += num_m * num_n


@compiled
def _write(block, num_n, num_types, t, u, a, b, scale, symmetric, sums, target):
    """Write a block of rows a, a + 1, … of type t and columns b, b + 1, … of type u, and its mirror image."""
    size = num_n * num_types
    for k in range(min(ROWS, num_n - a)):
        row = (a + k) * num_types + t
        for lane in range(max(0, a + k - b) if t == u else 0, min(LANES, num_n - b)):
            column = (b + lane) * num_types + u
            value = scale * element(block, k * LANES + lane)
            if symmetric:
                low, high = min(row, column), max(row, column)
                factor = 1.0 if row == column else SQRT_2
                sums[target + low * size - low * (low - 1) // 2 + high - low] = factor * value
            else:
                sums[target + row * size + column] = value
                sums[target + column * size + row] = value
