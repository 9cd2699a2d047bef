"""Distances between particles, against the cutoff and against the distance at which ellipsoids touch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Array, Bools
from anisoap_opt.centers import shortest_distance
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.inspection.contact import distance_over_contact
from anisoap_opt.inspection.pairs import FoundPairs, find_pairs, part_of_frame

LARGE = 20_000
"""Of a frame with more particles, so many centres that lie together are looked at."""
AT_CUTOFF = 1e-6
"""Pairs whose distance differs from the cutoff by less than this part of it: six decimals do not tell on which side."""
_SHELL = 0.1
"""The outermost part of the cutoff, whose pairs say how many to expect at the cutoff."""


class Distances(NamedTuple):
    """Distances of the frames that were looked at.

    Attributes
    ----------
    centers : int
        How many particles were looked at.
    pairs : int
        Within the cutoff, each from both of its ends.
    mean : float
        Distance of all pairs within the cutoff, Å.
    neighbors : ndarray of int, shape [centers]
        How many each centre has.
    nearest : ndarray, shape [centers with neighbours]
        Distance of the nearest one, Å.
    contact : ndarray, shape [centers with neighbours]
        Distance at which the centre and its nearest neighbour would touch, along the line that joins them, Å.
    overlapping : int
        Centres that overlap with a neighbour.
    closest : float
        The least ratio of distance and contact distance of all pairs; infinite if there are none.
    at_cutoff : int
        Pairs, each counted once, that rounding might put on either side of the cutoff.
    expected_at_cutoff : float
        How many a smooth density would have there.
    isolated : int
        Centres without a neighbour, in frames where there are other particles or images.
    shortest : float or None
        If no centre has a neighbour, the shortest distance to another particle or image.
    sample : ndarray
        Some of the distances within the cutoff, Å, for a histogram.
    """

    centers: int
    pairs: int
    mean: float
    neighbors: Any
    nearest: Array
    contact: Array
    overlapping: int
    closest: float
    at_cutoff: int
    expected_at_cutoff: float
    isolated: int
    shortest: float | None
    sample: Array


def look_at_distances(batch: ParticleBatch, cutoff_radius: float) -> Distances:
    """All distances within the cutoff; of large frames those around some of their particles.

    Parameters
    ----------
    batch : ParticleBatch
    cutoff_radius : float
        Å.

    Returns
    -------
    Distances
    """
    batch, centers = _small_enough(batch, cutoff_radius)
    beyond = find_pairs(batch, cutoff_radius * (1 + 2 * AT_CUTOFF), centers)
    r = np.linalg.norm(beyond.r_ij, axis=1)
    inside = r < cutoff_radius
    at_cutoff = int((np.abs(r - cutoff_radius) < AT_CUTOFF * cutoff_radius).sum())
    in_shell = int((inside & (r > (1 - _SHELL) * cutoff_radius)).sum())
    pairs, r = FoundPairs(*(array[inside] for array in beyond)), r[inside]
    nearest, contact, overlapping, closest = _contacts(batch, pairs, r)
    neighbors = np.bincount(pairs.i, minlength=len(batch.types))[centers]
    alone = np.repeat((np.diff(batch.offsets) == 1) & ~batch.pbc.any(axis=1), np.diff(batch.offsets))[centers]
    none = not len(r) and bool(len(neighbors))
    return Distances(
        centers=len(neighbors),
        pairs=len(r),
        mean=float(r.mean()) if len(r) else np.nan,
        neighbors=neighbors,
        nearest=nearest,
        contact=contact,
        overlapping=overlapping,
        closest=closest,
        at_cutoff=at_cutoff // 2,
        expected_at_cutoff=in_shell * 2 * AT_CUTOFF / _SHELL / 2,
        isolated=int(((neighbors == 0) & ~alone).sum()),
        shortest=shortest_distance(batch, centers) if none else None,
        sample=r[:: max(1, len(r) // 200_000)],
    )


def _small_enough(batch: ParticleBatch, cutoff_radius: float) -> tuple[ParticleBatch, Bools]:
    """The frames, of larger ones a part, and which of their particles are centres [particles]."""
    counts = np.diff(batch.offsets)
    if counts.max(initial=0) <= LARGE:
        return batch, np.ones(len(batch.types), dtype=bool)
    parts = []
    for frame, count in enumerate(counts.tolist()):
        one = batch.part(frame, frame + 1)
        large = count > LARGE
        parts.append(part_of_frame(one, LARGE, cutoff_radius) if large else (one, np.ones(count, dtype=bool)))
    batches, centers = zip(*parts, strict=True)
    return ParticleBatch.joined(batches), np.concatenate(centers)


def _contacts(batch: ParticleBatch, pairs: FoundPairs, r: Array) -> tuple[Array, Array, int, float]:
    """Of each centre that has a neighbour: distance of the nearest, contact distance; overlaps; the least ratio."""
    if not len(r):
        return r, r, 0, np.inf
    order = np.lexsort((r, pairs.i))
    is_nearest = np.zeros(len(r), dtype=bool)
    is_nearest[order[np.diff(pairs.i[order], prepend=-1) > 0]] = True
    longest = batch.semiaxes.max(axis=1)
    chosen = np.flatnonzero(is_nearest | (r < longest[pairs.i] + longest[pairs.j]))
    chosen = chosen[r[chosen] > 0]
    i, j = pairs.i[chosen], pairs.j[chosen]
    ratio = np.full(len(r), np.inf)
    for first in range(0, len(chosen), 100_000):
        part = slice(first, first + 100_000)
        ratio[chosen[part]] = distance_over_contact(
            pairs.r_ij[chosen[part]], batch.rotations[i[part]], batch.rotations[j[part]],
            batch.semiaxes[i[part]], batch.semiaxes[j[part]],
        )  # fmt: skip
    overlapping = np.unique(pairs.i[(ratio < 1) | (r == 0)])
    apart = is_nearest & (r > 0)
    return r[is_nearest], r[apart] / ratio[apart], len(overlapping), float(ratio.min()) if r.min() > 0 else 0.0
