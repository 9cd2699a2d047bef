"""What the compiled neighbour search needs to know: which frames get a grid, and where each particle lies in it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.kernels.numba.jit import entry_point
from anisoap_opt.kernels.numba.search import SCRATCH
from anisoap_opt.lattice import WrappedParticles

IMAGE_CANDIDATES = 2000
"""Particles times images above which a grid is quicker than trying them all."""
GRID_PARTICLES = 32
"""Frames with no more particles than this are never searched by grid, but if they have too many images."""
CELLS_PER_CUTOFF = 1
"""The cutoff divided by this is the smallest width of a grid cell."""
CELLS_PER_PARTICLE = 2
"""Wider cells are used where there would be more of them than this."""
SLACK = 1 + 1e-7
"""Keeps rounding errors of grid coordinates away from the cells' faces."""


class Scene(NamedTuple):
    """What is searched. Positions are wrapped; the grid's particles are sorted by frame and grid cell."""

    offsets: Ints  # [frames + 1], first particle of each frame
    frame: Ints  # [particles]
    code: Ints  # [particles], type as 0 … types - 1
    positions: Array  # [particles, 3]
    cells: Array  # [frames, 3, 3], zero on axes that are not periodic
    periodic: Ints  # [frames, 3], 0 or 1
    reach: Ints  # [frames, 3], largest image shift, or largest distance in grid cells
    num_cells: Ints  # [frames, 3], of the grid; 0 if the frame is searched by images
    bin: Ints  # [particles], grid cell
    first_bin: Ints  # [frames + 1], where a frame's entries in `starts` begin
    starts: Ints  # where the particles of each grid cell begin in the sorted arrays, and one end per frame
    order: Ints  # [particles], the sorted particles
    sorted_code: Ints  # [particles], their types
    x: Array  # [particles], their positions
    y: Array
    z: Array


def make_scene(batch: ParticleBatch, wrapped: WrappedParticles, code: Ints) -> Scene:
    """Decide for each frame how it is searched, and sort the particles of large frames into a grid.

    Parameters
    ----------
    batch : ParticleBatch
    wrapped : WrappedParticles
    code : ndarray of int, shape [particles]
        Type of each particle as 0, 1, ….

    Returns
    -------
    Scene
    """
    num_particles, frame = np.diff(batch.offsets), batch.frame_of_particle
    images = (2 * wrapped.reach + 1).prod(axis=1)
    crowded = (num_particles * images > IMAGE_CANDIDATES) & (num_particles > GRID_PARTICLES)
    large = np.flatnonzero(crowded | (images > SCRATCH))
    reach, num_cells = wrapped.reach.copy(), np.zeros_like(wrapped.reach)
    inside = np.flatnonzero(np.isin(frame, large)) if len(large) < batch.num_frames else np.arange(len(frame))
    bins = np.zeros(len(frame), dtype=np.int64)
    if len(inside):
        owner = np.searchsorted(large, frame[inside])  # [particles inside]
        bins[inside], num_cells[large], reach[large] = _grid(
            wrapped.positions[inside], owner, wrapped.reciprocal[large], batch.pbc[large], wrapped.cutoff
        )
    bins_of_frame = np.where(num_cells[:, 0] > 0, num_cells.prod(axis=1) + 1, 0)
    first_bin = np.concatenate([[0], np.cumsum(bins_of_frame)])
    sorted_size = len(frame) if len(inside) else 0
    x, y, z = np.zeros((3, sorted_size))
    scene = Scene(
        offsets=batch.offsets,
        frame=frame,
        code=code,
        positions=wrapped.positions,
        cells=wrapped.cells,
        periodic=batch.pbc.astype(np.int64),
        reach=reach,
        num_cells=num_cells,
        bin=bins,
        first_bin=first_bin,
        starts=np.empty(first_bin[-1], np.int64),
        order=np.arange(len(frame)),
        sorted_code=code.copy(),
        x=x,
        y=y,
        z=z,
    )
    sort_into_grid(scene, large[num_particles[large] > 0])
    return scene


def candidates_per_center(scene: Scene) -> Ints:
    """Work that a centre of each frame is, roughly: candidates tried plus runs of cells visited, shape [frames]."""
    num_particles = np.diff(scene.offsets)
    volume = (2 * scene.reach + 1).prod(axis=1)
    cells = np.maximum(scene.num_cells.prod(axis=1), 1)
    return num_particles * volume // cells + 1


def _grid(positions: Array, owner: Ints, reciprocal: Array, periodic: Bools, cutoff: float) -> tuple[Ints, Ints, Ints]:
    """Grid cell of each particle, number of cells and reach of each frame.

    Cells are cut by planes of the lattice along periodic axes, and by planes normal to those and to each other along
    the rest.

    Parameters
    ----------
    positions : ndarray, shape [particles, 3]
    owner : ndarray of int, shape [particles]
        Frame of each particle, ascending.
    reciprocal, periodic : ndarray, shapes [frames, 3, 3], [frames, 3]
    cutoff : float

    Returns
    -------
    bins : ndarray of int, shape [particles]
    num_cells, reach : ndarray of int, shape [frames, 3]
    """
    coordinates = np.einsum("pc,pkc->pk", positions, reciprocal[owner])
    low, extent = np.zeros((len(reciprocal), 3)), np.ones((len(reciprocal), 3))
    count = np.bincount(owner, minlength=len(reciprocal))
    filled = np.flatnonzero(count)
    first = (np.cumsum(count) - count)[filled]
    lowest = np.minimum.reduceat(coordinates, first)
    spread = np.maximum.reduceat(coordinates, first) - lowest
    low[filled] = np.where(periodic[filled], 0.0, lowest)
    extent[filled] = np.where(periodic[filled], 1.0, np.maximum(spread, 1e-3))

    lengths = extent / np.linalg.norm(reciprocal, axis=2)  # Å, between the outermost planes
    num_cells = np.maximum(np.floor(lengths * CELLS_PER_CUTOFF / (cutoff * SLACK)), 1)
    limit = np.maximum(CELLS_PER_PARTICLE * count, 1)[:, None]
    while (excess := num_cells.prod(axis=1, keepdims=True) / limit).max() > 1:
        num_cells = np.where(excess > 1, np.maximum(np.floor(num_cells * excess ** (-1 / 3)), 1), num_cells)
    reach = np.floor(cutoff * SLACK / (lengths / num_cells)) + 1

    reach = np.where(periodic, reach, np.minimum(reach, num_cells - 1)).astype(np.int64)

    num_cells = num_cells.astype(np.int64)
    place = ((coordinates - low[owner]) * (num_cells / extent)[owner]).astype(np.int64)
    place = np.clip(place, 0, num_cells[owner] - 1)
    bins = (place[:, 0] * num_cells[owner, 1] + place[:, 1]) * num_cells[owner, 2] + place[:, 2]
    return bins, num_cells, reach


@entry_point
def sort_into_grid(scene: Any, frames: Any) -> None:
    """Fill `starts` and the sorted arrays of some frames by counting."""
    for f in frames:
        size = scene.num_cells[f, 0] * scene.num_cells[f, 1] * scene.num_cells[f, 2]
        first, last = scene.first_bin[f], scene.first_bin[f] + size
        scene.starts[first : last + 1] = 0
        for p in range(scene.offsets[f], scene.offsets[f + 1]):
            scene.starts[first + scene.bin[p]] += 1
        end = scene.offsets[f + 1]
        scene.starts[last] = end
        for b in range(last - 1, first - 1, -1):  # a start is first its end, and falls with each particle
            count = scene.starts[b]
            scene.starts[b] = end
            end -= count
        for p in range(scene.offsets[f + 1] - 1, scene.offsets[f] - 1, -1):
            b = first + scene.bin[p]
            scene.starts[b] -= 1
            place = scene.starts[b]
            scene.order[place] = p
            scene.sorted_code[place] = scene.code[p]
            scene.x[place] = scene.positions[p, 0]
            scene.y[place] = scene.positions[p, 1]
            scene.z[place] = scene.positions[p, 2]
