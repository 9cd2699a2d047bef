"""The search of a small frame: every image of every two particles once, and what is found used for both of them."""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from anisoap_opt.kernels.numba.candidates import WITH_SHIFTS, inside, list_run
from anisoap_opt.kernels.numba.jit import compiled
from anisoap_opt.kernels.numba.masks import collect, count_bits
from anisoap_opt.kernels.numba.vectors import LANES, add, load8, splat


@compiled
def list_images(f, view, work, room):
    """List the images of a small frame, as far as there is room.

    Returns their number, and the largest number of hits that a search of them can have.
    """
    r0, r1, r2 = view.reach[3 * f], view.reach[3 * f + 1], view.reach[3 * f + 2]
    first, last = view.offsets[f], view.offsets[f + 1]
    count = 0
    for a in range(-r0, r0 + 1):
        for b in range(-r1, r1 + 1):
            for c in range(-r2, r2 + 1):
                if count < room:
                    list_run(f, count, first, last, a, b, c, view, work, room)
                count += 1
    return count, (last - first) * (last - first + 1) // 2 * count


@compiled
def search_images(f, num_images, stride, view, cutoff2, work):
    """List, for every two particles a ≤ b of a frame, the images of b within the cutoff of a; returns how many.

    Of a particle and itself only the later half of the images: they are symmetric about the one in the middle.
    """
    first, size = view.offsets[f], view.offsets[f + 1] - view.offsets[f]
    limit, total = splat(cutoff2), 0
    for a in range(size):
        work.ends[a * size + a] = total
        for b in range(a, size):
            x = splat(view.x[first + b] - view.x[first + a])
            y = splat(view.y[first + b] - view.y[first + a])
            z = splat(view.z[first + b] - view.z[first + a])
            for s in range(num_images // 2 + 1 if a == b else 0, num_images, LANES):
                dx = add(x, load8(work.vectors, s))
                dy = add(y, load8(work.vectors, stride + s))
                dz = add(z, load8(work.vectors, 2 * stride + s))
                bits = inside(dx, dy, dz, limit, num_images - s)
                collect(bits, s, work.hits, total)
                total += count_bits(bits)
            work.ends[a * size + b + 1] = total
    return total


@compiled
def count_images(i, f, num_types, view, self_pairs, work, output, at):
    """Write how many neighbours of each type a centre has; returns how many in all."""
    first, size = view.offsets[f], view.offsets[f + 1] - view.offsets[f]
    a, total = i - first, 0
    for t in range(num_types):
        output.counts[at + t] = 0
    for b in range(size):
        low = min(a, b) * size + max(a, b)
        count = work.ends[low + 1] - work.ends[low]
        if a == b:
            count = 2 * count + self_pairs
        output.counts[at + view.code[first + b]] += count
        total += count
    return total


@compiled
def write_images(i, f, stride, view, self_pairs, what, work, output, total):
    """Write the pairs of a centre from the hits of its frame, whose particles are sorted by type.

    What was found for (b, a) is read backwards for (a, b), so that images ascend, too.
    """
    first, size = view.offsets[f], view.offsets[f + 1] - view.offsets[f]
    a = i - first
    for b in range(size):
        j = first + b
        if b <= a:
            x, y, z = view.x[i] - view.x[j], view.y[i] - view.y[j], view.z[i] - view.z[j]
            for hit in range(work.ends[b * size + a + 1] - 1, work.ends[b * size + a] - 1, -1):
                _write_image(j, work.hits[hit], -1, x, y, z, stride, what, work, output, total)
                total += 1
        if b == a and self_pairs:
            output.j[total] = j
            for k in range(3):
                output.r_ij[3 * total + k] = 0.0
                if what == WITH_SHIFTS:
                    output.shifts[3 * total + k] = 0
            total += 1
        if b >= a:
            x, y, z = view.x[j] - view.x[i], view.y[j] - view.y[i], view.z[j] - view.z[i]
            for hit in range(work.ends[a * size + b], work.ends[a * size + b + 1]):
                _write_image(j, work.hits[hit], 1, x, y, z, stride, what, work, output, total)
                total += 1


@compiled
def _write_image(j, s, sign, x, y, z, stride, what, work, output, place):
    """Write one pair: the vector to one image, or the opposite one."""
    output.j[place] = j
    output.r_ij[3 * place] = sign * (x + work.vectors[s])
    output.r_ij[3 * place + 1] = sign * (y + work.vectors[stride + s])
    output.r_ij[3 * place + 2] = sign * (z + work.vectors[2 * stride + s])
    if what == WITH_SHIFTS:
        for k in range(3):
            output.shifts[3 * place + k] = sign * work.runs[5 * s + 2 + k]
