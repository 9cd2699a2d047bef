"""Of one frame: reciprocal vectors, and a grid of cells."""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

import numpy as np

from anisoap_opt.kernels.numba.jit import compiled

SLACK = 1 + 1e-7
"""Keeps rounding errors of grid coordinates away from the cells' faces."""


@compiled
def write_reciprocal(f, cells, periodic, full, reciprocal):
    """Write the reciprocal vectors of a frame, see `anisoap_opt.lattice.reciprocal_vectors`; `full` [12] is room."""
    missing, final, kept = 0, -1, 0
    for k in range(3):
        a, b, c = cells[9 * f + 3 * k], cells[9 * f + 3 * k + 1], cells[9 * f + 3 * k + 2]
        scale = max(abs(a), abs(b), abs(c)) if periodic[3 * f + k] else 1.0  # products must not overflow
        full[3 * k], full[3 * k + 1], full[3 * k + 2], full[9 + k] = a / scale, b / scale, c / scale, scale
        if periodic[3 * f + k]:
            kept = k
        else:
            missing, final = missing + 1, k
    if missing == 3:
        for k in range(9):
            full[k] = 1.0 if k % 4 == 0 else 0.0
    if missing == 2:
        smallest = 0
        for c in range(1, 3):
            if abs(full[3 * kept + c]) < abs(full[3 * kept + smallest]):
                smallest = c
        other = 3 - kept - final
        b, c = full[3 * kept + (smallest + 1) % 3], full[3 * kept + (smallest + 2) % 3]
        full[3 * other + smallest] = 0.0  # kept × the unit vector along its smallest component
        full[3 * other + (smallest + 1) % 3] = c
        full[3 * other + (smallest + 2) % 3] = -b
    if missing == 1 or missing == 2:
        _cross(full, (final + 1) % 3, (final + 2) % 3, full, final)
        a, b, c = full[3 * final], full[3 * final + 1], full[3 * final + 2]
        norm = np.sqrt(a * a + b * b + c * c)
        for k in range(3):
            full[3 * final + k] /= norm
    for k in range(3):
        _cross(full, (k + 1) % 3, (k + 2) % 3, reciprocal, k)
    volume = full[0] * reciprocal[0] + full[1] * reciprocal[1] + full[2] * reciprocal[2]
    for k in range(9):
        reciprocal[k] = reciprocal[k] / volume / full[9 + k // 3]


@compiled
def _cross(rows, a, b, out, k):
    """Write the cross product of two rows to row k."""
    x = rows[3 * a + 1] * rows[3 * b + 2] - rows[3 * a + 2] * rows[3 * b + 1]
    y = rows[3 * a + 2] * rows[3 * b] - rows[3 * a] * rows[3 * b + 2]
    z = rows[3 * a] * rows[3 * b + 1] - rows[3 * a + 1] * rows[3 * b]
    out[3 * k], out[3 * k + 1], out[3 * k + 2] = x, y, z


@compiled
def lay_grid(f, count, periodic, cutoff, fineness, extent, inverse_spacing, reach, num_cells):
    """Number of grid cells and reach of a frame.

    Cells are cut by planes of the lattice along periodic axes, and by planes normal to those and to each other along
    the rest.
    """
    l0, l1, l2 = extent[0] / inverse_spacing[0], extent[1] / inverse_spacing[1], extent[2] / inverse_spacing[2]
    cells_per_cutoff, cells_per_particle = fineness
    per_length, limit = cells_per_cutoff / (cutoff * SLACK), max(cells_per_particle * count, 1.0)
    n0 = min(max(np.floor(l0 * per_length), 1.0), limit)  # a length may be infinite
    n1 = min(max(np.floor(l1 * per_length), 1.0), limit)
    n2 = min(max(np.floor(l2 * per_length), 1.0), limit)
    while n0 * n1 * n2 > limit:
        factor = (n0 * n1 * n2 / limit) ** (-1 / 3)
        n0, n1, n2 = max(np.floor(n0 * factor), 1.0), max(np.floor(n1 * factor), 1.0), max(np.floor(n2 * factor), 1.0)
    for k, n, length in ((0, n0, l0), (1, n1, l1), (2, n2, l2)):
        shifts = np.floor(cutoff * SLACK / (length / n)) + 1
        num_cells[3 * f + k] = int(n)
        reach[3 * f + k] = int(shifts if periodic[3 * f + k] else min(shifts, n - 1))


@compiled
def cell_along(p, k, n, wrapped, reciprocal, low, extent):
    """Grid cell of a particle along axis k."""
    coordinate = (
        wrapped[3 * p] * reciprocal[3 * k]
        + wrapped[3 * p + 1] * reciprocal[3 * k + 1]
        + wrapped[3 * p + 2] * reciprocal[3 * k + 2]
    )
    return min(max(int((coordinate - low[k]) * (n / extent[k])), 0), n - 1)
