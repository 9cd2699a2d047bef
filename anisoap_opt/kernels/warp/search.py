"""Neighbour search in Warp: one thread a particle, or a frame; what is searched is the `Scene`.

Small frames try every image of every neighbour, large ones the particles of the grid cells around. Counting and
writing are one piece of code, and without fused products, so that both find the same pairs, and a pair and its reverse
agree to the last bit on being inside: the vector is (x_j - x_i) + shift · cell.
"""

# mypy: ignore-errors

import warp as wp

SLACK = wp.constant(wp.float64(1 + 1e-7))
"""Keeps rounding errors of grid coordinates away from the cells' faces."""

wp.set_module_options({"enable_backward": False, "fuse_fp": False, "grid_stride": False})


@wp.struct
class Scene:
    """Particles, frames and the grid; `order`, `x` and `sorted_code` are of the particles sorted by frame and cell."""

    offsets: wp.array(dtype=wp.int32)  # [frames + 1], first particle of each frame
    frame: wp.array(dtype=wp.int32)  # [particles]
    code: wp.array(dtype=wp.int32)  # [particles], type as 0 … types - 1
    given: wp.array(dtype=wp.vec3d)  # [particles], positions
    wraps: wp.array(dtype=wp.vec3d)  # [particles], cell vectors subtracted from them
    positions: wp.array(dtype=wp.vec3d)  # [particles], what they leave
    cells: wp.array(dtype=wp.vec3d)  # [3 · frames], zero on axes that are not periodic
    reciprocal: wp.array(dtype=wp.vec3d)  # [3 · frames]
    periodic: wp.array(dtype=wp.vec3i)  # [frames], 0 or 1
    low: wp.array(dtype=wp.vec3d)  # [frames], where the grid begins, in coordinates along the reciprocal vectors
    per_length: wp.array(dtype=wp.vec3d)  # [frames], grid cells in a unit of these coordinates
    reach: wp.array(dtype=wp.vec3i)  # [frames], largest image shift, or largest distance in grid cells
    num_cells: wp.array(dtype=wp.vec3i)  # [frames], of the grid; 0 if the frame is searched by images
    first_bin: wp.array(dtype=wp.int32)  # [frames], where a frame's entries in `starts` begin
    bin: wp.array(dtype=wp.int32)  # [particles], grid cell, counted over all frames
    starts: wp.array(dtype=wp.int32)  # where the particles of each grid cell begin in the sorted arrays
    order: wp.array(dtype=wp.int32)
    x: wp.array(dtype=wp.vec3d)
    sorted_code: wp.array(dtype=wp.int32)


@wp.struct
class Found:
    """Where pairs go. `place` [particles, types] counts each centre's neighbours, or is where the next one goes."""

    is_center: wp.array(dtype=wp.int32)  # [particles]
    place: wp.array2d(dtype=wp.int32)
    first_segment: wp.array(dtype=wp.int32)  # [particles], of the centres
    columns: wp.array2d(dtype=wp.int32)  # [types, types], see `anisoap_opt.pairs.Layout`
    start: wp.array(dtype=wp.int64)  # [segments + 1]
    j: wp.array(dtype=wp.int32)  # [pairs]
    r_ij: wp.array(dtype=wp.vec3d)  # [pairs]
    shifts: wp.array(dtype=wp.vec3i)  # [pairs] or none


@wp.kernel
def wrap(scene: Scene):
    """Wrap positions into the cells; a thread a particle."""
    p = wp.tid()
    f = scene.frame[p]
    position = scene.given[p]
    wraps = wp.vec3d()
    wrapped = position
    for k in range(3):
        if scene.periodic[f][k] != 0:
            wraps[k] = wp.floor(wp.dot(position, scene.reciprocal[3 * f + k]))
            wrapped = wrapped - wraps[k] * scene.cells[3 * f + k]
    scene.wraps[p] = wraps
    scene.positions[p] = wrapped


@wp.func
def coordinates(scene: Scene, f: int, p: int):
    """Of a wrapped particle along the reciprocal vectors."""
    position = scene.positions[p]
    return wp.vec3d(
        wp.dot(position, scene.reciprocal[3 * f]),
        wp.dot(position, scene.reciprocal[3 * f + 1]),
        wp.dot(position, scene.reciprocal[3 * f + 2]),
    )


@wp.kernel
def extents(
    scene: Scene,
    frame: wp.array(dtype=wp.int32),
    first: wp.array(dtype=wp.int32),
    low: wp.array(dtype=wp.vec3d),
    high: wp.array(dtype=wp.vec3d),
):
    """Smallest and largest coordinates of the particles of each piece of a frame; a thread a piece."""
    t = wp.tid()
    f = frame[t]
    p = scene.offsets[f] + t - first[f]
    infinite = wp.float64(wp.inf)
    smallest = wp.vec3d(infinite, infinite, infinite)
    largest = -smallest
    while p < scene.offsets[f + 1]:
        c = coordinates(scene, f, p)
        smallest = wp.min(smallest, c)
        largest = wp.max(largest, c)
        p = p + first[f + 1] - first[f]
    low[t] = smallest
    high[t] = largest


@wp.kernel
def choose(
    scene: Scene,
    first: wp.array(dtype=wp.int32),
    low: wp.array(dtype=wp.vec3d),
    high: wp.array(dtype=wp.vec3d),
    cutoff_radius: wp.float64,
    image_candidates: wp.float64,
    grid_particles: int,
    cells_per_cutoff: wp.float64,
    cells_per_particle: wp.float64,
):
    """Decide how each frame is searched; a thread a frame.

    The formulas are those of `anisoap_opt.lattice.wrap` and of the compiled CPU search's `scene.py`.
    """
    f = wp.tid()
    smallest = low[first[f]]
    largest = high[first[f]]
    for t in range(first[f] + 1, first[f + 1]):
        smallest = wp.min(smallest, low[t])
        largest = wp.max(largest, high[t])
    count = scene.offsets[f + 1] - scene.offsets[f]
    if count == 0:
        return
    one = wp.float64(1.0)
    reach = wp.vec3d()
    begin = wp.vec3d()
    extent = wp.vec3d(one, one, one)
    lengths = wp.vec3d()
    images = one
    for k in range(3):
        inverse = wp.length(scene.reciprocal[3 * f + k])
        spread = largest[k] - smallest[k]
        if scene.periodic[f][k] != 0:
            reach[k] = wp.floor(cutoff_radius * inverse + spread + wp.float64(1e-9))
        else:
            begin[k] = smallest[k]
            extent[k] = wp.max(spread, wp.float64(1e-3))
        lengths[k] = extent[k] / inverse
        images = images * (wp.float64(2.0) * reach[k] + one)
    cells = wp.vec3d()
    if count > grid_particles and wp.float64(count) * images > image_candidates:
        limit = wp.max(cells_per_particle * wp.float64(count), one)
        for k in range(3):
            cells[k] = wp.max(wp.floor(lengths[k] * cells_per_cutoff / (cutoff_radius * SLACK)), one)
        excess = cells[0] * cells[1] * cells[2] / limit
        while excess > one:
            for k in range(3):
                cells[k] = wp.max(wp.floor(cells[k] * wp.pow(excess, wp.float64(-1.0 / 3.0))), one)
            excess = cells[0] * cells[1] * cells[2] / limit
        for k in range(3):
            reach[k] = wp.floor(cutoff_radius * SLACK / (lengths[k] / cells[k])) + one
            if scene.periodic[f][k] == 0:
                reach[k] = wp.min(reach[k], cells[k] - one)
    scene.low[f] = begin
    scene.per_length[f] = wp.cw_div(cells, extent)
    scene.reach[f] = wp.vec3i(int(reach[0]), int(reach[1]), int(reach[2]))
    scene.num_cells[f] = wp.vec3i(int(cells[0]), int(cells[1]), int(cells[2]))


@wp.kernel
def assign_bins(scene: Scene):
    """Grid cell of each particle; a thread a particle."""
    p = wp.tid()
    f = scene.frame[p]
    n = scene.num_cells[f]
    bin = int(0)  # noqa: UP018, a variable to Warp, where 0 is a constant
    if n[0] > 0:
        place = wp.cw_mul(coordinates(scene, f, p) - scene.low[f], scene.per_length[f])
        for k in range(3):
            bin = bin * n[k] + wp.clamp(int(place[k]), 0, n[k] - 1)
    scene.bin[p] = scene.first_bin[f] + bin


@wp.func
def visit(
    scene: Scene, found: Found, k: int, position: wp.vec3d, other: int, s: wp.vec3i, image: wp.vec3d,
    cutoff2: wp.float64, self_pairs: int, fill: int, keep_shifts: int,
):  # fmt: skip
    """Try one particle in one image; what is the same for all of them comes as an argument, to stay in registers."""
    r = (scene.x[other] - position) + image
    if wp.dot(r, r) >= cutoff2:
        return
    if other == k and self_pairs == 0 and s[0] == 0 and s[1] == 0 and s[2] == 0:
        return
    i = scene.order[k]
    t = scene.sorted_code[other]
    place = found.place[i, t]
    found.place[i, t] = place + 1
    if fill != 0:
        found.j[place] = scene.order[other]
        found.r_ij[place] = r
        if keep_shifts != 0:
            found.shifts[place] = s


@wp.func
def shift(s: wp.vec3i, a: wp.vec3d, b: wp.vec3d, c: wp.vec3d):
    """An image's shift as a vector, from those of the cell."""
    return wp.float64(s[0]) * a + wp.float64(s[1]) * b + wp.float64(s[2]) * c


@wp.kernel
def search(
    scene: Scene, found: Found, cutoff2: wp.float64, self_pairs: int, fill: int, keep_shifts: int, begin: int, end: int
):
    """Count or write the pairs of the centres whose segments are begin … end - 1; a thread a sorted particle."""
    k = wp.tid()
    i = scene.order[k]
    if found.is_center[i] == 0:
        return
    f = scene.frame[i]
    if fill != 0:
        segment = found.first_segment[i]
        if segment < begin or segment >= end:
            return
        own_code = scene.code[i]
        for t in range(found.columns.shape[1]):
            column = found.columns[own_code, t]
            if column >= 0:
                found.place[i, t] = int(found.start[segment + column] - found.start[begin])
    r = scene.reach[f]
    n = scene.num_cells[f]
    position = scene.x[k]
    cell_a = scene.cells[3 * f]
    cell_b = scene.cells[3 * f + 1]
    cell_c = scene.cells[3 * f + 2]
    if n[0] == 0:
        for other in range(scene.offsets[f], scene.offsets[f + 1]):
            for a in range(-r[0], r[0] + 1):
                for b in range(-r[1], r[1] + 1):
                    for c in range(-r[2], r[2] + 1):
                        s = wp.vec3i(a, b, c)
                        image = shift(s, cell_a, cell_b, cell_c)
                        visit(scene, found, k, position, other, s, image, cutoff2, self_pairs, fill, keep_shifts)
        return
    own = scene.bin[i] - scene.first_bin[f]
    own0 = own // (n[1] * n[2])
    own1 = own // n[2] % n[1]
    own2 = own % n[2]
    # Whole numbers are divided towards zero, so what is divided below is made positive first.
    for b0 in range(own0 - r[0], own0 + r[0] + 1):
        s0 = (b0 + n[0] * r[0]) // n[0] - r[0]
        if s0 == 0 or scene.periodic[f][0] != 0:
            for b1 in range(own1 - r[1], own1 + r[1] + 1):
                s1 = (b1 + n[1] * r[1]) // n[1] - r[1]
                if s1 == 0 or scene.periodic[f][1] != 0:
                    line = scene.first_bin[f] + ((b0 - s0 * n[0]) * n[1] + b1 - s1 * n[1]) * n[2]
                    low2 = (own2 - r[2] + n[2] * r[2]) // n[2] - r[2]
                    high2 = (own2 + r[2]) // n[2]
                    for s2 in range(low2, high2 + 1):
                        if s2 == 0 or scene.periodic[f][2] != 0:
                            s = wp.vec3i(s0, s1, s2)
                            image = shift(s, cell_a, cell_b, cell_c)
                            first = scene.starts[line + wp.max(own2 - r[2] - s2 * n[2], 0)]
                            last = scene.starts[line + wp.min(own2 + r[2] - s2 * n[2], n[2] - 1) + 1]
                            for other in range(first, last):
                                visit(
                                    scene, found, k, position, other, s, image, cutoff2, self_pairs, fill, keep_shifts
                                )
