"""Which particles are centres, and a word where none of them has a neighbour."""

from __future__ import annotations

from typing import Any

import numpy as np

from anisoap_opt import checks
from anisoap_opt.arrays import Bools
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.lattice import SHELL, wrap
from anisoap_opt.neighbors import find_neighborhoods


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
        try:
            chosen = np.isin(batch.types, [checks.natural("centers", entry) for entry in entries])
        except (TypeError, ValueError):
            raise TypeError(f"centers must be types, or a mask or indices for each frame, got {centers!r}") from None
        if not chosen.any() and len(batch.types):
            raise ValueError(
                f"centers={centers!r}: no particle is of these types; for indices write a list for each frame, [[0, 3]]"
            )
        return chosen
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
    num_pairs: int,
    centers: Bools | None,
    cutoff_radius: float,
    *,
    self_pairs: bool,
    length: float,
) -> None:
    """Warn if no centre has a neighbour although its frame has other particles or images: the cutoff is too small.

    Parameters
    ----------
    batch : ParticleBatch
    num_pairs : int
        Of all centres.
    self_pairs : bool
        Whether those with themselves are among them.
    centers : ndarray of bool, shape [particles], or None
    cutoff_radius : float
        In the batch's unit of length.
    length : float
        This unit, Å.
    """
    num_centers = len(batch.types) if centers is None else int(np.count_nonzero(centers))
    if num_pairs > (num_centers if self_pairs else 0):
        return
    shortest = shortest_distance(batch, centers)
    if shortest is not None:
        checks.warn(
            f"no centre has a neighbour within cutoff_radius={cutoff_radius * length:.6g}: "
            f"the shortest distance to another particle or image is {shortest * length:.6g}"
        )


def shortest_distance(batch: ParticleBatch, centers: Bools | None) -> float | None:
    """Distance of the nearest neighbour of any centre; None if there is no other particle and no image."""
    from scipy.spatial import cKDTree  # imported here: it takes long

    chosen = np.ones(len(batch.types), dtype=bool) if centers is None else centers
    positions = wrap(batch, 0.0).positions
    bound = np.inf  # of the images and of the other particles as they lie in their cells
    for frame in np.unique(batch.frame_of_particle[chosen]).tolist():
        inside = slice(batch.offsets[frame], batch.offsets[frame + 1])
        lengths = np.linalg.norm(batch.cells[frame], axis=1)[batch.pbc[frame]]
        bound = min(bound, lengths.min(initial=np.inf))
        nearest, _ = cKDTree(positions[inside]).query(positions[inside][chosen[inside]], k=2)
        bound = min(bound, nearest[:, 1].min())
    if not np.isfinite(bound):
        return None
    r_ij = find_neighborhoods(batch, bound * (1 + 3 * SHELL), self_pairs=False, centers=centers).pairs.r_ij
    return float(np.linalg.norm(r_ij, axis=1).min(initial=bound))
