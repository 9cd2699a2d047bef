"""All pairs within the cutoff, for all frames in one go.

Tiny frames are the common case, and a call per frame would cost more than the search. Frames with the same number of
particles and of image shifts are therefore searched together by trying every pair and image. Frames for which that
would be too much work are searched one at a time, by trees of their particles and images. Both ways take the same
pairs, to the last bit of a distance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.lattice import WrappedParticles, wrap
from anisoap_opt.pairs import Neighborhoods, sort_into_segments

PairArrays = tuple[Ints, Ints, Array, Ints]  # i [pairs], j [pairs], r_ij [pairs, 3], shifts [pairs, 3]

BRUTE_FORCE_CANDIDATES = 20_000
"""Frames with more (pair, image) candidates than this get trees: about what the trees of such a frame cost."""
FARTHEST = 1e100
"""Coordinates that a tree gets: their squares are finite. Farther particles are put here, and looked at afterwards."""
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
    found += [_trees(batch, wrapped, frame, self_pairs) for frame in np.flatnonzero(~tiny).tolist()]
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
        grid = _shifts_within(reach)
        step = max(1, CHUNK_CANDIDATES // (size**2 * len(grid)))  # frames at once
        rows = max(1, CHUNK_CANDIDATES // (size * len(grid)))  # centres at once
        for first in range(0, len(group), step):
            chosen = frames[group[first : first + step]]
            particles = by_type[batch.offsets[chosen][:, None] + np.arange(size)]  # [frames, N]
            x = np.moveaxis(wrapped.positions[particles], 2, 0)  # [3, frames, N]
            images = _translations(grid, wrapped.cells[chosen])  # [3, frames, images]
            for row in range(0, size, rows):
                centers = np.arange(row, min(row + rows, size))
                vectors = (x[:, :, None, :] - x[:, :, centers, None])[..., None] + images[:, :, None, None, :]
                inside = _is_shorter(vectors, wrapped.cutoff)  # [frames, centers, N, images]
                if not self_pairs:
                    inside[:, centers - row, centers, len(grid) // 2] = False
                f, a, b, s = np.nonzero(inside)
                yield particles[f, a + row], particles[f, b], vectors[:, f, a, b, s].T, grid[s]


def _trees(batch: ParticleBatch, wrapped: WrappedParticles, frame: int, self_pairs: bool) -> PairArrays:
    """Pairs of one larger frame: each is found once, from one of its ends, by a tree of all that can be there.

    A pair becomes one integer, the places of centre, neighbour and image shift one after the other in its bits. So does
    the same pair seen from its other end. Sorted, they are in order, and say everything.
    """
    from scipy.spatial import cKDTree  # imported here: it takes longer than all the rest of the package

    first, last = batch.offsets[frame : frame + 2]
    particles = first + np.argsort(batch.types[first:last], kind="stable")  # neighbours of one type come together
    x = wrapped.positions[particles]
    grid = _shifts_within(wrapped.reach[frame].tolist())
    translations = _translations(grid, wrapped.cells[frame]).T.copy()  # [shifts, 3]

    near_radius = wrapped.cutoff * (1 + 1e-9)  # wider than the cutoff, as rounding must lose no pair
    far_radius = near_radius + 8 * np.finfo(np.float64).eps * (np.abs(x).max() + np.abs(translations).max())
    owner, shift = _images_within(far_radius, x, wrapped, frame)
    tree, of_images = (
        cKDTree(points.clip(-FARTHEST, FARTHEST), balanced_tree=False, compact_nodes=False)
        for points in (x, x[owner] + translations[shift])
    )
    near = tree.query_pairs(near_radius, output_type="ndarray")
    far = tree.sparse_distance_matrix(of_images, far_radius, output_type="ndarray")
    i, j = np.concatenate([near[:, 0], far["i"]]), np.concatenate([near[:, 1], owner[far["j"]]])
    s = np.concatenate([np.full(len(near), len(grid) // 2), shift[far["j"]]])

    of_shift, of_neighbor = (len(grid) - 1).bit_length(), (len(x) - 1).bit_length()
    own = np.arange(len(x) if self_pairs else 0)
    i, j = np.concatenate([i, j, own]), np.concatenate([j, i, own])
    s = np.concatenate([s, len(grid) - 1 - s, np.full(len(own), len(grid) // 2)])
    pairs = (i << of_neighbor | j) << of_shift | s
    pairs.sort()
    s = pairs & ((1 << of_shift) - 1)
    j = pairs >> of_shift & ((1 << of_neighbor) - 1)
    i = pairs >> of_shift >> of_neighbor
    vectors = (x.take(j, axis=0) - x.take(i, axis=0)) + translations.take(s, axis=0)
    inside = _is_shorter(vectors.T, wrapped.cutoff)
    i, j, s = i[inside], j[inside], s[inside]
    return particles.take(i), particles.take(j), vectors.compress(inside, axis=0), grid.take(s, axis=0)


def _images_within(radius: float, x: Array, wrapped: WrappedParticles, frame: int) -> tuple[Ints, Ints]:
    """Images that may be as near as this to a particle in the cell, of each two opposite shifts one.

    In lattice coordinates the particles fill a box. What is farther from it along an axis than the radius over the
    distance of the planes is no such image.

    Returns
    -------
    owner, shift : ndarray of int, shape [images]
        Particle, and place of its shift in `_shifts_within`.
    """
    reach = wrapped.reach[frame]
    fractional = x @ wrapped.reciprocal[frame].T  # [particles, 3]
    margin = radius * np.linalg.norm(wrapped.reciprocal[frame], axis=1) + 1e-9
    lowest = np.maximum(np.ceil(fractional.min(axis=0) - margin - fractional), -reach).astype(np.int64)
    highest = np.minimum(np.floor(fractional.max(axis=0) + margin - fractional), reach).astype(np.int64)
    owner, shift, home = np.arange(len(x)), np.zeros(len(x), np.int64), np.ones(len(x), bool)
    for k in range(3):  # shifts along one axis more; the first that is not zero is positive
        begin = np.where(home, np.maximum(lowest[owner, k], int(k == 2)), lowest[owner, k])
        counts = np.maximum(highest[owner, k] - begin + 1, 0)
        before = np.repeat(np.cumsum(counts) - counts - begin, counts)
        along = np.arange(counts.sum()) - before
        owner, home = np.repeat(owner, counts), np.repeat(home, counts) & (along == 0)
        shift = np.repeat(shift, counts) * (2 * reach[k] + 1) + along + reach[k]
    return owner, shift


def _shifts_within(reach: Sequence[int]) -> Ints:
    """All image shifts up to a reach along each axis, in lexical order, so that opposite ones stand opposite."""
    return np.stack(np.meshgrid(*(np.arange(-k, k + 1) for k in reach), indexing="ij"), axis=-1).reshape(-1, 3)


def _translations(shifts: Ints, cells: Array) -> Array:
    """Vectors of image shifts [shifts, 3] in cells [..., 3, 3]: [3, ..., shifts], those of opposite shifts opposite."""
    vectors = np.moveaxis(cells, -1, 0)[..., None]  # [3, ..., k, 1]
    return np.asarray(
        vectors[..., 0, :] * shifts[:, 0] + vectors[..., 1, :] * shifts[:, 1] + vectors[..., 2, :] * shifts[:, 2]
    )


def _is_shorter(vectors: Array, cutoff: float) -> Bools:
    """Which vectors [3, ...] are shorter than the cutoff, rounded alike whatever else is in the array."""
    x, y, z = vectors
    with np.errstate(over="ignore"):
        return np.asarray(x * x + y * y + z * z < cutoff**2)
