"""Compiled neighbour search: the candidates around one centre, counted or written out.

Small frames try every image of every neighbour; large ones collect the particles of the grid cells around a cell once
for all centres in it. Both compute the vector as (x_j - x_i) + shift · cell, so that a pair and its reverse agree to
the last bit on being inside.
"""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Array, Ints
from anisoap_opt.kernels.numba.jit import borrowed, compiled, entry_point, keep_alive
from anisoap_opt.kernels.numba.vectors import LANES, add, bits_less, count_bits, fma, load8, mul, splat, store

SCRATCH = 4096
"""Largest number of images of a frame that is searched by images; room for candidates to begin with."""


class Found(NamedTuple):
    """Where pairs are written."""

    j: Ints  # [pairs]
    r_ij: Array  # [pairs, 3]
    shifts: Ints  # [pairs, 3], or [0, 3] if nobody wants them
    keep_shifts: Ints  # [1], whether somebody does


class Scratch(NamedTuple):
    """Working space of one call."""

    place: Ints  # [types], where the next pair goes, or how many there are
    images: Array  # [3, SCRATCH], for the search by images
    numbers: Ints  # [SCRATCH, 3]
    distances2: Array  # [capacity + LANES]
    hits: Ints  # [capacity + LANES]
    candidates: Array  # [capacity / LANES + 1, 6, LANES]: position, and the shift of its image as a vector
    sorted_place: Ints  # [capacity], the candidate's place in the sorted arrays
    shifts: Ints  # [capacity, 3]


@entry_point
def search(centers: Any, places: Any, fill: Any, scene: Any, cutoff2: Any, self_pairs: Any, found: Any) -> None:
    """Count or write the pairs of some centres.

    Parameters
    ----------
    centers : ndarray of int
    places : ndarray of int, shape [centers, types]
        Counting writes the number of neighbours of each type here; filling reads where they go, and moves it on.
    fill : bool
    scene : Scene
    cutoff2 : float
        Square of the cutoff.
    self_pairs : bool
    found : Found
        Written if filling.
    """
    num_types = places.shape[1]
    capacity = SCRATCH
    arrays = _make_scratch(num_types, capacity)
    scratch, view, output = borrowed(arrays), borrowed(scene), borrowed(found)
    frame, bin, size = -1, -1, 0
    for row in range(len(centers)):
        i = centers[row]
        f = view.frame[i]
        for t in range(num_types):
            scratch.place[t] = places[row, t] if fill else 0
        by_grid = view.num_cells[3 * f] > 0
        if frame != f or bin != view.bin[i]:
            frame, bin = f, view.bin[i]
            if by_grid:
                for write in range(2):  # one call for both passes: it is compiled where it is called
                    size = _gather_candidates(f, bin, view, scratch, write == 1)
                    if size > capacity:
                        capacity = 2 * size
                        arrays = _make_scratch(num_types, capacity)
                        scratch = borrowed(arrays)
                        for t in range(num_types):
                            scratch.place[t] = places[row, t] if fill else 0
            else:
                size = _make_images(f, view, scratch)
        if by_grid:
            _search_grid(i, size, num_types, view, cutoff2, self_pairs, scratch, fill, output)
        else:
            _search_images(i, f, size, view, cutoff2, self_pairs, scratch, fill, output)
        if not fill:
            if not self_pairs:
                scratch.place[view.code[i]] -= 1
            for t in range(num_types):
                places[row, t] = scratch.place[t]
    keep_alive(arrays)


@compiled
def _make_scratch(num_types, capacity):
    """Working space for this many candidates."""
    return Scratch(
        np.empty(num_types, np.int64),
        np.empty(3 * SCRATCH),
        np.empty(3 * SCRATCH, np.int64),
        np.empty(capacity + LANES),
        np.empty(capacity + LANES, np.int64),
        np.zeros(6 * (capacity + LANES)),
        np.empty(capacity, np.int64),
        np.empty(3 * capacity, np.int64),
    )


@compiled
def _image(f, a, b, c, k, view):
    """Component k of the shift a, b, c as a vector."""
    cell = 9 * f + k
    return a * view.cells[cell] + b * view.cells[cell + 3] + c * view.cells[cell + 6]


@compiled
def _make_images(f, view, scratch):
    """Shifts of all images within reach in lexicographic order, as numbers and as vectors; returns how many."""
    ra, rb, rc = view.reach[3 * f], view.reach[3 * f + 1], view.reach[3 * f + 2]
    count = 0
    for a in range(-ra, ra + 1):
        for b in range(-rb, rb + 1):
            for c in range(-rc, rc + 1):
                scratch.numbers[3 * count], scratch.numbers[3 * count + 1], scratch.numbers[3 * count + 2] = a, b, c
                for k in range(3):
                    scratch.images[k * SCRATCH + count] = _image(f, a, b, c, k, view)
                count += 1
    return count


@compiled
def _search_images(i, f, num_images, view, cutoff2, self_pairs, scratch, fill, output):
    """All particles of the frame in all images."""
    images, distances2 = scratch.images, scratch.distances2
    for j in range(view.offsets[f], view.offsets[f + 1]):
        x = view.positions[3 * j] - view.positions[3 * i]
        y = view.positions[3 * j + 1] - view.positions[3 * i + 1]
        z = view.positions[3 * j + 2] - view.positions[3 * i + 2]
        for s in range(num_images):
            dx, dy, dz = x + images[s], y + images[SCRATCH + s], z + images[2 * SCRATCH + s]
            distances2[s] = dx * dx + dy * dy + dz * dz
        t = view.code[j]
        if not fill:
            scratch.place[t] += _count(num_images, cutoff2, distances2)
        else:
            for hit in range(_collect(num_images, cutoff2, scratch)):
                s = scratch.hits[hit]
                if i == j and not self_pairs and s == num_images // 2:
                    continue
                place = scratch.place[t]
                output.j[place] = j
                output.r_ij[3 * place] = x + images[s]
                output.r_ij[3 * place + 1] = y + images[SCRATCH + s]
                output.r_ij[3 * place + 2] = z + images[2 * SCRATCH + s]
                for k in range(3 * output.keep_shifts[0]):
                    output.shifts[3 * place + k] = scratch.numbers[3 * s + k]
                scratch.place[t] = place + 1


@compiled
def _gather_candidates(f, own, view, scratch, write):
    """Copy the particles of the grid cells around one, or only count them.

    Cells that follow one another along the third axis are a run of the sorted particles.
    """
    n0, n1, n2 = view.num_cells[3 * f], view.num_cells[3 * f + 1], view.num_cells[3 * f + 2]
    r0, r1, r2 = view.reach[3 * f], view.reach[3 * f + 1], view.reach[3 * f + 2]
    own0, own1, own2 = own // (n1 * n2), own // n2 % n1, own % n2
    count = 0
    for b0 in range(own0 - r0, own0 + r0 + 1):
        s0 = b0 // n0
        if s0 != 0 and not view.periodic[3 * f]:
            continue
        for b1 in range(own1 - r1, own1 + r1 + 1):
            s1 = b1 // n1
            if s1 != 0 and not view.periodic[3 * f + 1]:
                continue
            line = view.first_bin[f] + ((b0 - s0 * n0) * n1 + b1 - s1 * n1) * n2
            for s2 in range((own2 - r2) // n2, (own2 + r2) // n2 + 1):
                if s2 != 0 and not view.periodic[3 * f + 2]:
                    continue
                first = view.starts[line + max(own2 - r2 - s2 * n2, 0)]
                last = view.starts[line + min(own2 + r2 - s2 * n2, n2 - 1) + 1]
                if write:
                    _write_run(f, s0, s1, s2, first, last, count, view, scratch)
                count += last - first
    return count


@compiled
def _write_run(f, s0, s1, s2, first, last, count, view, scratch):
    """The sorted particles first … last - 1 in one image, as candidates from `count` on."""
    sx, sy, sz = _image(f, s0, s1, s2, 0, view), _image(f, s0, s1, s2, 1, view), _image(f, s0, s1, s2, 2, view)
    for k in range(last - first):
        place = count + k
        at = place // LANES * 6 * LANES + place % LANES
        scratch.candidates[at] = view.x[first + k]
        scratch.candidates[at + LANES] = view.y[first + k]
        scratch.candidates[at + 2 * LANES] = view.z[first + k]
        scratch.candidates[at + 3 * LANES] = sx
        scratch.candidates[at + 4 * LANES] = sy
        scratch.candidates[at + 5 * LANES] = sz
        scratch.sorted_place[place] = first + k
        scratch.shifts[3 * place], scratch.shifts[3 * place + 1], scratch.shifts[3 * place + 2] = s0, s1, s2


@compiled
def _search_grid(i, size, num_types, view, cutoff2, self_pairs, scratch, fill, output):
    """All candidates, eight at a time."""
    c = scratch.candidates
    x, y, z = view.positions[3 * i], view.positions[3 * i + 1], view.positions[3 * i + 2]
    minus_x, minus_y, minus_z, limit = splat(-x), splat(-y), splat(-z), splat(cutoff2)
    total = 0
    for k in range(0, size, LANES):
        dx = add(add(load8(c, 6 * k), minus_x), load8(c, 6 * k + 3 * LANES))
        dy = add(add(load8(c, 6 * k + LANES), minus_y), load8(c, 6 * k + 4 * LANES))
        dz = add(add(load8(c, 6 * k + 2 * LANES), minus_z), load8(c, 6 * k + 5 * LANES))
        distance2 = fma(dx, dx, fma(dy, dy, mul(dz, dz)))
        if not fill and num_types == 1:
            total += count_bits(bits_less(distance2, limit) & ((1 << min(size - k, LANES)) - 1))
        else:
            store(scratch.distances2, k, distance2)
    if not fill and num_types == 1:
        scratch.place[0] = total
        return
    for hit in range(_collect(size, cutoff2, scratch)):
        k = scratch.hits[hit]
        sorted_place = scratch.sorted_place[k]
        t = view.sorted_code[sorted_place]
        place = scratch.place[t]
        scratch.place[t] = place + 1
        if fill:
            j = view.order[sorted_place]
            s0, s1, s2 = scratch.shifts[3 * k], scratch.shifts[3 * k + 1], scratch.shifts[3 * k + 2]
            if i == j and not self_pairs and s0 == 0 and s1 == 0 and s2 == 0:
                scratch.place[t] = place
                continue
            at = k // LANES * 6 * LANES + k % LANES
            output.j[place] = j
            output.r_ij[3 * place] = (c[at] - x) + c[at + 3 * LANES]
            output.r_ij[3 * place + 1] = (c[at + LANES] - y) + c[at + 4 * LANES]
            output.r_ij[3 * place + 2] = (c[at + 2 * LANES] - z) + c[at + 5 * LANES]
            if output.keep_shifts[0]:
                output.shifts[3 * place], output.shifts[3 * place + 1], output.shifts[3 * place + 2] = s0, s1, s2


@compiled
def _count(size, cutoff2, distances2):
    """How many distances are inside."""
    total = 0
    for k in range(size):
        total += distances2[k] < cutoff2
    return total


@compiled
def _collect(size, cutoff2, scratch):
    """Write which distances are inside to `hits`; returns how many.

    Eight at a time are skipped if none is inside; else they are collected without a branch.
    """
    total, limit = 0, splat(cutoff2)
    for k in range(0, size, LANES):
        inside = bits_less(load8(scratch.distances2, k), limit) & ((1 << min(size - k, LANES)) - 1)
        if inside:
            for lane in range(LANES):
                scratch.hits[total] = k + lane
                total += inside >> lane & 1
    return total
