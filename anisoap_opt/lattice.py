"""Periodic images: wrapped positions and how many image shifts a cutoff reaches, for all frames at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.frames import ParticleBatch

SHELL = 1e-9
"""A pair is inside if it is closer than (1 - SHELL) times the cutoff. In a perfect crystal whose lattice constant is
the cutoff, rounding alone would else take some of many equal pairs."""


LARGEST_IMAGES = 1e6
"""A cutoff of fifty cells in each direction; more is a mistake, or would take all memory."""
NEXT, AFTER_NEXT = [1, 2, 0], [2, 0, 1]
"""The axes that follow each one."""


class WrappedParticles(NamedTuple):
    """Particles moved into their cells, and the image shifts that can hold a neighbour.

    Attributes
    ----------
    positions : ndarray, shape [particles, 3]
        In the batch's unit of length; wrapped along periodic axes, untouched along the others.
    wraps : ndarray of int, shape [particles, 3]
        How many cell vectors were subtracted from each position.
    cells : ndarray, shape [frames, 3, 3]
        Cell vectors, zero on non-periodic axes.
    reciprocal : ndarray, shape [frames, 3, 3]
        See `reciprocal_vectors`.
    reach : ndarray of int, shape [frames, 3]
        Every pair within the cutoff has an image shift s with -reach_k ≤ s_k ≤ reach_k.
    cutoff : float
        Every search takes the pairs that are closer than this: the radius asked for, less its SHELL.
    """

    positions: Array
    wraps: Ints
    cells: Array
    reciprocal: Array
    reach: Ints
    cutoff: float


def wrap(batch: ParticleBatch, cutoff_radius: float) -> WrappedParticles:
    """Wrap positions into the cells and bound the image shifts.

    The planes of lattice axis k lie h_k = 1/‖b_k‖ apart, b_k the reciprocal vector. Two particles whose fractional
    coordinates differ by at most w_k are within the cutoff only if the shift s_k is at most
    cutoff_radius / h_k + w_k, in either direction.

    Parameters
    ----------
    batch : ParticleBatch
    cutoff_radius : float
        In the batch's unit of length.

    Returns
    -------
    WrappedParticles

    Raises
    ------
    ValueError
        If a cutoff reaches absurdly many images.
    """
    cells = np.where(batch.pbc[:, :, None], batch.cells, 0.0)
    reciprocal = reciprocal_vectors(cells, batch.pbc)
    of_lattice = np.where(batch.pbc[:, :, None], reciprocal, 0.0)  # rows b_k
    frame = batch.frame_of_particle
    fractional = np.einsum("pc,pkc->pk", batch.positions, of_lattice[frame])
    wraps = np.floor(fractional)
    positions = batch.positions - np.einsum("pk,pkc->pc", wraps, cells[frame])

    spread = np.zeros((batch.num_frames, 3))
    filled = np.flatnonzero(np.diff(batch.offsets))
    if len(filled):
        first = batch.offsets[filled]
        inside = fractional - wraps
        spread[filled] = np.maximum.reduceat(inside, first) - np.minimum.reduceat(inside, first)
    spacing_inverse = np.linalg.norm(of_lattice, axis=2)  # [frames, 3]; 0 on non-periodic axes
    reach = np.where(batch.pbc, np.floor(cutoff_radius * spacing_inverse + spread + 1e-9), 0)
    refuse_too_many_images(reach)
    return WrappedParticles(
        positions, wraps.astype(np.int64), cells, reciprocal, reach.astype(np.int64), cutoff_radius * (1 - SHELL)
    )


def refuse_too_many_images(reach: Array) -> None:
    """Raise a ValueError if a cutoff reaches absurdly many images of some frame's cell; `reach` is [frames, 3]."""
    images = (2 * reach + 1).prod(axis=1)
    if images.max(initial=0) > LARGEST_IMAGES:
        worst = int(np.argmax(images))
        raise ValueError(
            f"frame {worst}: the cutoff reaches {images[worst]:.1e} images of its cell; are both in one unit of length?"
        )


def patterns(pbc: Bools) -> Iterator[tuple[Bools, Ints]]:
    """Group frames by their periodic axes: each pattern [3] that occurs, and the frames that have it."""
    code = pbc @ np.array([4, 2, 1])  # np.unique over rows would sort thousands of them
    for number in np.flatnonzero(np.bincount(code, minlength=8)):
        yield np.array([number & 4, number & 2, number & 1], dtype=bool), np.flatnonzero(code == number)


def reciprocal_vectors(cells: Array, pbc: Bools) -> Array:
    """Reciprocal vectors of every frame, rows b_k with a_k · b_l = δ_kl.

    Parameters
    ----------
    cells : ndarray, shape [frames, 3, 3]
        Zero on non-periodic axes, where vectors normal to the periodic ones and to each other stand in.
    pbc : ndarray of bool, shape [frames, 3]

    Returns
    -------
    ndarray, shape [frames, 3, 3]
        Its inverse.
    """
    full = cells.copy()
    for pattern, rows in patterns(pbc):
        missing = np.flatnonzero(~pattern)
        if len(missing) == 3:
            full[rows] = np.eye(3)
        if len(missing) == 2:  # any vector that is not parallel to the periodic one: its smallest axis
            kept = full[rows, np.flatnonzero(pattern)[0]]
            full[rows, missing[0]] = np.cross(kept, np.eye(3)[np.argmin(np.abs(kept), axis=1)])
        if len(missing) in (1, 2):
            normal = np.cross(full[rows, (missing[-1] + 1) % 3], full[rows, (missing[-1] + 2) % 3])
            full[rows, missing[-1]] = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    b, c = full[:, NEXT], full[:, AFTER_NEXT]  # [frames, k, component]
    crosses = b[:, :, NEXT] * c[:, :, AFTER_NEXT] - b[:, :, AFTER_NEXT] * c[:, :, NEXT]  # as np.cross, many at once
    volume = np.einsum("fc,fc->f", full[:, 0], crosses[:, 0])
    return np.asarray(crosses / volume[:, None, None])
