"""Which particles are centres, and a word where none of them has a neighbour."""

from __future__ import annotations

from typing import Any

import numpy as np

from anisoap_opt import checks
from anisoap_opt.arrays import Bools
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.lattice import SHELL
from anisoap_opt.neighbors import find_neighborhoods
from anisoap_opt.pairs import Neighborhoods

DOUBLINGS = 20
"""How often the radius is doubled before all particles of a frame are tried."""


def choose_centers(batch: ParticleBatch, centers: Any) -> Bools | None:
    """Which particles a caller wants as centres.

    Parameters
    ----------
    batch : ParticleBatch
    centers : None, sequence of int, or sequence of array_like
        None for all; atomic numbers; or for each frame a mask [particles of the frame] or indices within the frame.

    Returns
    -------
    ndarray of bool, shape [particles], or None for all

    Raises
    ------
    TypeError, ValueError
        If it is none of these; the message names the frame.
    """
    if centers is None:
        return None
    try:
        entries = list(centers)
    except TypeError:
        raise TypeError(f"centers must be types, or a mask or indices for each frame, got {centers!r}") from None
    if entries and all(np.ndim(entry) == 0 for entry in entries):
        return np.isin(batch.types, [checks.natural("centers", entry) for entry in entries])
    if len(entries) != batch.num_frames:
        raise ValueError(f"centers has entries for {len(entries)} frames, and there are {batch.num_frames}")
    chosen = np.zeros(len(batch.types), dtype=bool)
    for frame, entry in enumerate(entries):
        own = chosen[batch.offsets[frame] : batch.offsets[frame + 1]]
        array = np.asarray(entry)
        if array.shape == (0,):
            continue
        if array.dtype == bool and array.shape == own.shape:
            own[:] = array
        elif array.dtype.kind in "iu" and array.ndim == 1 and array.min() >= 0 and array.max() < len(own):
            own[array] = True
        else:
            raise ValueError(
                f"frame {frame}: centers must be a mask of {len(own)} particles or indices below that, got {entry!r}"
            )
    return chosen


def warn_if_isolated(
    batch: ParticleBatch,
    neighborhoods: Neighborhoods,
    centers: Bools | None,
    cutoff_radius: float,
    *,
    self_pairs: bool,
    length: float,
) -> None:
    """Warn if no centre has a neighbour although its frame has other particles or images: the cutoff is too small.

    Parameters
    ----------
    batch, neighborhoods, self_pairs
        Of one calculation.
    centers : ndarray of bool, shape [particles], or None
    cutoff_radius : float
        In the batch's unit of length.
    length : float
        This unit, Å.
    """
    num_centers = len(batch.types) if centers is None else int(np.count_nonzero(centers))
    if neighborhoods.pairs.start[-1] > (num_centers if self_pairs else 0):
        return
    shortest = _shortest_distance(batch, centers, cutoff_radius)
    if shortest is not None:
        checks.warn(
            f"no centre has a neighbour within cutoff_radius={cutoff_radius * length:.6g}: "
            f"the shortest distance to another particle or image is {shortest * length:.6g}"
        )


def _shortest_distance(batch: ParticleBatch, centers: Bools | None, radius: float) -> float | None:
    """Distance of the nearest neighbour of any centre, known to be at least `radius`; None if there is no neighbour."""
    own = np.arange(len(batch.types)) if centers is None else np.flatnonzero(centers)
    frame = batch.frame_of_particle[own]
    first, last = batch.offsets[frame], batch.offsets[frame + 1] - 1
    other = np.where(own == first, last, first)  # some particle of the same frame
    to_other = np.linalg.norm(batch.positions[own] - batch.positions[other], axis=1)[own != other]
    to_image = np.linalg.norm(batch.cells[frame], axis=2)[batch.pbc[frame]]
    bound = min(to_other.min(initial=np.inf), to_image.min(initial=np.inf))
    if not np.isfinite(bound):
        return None
    for doubling in range(1, DOUBLINGS + 1):
        radius = 2 * radius if doubling < DOUBLINGS and 2 * radius < bound else bound * (1 + 2 * SHELL)
        found = find_neighborhoods(batch, radius, self_pairs=False, centers=centers).pairs
        if len(found.j):
            return float(np.linalg.norm(found.r_ij, axis=1).min())
    return float(bound)
