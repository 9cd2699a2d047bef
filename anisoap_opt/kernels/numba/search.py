"""The compiled neighbour search: pairs of one centre after the other, each centre's sorted by the neighbours' type.

Small frames are searched by images, large ones by grid. Both compute the vector as (x_j - x_i) + shift · cell, and
distances by the same operations, so that a pair and its reverse agree to the last bit on being inside.
"""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any

from anisoap_opt.kernels.numba.candidates import COUNT, WITH_SHIFTS, grown, hits_room, runs_room, with_room
from anisoap_opt.kernels.numba.grid_search import list_runs, search_runs, write_hits
from anisoap_opt.kernels.numba.image_search import count_images, list_images, search_images, write_images
from anisoap_opt.kernels.numba.jit import borrowed, compiled, keep_alive
from anisoap_opt.kernels.numba.vectors import LANES


@compiled
def search_centers(
    centers: Any,
    begin: Any,
    end: Any,
    scene: Any,
    cutoff2: Any,
    self_pairs: Any,
    what: Any,
    scratch: Any,
    found: Any,
) -> Any:
    """Count or write the pairs of some centres.

    Parameters
    ----------
    centers : ndarray of int
        Places; those of one frame follow each other.
    begin, end : int
        Which of them.
    scene : Scene
    cutoff2 : float
        Square of the cutoff.
    self_pairs : bool
    what : int
        COUNT, PAIRS or WITH_SHIFTS: what is wanted.
    scratch, found
        Replaced by larger ones where they are too small. Each centre has a row of `found.counts`, written.

    Returns
    -------
    scratch, found
    total : int
        Number of pairs.
    """
    num_types = len(scratch.runs_of_type) - 1
    view, work, output = borrowed(scene), borrowed(scratch), borrowed(found)
    frame, bin, stride, num_hits, total = -1, -1, 0, 0, 0
    for c in range(begin, end):
        i = centers[c]
        f = view.frame[i]
        by_grid = view.num_cells[3 * f] > 0
        if frame != f or (by_grid and bin != view.bin[i]):
            frame, bin = f, view.bin[i]
            room = runs_room(scratch)
            num_runs, most = _list(f, bin, by_grid, num_types, view, work, room)
            num_ends = 0 if by_grid else (view.offsets[f + 1] - view.offsets[f]) ** 2 + 1
            if num_runs > room or most > hits_room(scratch) or num_ends > len(scratch.ends):
                scratch = grown(scratch, num_runs, most, num_ends)
                work, room = borrowed(scratch), runs_room(scratch)
                _list(f, bin, by_grid, num_types, view, work, room)
            stride = room + LANES
            if not by_grid:
                search_images(f, num_runs, stride, view, cutoff2, work)
        at = (c - begin) * num_types
        if by_grid:
            num_hits = search_runs(i, num_types, stride, view, cutoff2, self_pairs, work, output, at)
            num_pairs = num_hits if self_pairs else num_hits - 1
        else:
            num_pairs = count_images(i, f, num_types, view, self_pairs, work, output, at)
        if what != COUNT:
            if total + num_pairs > len(found.j):
                found = with_room(found, total, total + num_pairs, what == WITH_SHIFTS)
                output = borrowed(found)
            if by_grid:
                write_hits(i, num_hits, stride, view, self_pairs, what, work, output, total)
            else:
                write_images(i, f, stride, view, self_pairs, what, work, output, total)
        total += num_pairs
    keep_alive(scene)
    keep_alive(scratch)
    keep_alive(found)
    return scratch, found, total


@compiled
def _list(f, bin, by_grid, num_types, view, work, room):
    """List what is tried, as far as there is room; returns how much it is, and the largest number of hits."""
    return list_runs(f, bin, num_types, view, work, room) if by_grid else list_images(f, view, work, room)
