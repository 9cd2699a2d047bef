"""The records of `anisoap_opt.gaussians`, made by a compiled loop: one frame of a few particles is the common call."""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any

import numpy as np

from anisoap_opt import gaussians
from anisoap_opt.arrays import Floats, Ints
from anisoap_opt.kernels.numba.jit import compiled, entry_point
from anisoap_opt.kernels.numba.layout import LINE, WIDE, aligned
from anisoap_opt.kernels.numba.scattered import AHEAD, prefetch
from anisoap_opt.kernels.numba.threads import run_parts

MIN_TASK = 10_000
"""Particles below which a second thread costs more than it saves."""


_product_gaussian = compiled(gaussians.product_gaussian)


def make_gaussians(rotations: Any, semiaxes: Any, precision: float, order: Ints | None = None) -> gaussians.Gaussians:
    """As `Gaussians.of`, by the same formula; of the particles in this order if one is given."""
    rotations, semiaxes = (np.ascontiguousarray(one, dtype=np.float64) for one in (rotations, semiaxes))
    records = np.empty((len(semiaxes), gaussians.RECORD))
    order, s = np.arange(len(semiaxes)) if order is None else order, float(precision)
    places = np.arange(len(order) + 1)
    run_parts(
        lambda first, last: _fill(rotations, semiaxes, s, order[first:last], records[first:last]), places, MIN_TASK
    )
    return gaussians.Gaussians(records, precision)


@entry_point
def _fill(rotations, semiaxes, precision, order, records):
    for place in range(len(order)):
        p, later = order[place], order[min(place + AHEAD, len(order) - 1)]
        prefetch(rotations, 9 * later)
        prefetch(rotations, 9 * later + 8)
        prefetch(semiaxes, 3 * later)
        R = rotations[p]
        rotation = ((R[0, 0], R[0, 1], R[0, 2]), (R[1, 0], R[1, 1], R[1, 2]), (R[2, 0], R[2, 1], R[2, 2]))
        axes = (semiaxes[p, 0], semiaxes[p, 1], semiaxes[p, 2])
        record = _product_gaussian(rotation, axes, precision)
        for k, value in enumerate(record):
            records[place, k] = value


def particle_tables(made: gaussians.Gaussians) -> tuple[Floats, Floats | None]:
    """What the inner loop reads of every particle.

    Parameters
    ----------
    made : Gaussians

    Returns
    -------
    particles : ndarray, shape [(particles + 1) · LINE]
        The last one is that of nobody, all zero.
    roots : ndarray, shape [(particles + 1) · 9], or None
        F, row by row, if one of the particles is so much wider than the basis that K is needed better; see `WIDE`.
    """
    records = np.ascontiguousarray(made.records, np.float64)
    particles = aligned((len(records) + 1) * LINE, np.float64)
    if _fill_lines(records, particles) >= WIDE:
        return particles, None
    return particles, np.append(records[:, gaussians.ROOT], np.zeros(9))


@entry_point
def _fill_lines(records, particles):
    """Write C and w of every particle; returns the smallest eigenvalue of K, the squared length of a column of F."""
    smallest = 1.0
    for p in range(len(records)):
        for k in range(LINE):
            particles[p * LINE + k] = records[p, k] if k <= gaussians.WEIGHT else 0.0
        for k in range(gaussians.WEIGHT + 1, gaussians.WEIGHT + 4):
            x, y, z = records[p, k], records[p, k + 3], records[p, k + 6]
            smallest = min(smallest, x * x + y * y + z * z)
    particles[len(records) * LINE :] = 0
    return smallest
