"""All pairs within the cutoff, for all frames in one go.

Tiny frames are the common case, and a call per frame would cost more than the search. Frames with the same number of
particles and of image shifts are therefore searched together by trying every pair and image. Frames for which that
would be too much work go to vesin one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.lattice import WrappedParticles, wrap
from anisoap_opt.pairs import Neighborhoods, sort_into_segments

PairArrays = tuple[Ints, Ints, Array, Ints]  # i [pairs], j [pairs], r_ij [pairs, 3], shifts [pairs, 3]

BRUTE_FORCE_CANDIDATES = 1_500_000
"""Frames with more (pair, image) candidates than this go to vesin, one at a time. A call of it costs what 20 000
candidates cost, but loading it loads Torch where that is installed, for seconds; trying this many takes 50 ms."""
SMALLEST_CUTOFF = 1e-5
"""In the batch's unit of length; vesin refuses much smaller ones."""
CHUNK_CANDIDATES = 50_000
"""Candidates tried at once: a few arrays of this length stay in the cache."""


def find_neighborhoods(
    batch: ParticleBatch,
    cutoff_radius: float,
    *,
    self_pairs: bool,
    types: Sequence[int] | None = None,
    centers: Bools | None = None,
    keep_shifts: bool = False,
) -> Neighborhoods:
    """Find all pairs with ‖r_ij‖ < cutoff_radius · (1 - SHELL), images included, and sort them into segments.

    Parameters
    ----------
    batch : ParticleBatch
    cutoff_radius : float
        Between centres, in the batch's unit of length.
    self_pairs : bool
        Whether to add the pair (i, i) at r = 0. A particle's own images always count.
    types : sequence of int, optional
        See `sort_into_segments`.
    centers : ndarray of bool, shape [particles], optional
        Which particles are centres; all by default. The search itself looks at the others too.
    keep_shifts : bool
        Whether the result carries the cell shifts.

    Returns
    -------
    Neighborhoods
    """
    wrapped = wrap(batch, cutoff_radius)
    num_particles = np.diff(batch.offsets)
    candidates = num_particles**2 * (2 * wrapped.reach + 1).prod(axis=1)
    tiny = candidates <= BRUTE_FORCE_CANDIDATES
    found = list(_brute_force(batch, wrapped, self_pairs, np.flatnonzero(tiny & (num_particles > 0))))
    found += [_cell_list(batch, wrapped, frame, self_pairs) for frame in np.flatnonzero(~tiny).tolist()]
    found.append((np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 3)), np.zeros((0, 3), np.int64)))
    i, j, r_ij, shifts = (np.concatenate(parts) for parts in zip(*found, strict=True))
    if centers is not None:
        i, j, r_ij, shifts = (array[centers[i]] for array in (i, j, r_ij, shifts))
    if keep_shifts:
        shifts += wrapped.wraps[i] - wrapped.wraps[j]  # of the positions as given
    return sort_into_segments(batch.types, i, j, r_ij, shifts if keep_shifts else None, types)


def _brute_force(
    batch: ParticleBatch, wrapped: WrappedParticles, self_pairs: bool, frames: Ints
) -> Iterator[PairArrays]:
    """Pairs of many small frames, in groups of equal particle number N and equal reach."""
    by_type = np.lexsort((batch.types, batch.frame_of_particle))  # neighbours of one type come together
    shape = np.column_stack([np.diff(batch.offsets), wrapped.reach])[frames]  # [frames, 4]
    order = np.lexsort(shape.T)
    ends = np.flatnonzero(np.any(np.diff(shape[order], axis=0) != 0, axis=1)) + 1
    for group in np.split(order, ends) if len(order) else []:
        size, *reach = shape[group[0]].tolist()
        grid = np.stack(np.meshgrid(*(np.arange(-k, k + 1) for k in reach), indexing="ij"), axis=-1).reshape(-1, 3)
        step = max(1, CHUNK_CANDIDATES // (size**2 * len(grid)))  # frames at once
        rows = max(1, CHUNK_CANDIDATES // (size * len(grid)))  # centres at once
        for first in range(0, len(group), step):
            chosen = frames[group[first : first + step]]
            particles = by_type[batch.offsets[chosen][:, None] + np.arange(size)]  # [frames, N]
            x = np.moveaxis(wrapped.positions[particles], 2, 0)  # [3, frames, N]
            images = np.moveaxis(grid @ wrapped.cells[chosen], 2, 0)  # [3, frames, images]
            for row in range(0, size, rows):
                centers = np.arange(row, min(row + rows, size))
                vectors = (x[:, :, None, :] - x[:, :, centers, None])[..., None] + images[:, :, None, None, :]
                distances2 = np.einsum("cfijs,cfijs->fijs", vectors, vectors)
                if not self_pairs:
                    distances2[:, centers - row, centers, len(grid) // 2] = np.inf
                f, a, b, s = np.nonzero(distances2 < wrapped.cutoff**2)
                yield particles[f, a + row], particles[f, b], vectors[:, f, a, b, s].T, grid[s]


def _cell_list(batch: ParticleBatch, wrapped: WrappedParticles, frame: int, self_pairs: bool) -> PairArrays:
    """Pairs of one large frame, by vesin."""
    from vesin import NeighborList  # imported here: it loads torch where that is installed

    first, last = batch.offsets[frame : frame + 2]
    engine = NeighborList(cutoff=max(wrapped.cutoff, SMALLEST_CUTOFF), full_list=True)
    i, j, r_ij, shifts = engine.compute(
        wrapped.positions[first:last], wrapped.cells[frame], batch.pbc[frame].tolist(), quantities="ijDS"
    )
    if wrapped.cutoff < SMALLEST_CUTOFF:
        inside = np.einsum("pk,pk->p", r_ij, r_ij) < wrapped.cutoff**2
        i, j, r_ij, shifts = i[inside], j[inside], r_ij[inside], shifts[inside]
    if self_pairs:
        own = np.arange(last - first)
        i, j = np.concatenate([i, own]), np.concatenate([j, own])
        r_ij = np.concatenate([r_ij, np.zeros((len(own), 3))])
        shifts = np.concatenate([shifts, np.zeros((len(own), 3), shifts.dtype)])
    order = np.lexsort((*shifts.T, j, i))  # vesin promises no order
    return (
        i[order].astype(np.int64) + first,
        j[order].astype(np.int64) + first,
        r_ij[order],
        shifts[order].astype(np.int64),
    )
