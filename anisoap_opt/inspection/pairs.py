"""Pairs with their centres, as looking at distances needs them; a part of a large frame."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.neighbors import find_neighborhoods


class FoundPairs(NamedTuple):
    """Pairs within a radius; each is there from both of its ends.

    Attributes
    ----------
    i, j : ndarray of int, shape [pairs]
        Particles; j may stand for an image.
    r_ij : ndarray, shape [pairs, 3]
        Å.
    """

    i: Ints
    j: Ints
    r_ij: Array


def find_pairs(batch: ParticleBatch, radius: float, centers: Bools | None = None) -> FoundPairs:
    """Pairs of different particles, or of a particle and its own images, that are closer than a radius, Å."""
    found = find_neighborhoods(batch, radius, self_pairs=False, centers=centers)
    owners = [np.repeat(block.centers, len(block.neighbor_types)) for block in found.blocks]
    i = np.repeat(np.concatenate([np.zeros(0, np.int64), *owners]), np.diff(found.pairs.start))
    return FoundPairs(i, found.pairs.j, found.pairs.r_ij)


def part_of_frame(batch: ParticleBatch, num_centers: int, cutoff_radius: float) -> tuple[ParticleBatch, Bools]:
    """Of one large frame the particles around one of them, with all their neighbours.

    Parameters
    ----------
    batch : ParticleBatch
        Of one frame with more particles than `num_centers`.
    num_centers : int
    cutoff_radius : float
        Å.

    Returns
    -------
    ParticleBatch
        In the same cell.
    centers : ndarray of bool, shape [particles]
        The particles that were asked for; the others are there as neighbours.
    """
    middle = len(batch.positions) // 2
    r = batch.positions - batch.positions[middle]
    axes = batch.pbc[0]
    if axes.any():  # the nearest image, in lattice coordinates
        cell = batch.cells[0][axes]
        r = r - np.round(r @ np.linalg.pinv(cell)) @ cell
    distance = np.linalg.norm(r, axis=1)
    radius = float(np.partition(distance, num_centers - 1)[num_centers - 1])
    near = distance <= radius + cutoff_radius
    part = replace(
        batch,
        positions=batch.positions[near],
        types=batch.types[near],
        rotations=batch.rotations[near],
        semiaxes=batch.semiaxes[near],
        offsets=np.array([0, np.count_nonzero(near)]),
    )
    return part, distance[near] <= radius
