"""The compiled way from particles to sums of power spectra: search, expansion and coupling of some centres at a time.

Centres go through in batches whose pairs and coefficients stay in the second-level cache. A batch holds whole frames,
or a part of one large frame that depends on this frame alone: so sums are bitwise the same in any order of frames, and
on any number of threads.
"""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Floats, Ints
from anisoap_opt.cutoff import factor_at, fallen
from anisoap_opt.kernels.numba.candidates import PAIRS
from anisoap_opt.kernels.numba.coupling import PIECE, couple_run
from anisoap_opt.kernels.numba.jit import borrowed, compiled, entry_point, keep_alive, pointer_to
from anisoap_opt.kernels.numba.search import search_centers
from anisoap_opt.kernels.numba.segments import WINDOW, expand_windows
from anisoap_opt.kernels.numba.shells import add_up_shells, sort_into_shells

WHOLE = 128
"""Frames with no more particles than this are never cut."""
BATCH = 256
"""Centres of a batch: a larger frame is cut after so many, a batch of small frames after the frame that reaches it."""


class Batch(NamedTuple):
    """Buffers of one thread for the segments of a batch."""

    start: Ints  # [segments + 1]
    rows: Ints  # [centers], first segment
    members: Ints  # [centers], first segments of the centres of one frame and type
    table: Floats  # [(segments + 1) · columns], coefficients
    block: Floats  # working space of the coupling


class Columns(NamedTuple):
    """Which segments and features a centre has, by its type."""

    place: Ints  # [types · types], of a neighbour type among those of a centre type; -1 for none
    width: Ints  # [types], segments of a centre
    first_feature: Ints  # [types]


_fallen = compiled(fallen)
_factor_at = compiled(factor_at)


@entry_point
def sum_centers(
    straight: Any,
    degree: Any,
    centers: Any,
    begin: Any,
    end: Any,
    scene: Any,
    shells: Any,
    self_pairs: Any,
    smoothing: Any,
    weights: Any,
    columns: Any,
    particles: Any,
    roots: Any,
    precision: Any,
    change: Any,
    coupling: Any,
    batch_size: Any,
    batches_per_row: Any,
    work: Any,
    batch: Any,
    scratch: Any,
    found: Any,
    ordered: Any,
    sums: Any,
    counts: Any,
    met: Any,
) -> Any:
    """Power spectra of some centres, added up, for one or several cutoffs.

    Parameters
    ----------
    straight, degree, particles, roots, precision, change, work
        As for `segments.expand_windows`.
    centers : ndarray of int
        Places, ascending.
    begin, end : int
        Which of them: those of whole frames of at most WHOLE particles, or of one large frame from the beginning of
        a row on.
    scene, self_pairs, scratch, found
        As for `search.search_centers`.
    shells : ndarray, shape [cutoffs]
        Squares of the cutoffs, ascending: one if `ordered` is None.
    smoothing : tuple
        Radius and width of the smooth cutoff, of which there is only one then.
    weights : ndarray or None
        Room for the factors of pairs; None if the cutoff is hard.
    columns : Columns
    coupling : tuple
        n_l [l], factors [l] and whether the power spectrum is symmetric; see `coupling.couple`.
    batch_size : int
    batches_per_row : int
        Of one large frame; 0 if they are whole frames.
    batch : Batch
    ordered : Sorted or None
        Room for pairs sorted into shells, replaced by a larger one where it is too small; None for a single cutoff,
        for which this is compiled without all that shells need.
    sums : ndarray, shape [rows · cutoffs · features]
        Added to. There is a row for each frame, or for every few batches of a large frame.
    counts : ndarray of int, shape [rows · cutoffs · types]
        Added to: centres of each type that have a neighbour.
    met : ndarray of int, shape [cutoffs · types · types]
        Added to: pairs of each centre type and neighbour type in each shell.

    Returns
    -------
    scratch, found, ordered
    """
    num_types, num_columns, (num_radial, scales, symmetric) = len(columns.width), change[-1], coupling
    space, layout, places, codes = borrowed(batch), borrowed(columns), pointer_to(centers), pointer_to(scene.code)
    arrays = space.table, pointer_to(num_radial), space.members, pointer_to(scales), space.block
    first_frame, done, large = scene.frame[centers[begin]], 0, batches_per_row > 0
    num_shells, room = 1, ordered
    if ordered is not None:
        num_shells = len(shells)
    num_rows = len(counts) // num_types
    features = len(sums) // num_rows
    while begin < end:
        stop = min(begin + batch_size, end)
        while not large and stop < end and scene.frame[centers[stop]] == scene.frame[centers[stop - 1]]:
            stop += 1
        scratch, found, total = search_centers(
            centers, begin, stop, scene, shells[-1], self_pairs, PAIRS, scratch, found
        )
        j, r_ij = found.j, found.r_ij
        if ordered is not None:
            room, num_segments = sort_into_shells(
                places, begin, stop, codes, num_types, layout, shells, found, total, batch, room, pointer_to(met)
            )
            j, r_ij = room.j, room.r_ij
        else:
            num_segments = _lay_out(
                places, begin, stop, codes, num_types, layout, pointer_to(found.counts), space, pointer_to(met)
            )
        if total > 0:
            weight = _weights(r_ij, total, smoothing, weights)
            expand_windows(
                straight, degree, (0, (num_segments + WINDOW - 1) // WINDOW),
                (batch.start[: num_segments + 1], j, r_ij), weight, None, particles, roots, precision,
                change, work, batch.table,
            )  # fmt: skip
            for k in range(num_segments * num_columns, (num_segments + 1) * num_columns):
                batch.table[k] = 0  # read, never used
            if ordered is not None:
                add_up_shells(
                    space.table, num_columns, stop - begin, places, begin, codes, layout, space.rows, num_shells
                )
            c = begin
            while c < stop:
                f, last = scene.frame[centers[c]], c + 1
                while last < stop and scene.frame[centers[last]] == f:
                    last += 1
                at = done // batches_per_row if large else f - first_frame
                for s in range(num_shells):
                    row = at * num_shells + s
                    for t in range(num_types):
                        count = _members(places, begin, c, last, codes, t, layout, space, s)
                        counts[row * num_types + t] += count
                        for piece in range(0, count, PIECE):
                            couple_run(
                                arrays, num_columns, len(num_radial), layout.width[t], piece,
                                min(piece + PIECE, count), symmetric, pointer_to(sums),
                                row * features + layout.first_feature[t],
                            )  # fmt: skip
                c = last
        begin, done = stop, done + 1
    keep_alive(batch)
    keep_alive(columns)
    return scratch, found, room


@compiled
def _lay_out(places, begin, stop, codes, num_types, layout, num_neighbors, space, met):
    """Write where each segment begins; returns how many there are."""
    segment = 0
    space.start[0] = 0
    for r in range(stop - begin):
        t = codes[places[begin + r]]
        space.rows[r] = segment
        for u in range(num_types):
            if layout.place[t * num_types + u] >= 0:
                count = num_neighbors[r * num_types + u]
                met[t * num_types + u] += count
                space.start[segment + 1] = space.start[segment] + count
                segment += 1
    return segment


@compiled
def _weights(r_ij, total, smoothing, room):
    """Factors of the smooth cutoff, [pairs], in the room for them; None if there is none for a hard cutoff."""
    if room is not None:
        radius, width = smoothing
        factors = room if len(room) >= total else np.empty(total)
        for p in range(total):
            x, y, z = r_ij[3 * p], r_ij[3 * p + 1], r_ij[3 * p + 2]
            factors[p] = _factor_at(_fallen(np.sqrt(x * x + y * y + z * z), radius, width))
        return factors
    return room


@compiled
def _members(places, begin, c, last, codes, t, layout, space, shell):
    """List the centres of one type of a frame that have neighbours up to a shell, as their first segments there.

    Returns how many there are.
    """
    count, width = 0, layout.width[t]
    for k in range(c, last):
        first = space.rows[k - begin]
        if codes[places[k]] == t and space.start[first + (shell + 1) * width] > space.start[first]:
            space.members[count] = first + shell * width
            count += 1
    return count
