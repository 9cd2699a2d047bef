"""What the compiled search looks at: wrapped particles of all frames, in an order in which neighbours lie close by.

A particle's *place* is its position in this order. Frames keep theirs. In a frame searched by grid, lines of cells
along the third axis follow each other; in a line one type follows the other, and then the cells, whatever order the
caller had the particles in. So the neighbours of one type in a few cells of a line are a stretch of places. In a small
frame the particles of one type follow each other.
"""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Array, Ints
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.kernels.numba.cells import cell_along, lay_grid, write_reciprocal
from anisoap_opt.kernels.numba.jit import entry_point
from anisoap_opt.kernels.numba.scattered import AHEAD, prefetch
from anisoap_opt.kernels.numba.threads import run_parts
from anisoap_opt.kernels.numba.vectors import LANES
from anisoap_opt.lattice import LARGEST_IMAGES, SHELL, refuse_too_many_images

GRID_PARTICLES = 32
"""Frames with no more particles than this are searched by images, unless there are too many of those."""
MOST_IMAGES = 4096
"""Images of a frame that is searched by images."""
CELLS_PER_CUTOFF = 1
"""The cutoff divided by this is the smallest width of a grid cell."""
CELLS_PER_PARTICLE = 2
"""Wider cells are used where there would be more of them than this."""

MIN_TASK = 20_000
"""Particles below which a second thread costs more than it saves."""


class Scene(NamedTuple):
    """What is searched; arrays of particles are in the order of their places."""

    offsets: Ints  # [frames + 1], first place of each frame
    frame: Ints  # [particles]
    code: Ints  # [particles], type as 0 … types - 1
    x: Array  # [particles + LANES], wrapped
    y: Array
    z: Array
    bin: Ints  # [particles], grid cell and type: (line · types + type) · cells of a line + cell
    order: Ints  # [particles], which particle of the batch this is
    wraps: Ints  # [particles · 3], cell vectors that were subtracted
    cells: Array  # [frames · 9], zero on axes that are not periodic
    periodic: Ints  # [frames · 3], 0 or 1
    reach: Ints  # [frames · 3], largest image shift, or largest distance in grid cells
    num_cells: Ints  # [frames · 3], of the grid; 0 if the frame is searched by images
    first_bin: Ints  # [frames + 1], where a frame's entries in `starts` begin
    starts: Ints  # where the particles of each `bin` begin, and one end per frame


def make_scene(batch: ParticleBatch, code: Ints, num_types: int, cutoff_radius: float) -> tuple[Scene, float]:
    """Wrap particles, decide for each frame how it is searched, and put its particles in order.

    Parameters
    ----------
    batch : ParticleBatch
    code : ndarray of int, shape [particles]
        Type of each particle as 0 … num_types - 1.
    num_types : int
    cutoff_radius : float
        In the batch's unit of length.

    Returns
    -------
    scene : Scene
    cutoff : float
        Every search takes the pairs that are closer than this.

    Raises
    ------
    ValueError
        If a cutoff reaches absurdly many images.
    """
    num_particles, num_frames, cutoff = len(code), batch.num_frames, cutoff_radius * (1 - SHELL)
    wide_reach = np.zeros((num_frames, 3))
    counts = np.zeros((2, 3 * num_frames), np.int64)
    reach, num_cells, first_bin = *counts, np.zeros(num_frames + 1, np.int64)
    cells, periodic = batch.cells.astype(np.float64).reshape(-1), batch.pbc.astype(np.int64).reshape(-1)
    offsets = np.ascontiguousarray(batch.offsets, np.int64)
    positions = np.ascontiguousarray(batch.positions, np.float64).reshape(-1)
    wrapped, wraps, bins = np.empty_like(positions), np.empty(3 * num_particles, np.int64), np.empty_like(code)
    limits = (GRID_PARTICLES, MOST_IMAGES, (float(CELLS_PER_CUTOFF), float(CELLS_PER_PARTICLE)))
    if survey(
        offsets, positions, code, num_types, (float(cutoff_radius), cutoff), limits, cells, periodic, wrapped, wraps,
        bins, wide_reach.reshape(-1), reach, num_cells, first_bin,
    ):  # fmt: skip
        refuse_too_many_images(wide_reach)
    scene = Scene(
        offsets=offsets,
        frame=np.empty_like(code),
        code=np.empty_like(code),
        x=np.zeros(num_particles + LANES),
        y=np.zeros(num_particles + LANES),
        z=np.zeros(num_particles + LANES),
        bin=np.empty_like(code),
        order=np.empty_like(code),
        wraps=np.empty_like(wraps),
        cells=cells,
        periodic=periodic,
        reach=reach,
        num_cells=num_cells,
        first_bin=first_bin,
        starts=np.empty(first_bin[-1], np.int64),
    )
    put_in_order(scene, num_types, bins)
    run_parts(
        lambda first, last: copy_in_order(scene, first, last, code, wrapped, wraps, bins),
        np.arange(num_particles + 1),
        MIN_TASK,
    )
    return scene, cutoff


@entry_point
def survey(
    offsets: Any,
    positions: Any,
    code: Any,
    num_types: Any,
    cutoffs: Any,
    limits: Any,
    cells: Any,
    periodic: Any,
    wrapped: Any,
    wraps: Any,
    bins: Any,
    wide_reach: Any,
    reach: Any,
    num_cells: Any,
    first_bin: Any,
) -> bool:
    """Wrap all particles, and lay a grid into each large frame; the formulas are those of `anisoap_opt.lattice.wrap`.

    Parameters
    ----------
    offsets, positions, code, num_types
        As for `make_scene`; positions [particles · 3].
    cutoffs : tuple
        The radius asked for, and the one of the search.
    limits : tuple
        GRID_PARTICLES, MOST_IMAGES, and CELLS_PER_CUTOFF with CELLS_PER_PARTICLE.
    cells, periodic
        As in `Scene`; what stands on axes that are not periodic is set to zero.
    wrapped, wraps, bins
        Written: positions [particles · 3], cell vectors subtracted, and `Scene.bin` or, in a small frame, type.
    wide_reach : ndarray, shape [frames · 3]
        Written: image shifts within reach.
    reach, num_cells, first_bin
        Written, see `Scene`.

    Returns
    -------
    bool
        Whether some frame has too many images to go on.
    """
    radius, cutoff = cutoffs
    grid_particles, most_images, fineness = limits
    full, reciprocal, low, extent = np.empty(12), np.empty(9), np.empty(3), np.empty(3)
    inverse_spacing, first_bin[0] = np.empty(3), 0
    for f in range(len(offsets) - 1):
        first, last = offsets[f], offsets[f + 1]
        for k in range(9):
            cells[9 * f + k] = cells[9 * f + k] if periodic[3 * f + k // 3] else 0.0
        write_reciprocal(f, cells, periodic, full, reciprocal)
        images = 1.0
        for k in range(3):
            b = reciprocal[3 * k], reciprocal[3 * k + 1], reciprocal[3 * k + 2]
            inverse_spacing[k] = np.sqrt(b[0] * b[0] + b[1] * b[1] + b[2] * b[2])
            least, most = np.inf, -np.inf
            for p in range(first, last):
                fraction = positions[3 * p] * b[0] + positions[3 * p + 1] * b[1] + positions[3 * p + 2] * b[2]
                shift = np.floor(fraction) if periodic[3 * f + k] else 0.0
                wraps[3 * p + k] = int(shift)
                least, most = min(least, fraction - shift), max(most, fraction - shift)
            low[k], extent[k] = (0.0, 1.0) if periodic[3 * f + k] else (least, max(most - least, 1e-3))
            spread = most - least if last > first else 0.0
            shifts = np.floor(radius * inverse_spacing[k] + spread + 1e-9) if periodic[3 * f + k] else 0.0
            wide_reach[3 * f + k] = shifts
            images *= 2 * shifts + 1
        if images > LARGEST_IMAGES:
            return True
        for p in range(first, last):
            for k in range(3):
                wrapped[3 * p + k] = positions[3 * p + k] - (
                    wraps[3 * p] * cells[9 * f + k]
                    + wraps[3 * p + 1] * cells[9 * f + 3 + k]
                    + wraps[3 * p + 2] * cells[9 * f + 6 + k]
                )
        if images > most_images or last - first > grid_particles:
            lay_grid(f, last - first, periodic, cutoff, fineness, extent, inverse_spacing, reach, num_cells)
            n0, n1, n2 = num_cells[3 * f], num_cells[3 * f + 1], num_cells[3 * f + 2]
            for p in range(first, last):
                b0 = cell_along(p, 0, n0, wrapped, reciprocal, low, extent)
                b1 = cell_along(p, 1, n1, wrapped, reciprocal, low, extent)
                line = (b0 * n1 + b1) * num_types + code[p]
                bins[p] = line * n2 + cell_along(p, 2, n2, wrapped, reciprocal, low, extent)
            first_bin[f + 1] = first_bin[f] + n0 * n1 * n2 * num_types + 1
        else:
            for k in range(3):
                reach[3 * f + k] = int(wide_reach[3 * f + k])
            for p in range(first, last):
                bins[p] = code[p]
            first_bin[f + 1] = first_bin[f]
    return False


@entry_point
def put_in_order(scene: Any, num_types: Any, bins: Any) -> None:
    """Give every particle its place, by counting.

    Parameters
    ----------
    scene : Scene
        `frame`, `order` and `starts` are written.
    num_types : int
    bins : ndarray of int, shape [particles]
        As `survey` leaves them.
    """
    by_type = np.empty(num_types + 1, np.int64)
    for f in range(len(scene.offsets) - 1):
        begin, end = scene.offsets[f], scene.offsets[f + 1]
        by_grid = scene.num_cells[3 * f] > 0
        starts, first, size = by_type, 0, num_types
        if by_grid:
            starts, first, size = scene.starts, scene.first_bin[f], scene.first_bin[f + 1] - scene.first_bin[f] - 1
        for b in range(first, first + size + 1):
            starts[b] = 0
        for p in range(begin, end):
            starts[first + bins[p]] += 1
        place = begin
        for b in range(first, first + size + 1):
            place, starts[b] = place + starts[b], place
        for p in range(begin, end):
            place = starts[first + bins[p]]
            starts[first + bins[p]] += 1
            scene.order[place] = p
            scene.frame[p] = f  # a frame keeps its places
        for b in range(first + size, first, -1):  # each is now where the next one begins
            starts[b] = starts[b - 1]
        starts[first] = begin


@entry_point
def copy_in_order(scene: Any, begin: Any, end: Any, code: Any, wrapped: Any, wraps: Any, bins: Any) -> None:
    """Write the other arrays of particles for the places begin … end - 1; see `put_in_order`."""
    for place in range(begin, end):
        p, later = scene.order[place], scene.order[min(place + AHEAD, end - 1)]
        prefetch(wrapped, 3 * later)
        prefetch(wraps, 3 * later)
        prefetch(bins, later)
        prefetch(code, later)
        scene.code[place] = code[p]
        scene.bin[place] = bins[p]
        scene.x[place], scene.y[place], scene.z[place] = wrapped[3 * p], wrapped[3 * p + 1], wrapped[3 * p + 2]
        for k in range(3):
            scene.wraps[3 * place + k] = wraps[3 * p + k]
