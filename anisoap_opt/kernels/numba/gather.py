"""What eight lanes read of their next pairs: product Gaussians, and tangents of those."""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from anisoap_opt.kernels.numba.jit import compiled
from anisoap_opt.kernels.numba.layout import FIELDS, LINE
from anisoap_opt.kernels.numba.scattered import gather, load_points, load_transposed, prefetch
from anisoap_opt.kernels.numba.vectors import LANES, element, exp, fma, lanes_of, load, mul, splat, store


@compiled
def look_up(j, step, steps, begin, length, half, nobody, particles, pair, particle):
    """Pair and particle of each of eight lanes' next `steps` pairs, and a request to the memory for the latter.

    `half` is the first of the eight lanes. A lane whose segment has ended takes the particle of weight 0.
    """
    for t in range(steps):
        for k in range(LANES):
            alive = step + t < length[half + k]
            p = begin[half + k] + step + t if alive else 0
            one = element(j, p) if alive else nobody
            pair[t * LANES + k] = p
            particle[t * LANES + k] = one
            prefetch(particles, one * LINE)


@compiled
def gather_gaussians(r_ij, weight, particles, roots, precision, steps, pair, particle, half, exponents, gaussians):
    """Product Gaussian of each of eight lanes' next `steps` pairs: μ = K r, C, w exp(-½ s r·μ) times their weight.

    Exponentials come last, in a loop of their own: a step's is long, and a CPU overlaps only what lies close together.
    """
    lanes = lanes_of(gaussians)
    minus_s, minus_half_s = splat(-precision), splat(-0.5 * precision)
    for t in range(steps):
        row = t * LANES
        x, y, z = load_points(r_ij, pair, row)
        c_xx, c_xy, c_xz, c_yy, c_yz, c_zz, w, _ = load_transposed(particles, particle, row)
        if roots is None:  # K = 1 - s·C
            mu_x = fma(minus_s, fma(c_xx, x, fma(c_xy, y, mul(c_xz, z))), x)
            mu_y = fma(minus_s, fma(c_xy, x, fma(c_yy, y, mul(c_yz, z))), y)
            mu_z = fma(minus_s, fma(c_xz, x, fma(c_yz, y, mul(c_zz, z))), z)
            along = fma(x, mu_x, fma(y, mu_y, mul(z, mu_z)))
        else:  # K = F Fᵀ
            a, b, c = (
                times_root(roots, particle, row, 0, 3, x, y, z),
                times_root(roots, particle, row, 1, 3, x, y, z),
                times_root(roots, particle, row, 2, 3, x, y, z),
            )
            mu_x, mu_y, mu_z = (
                times_root(roots, particle, row, 0, 1, a, b, c),
                times_root(roots, particle, row, 3, 1, a, b, c),
                times_root(roots, particle, row, 6, 1, a, b, c),
            )
            along = fma(a, a, fma(b, b, mul(c, c)))
        if weight is not None:
            w = mul(w, gather(weight, pair, row, 1, 0))
        store(exponents, 2 * row, mul(minus_half_s, along))
        store(exponents, 2 * row + LANES, w)
        place = t * FIELDS * lanes + half
        store(gaussians, place, mu_x)
        store(gaussians, place + lanes, mu_y)
        store(gaussians, place + 2 * lanes, mu_z)
        store(gaussians, place + 3 * lanes, c_xx)
        store(gaussians, place + 4 * lanes, c_xy)
        store(gaussians, place + 5 * lanes, c_xz)
        store(gaussians, place + 6 * lanes, c_yy)
        store(gaussians, place + 7 * lanes, c_yz)
        store(gaussians, place + 8 * lanes, c_zz)
    for t in range(steps):
        value = mul(load(exponents, 2 * t * LANES + LANES), exp(load(exponents, 2 * t * LANES)))
        store(gaussians, (t * FIELDS + FIELDS - 1) * lanes + half, value)


@compiled
def times_root(roots, particle, row, first, stride, x, y, z):
    """A row of F (stride 1) or a column (stride 3) of each of eight particles times a vector."""
    fx = gather(roots, particle, row, 9, first)
    fy = gather(roots, particle, row, 9, first + stride)
    fz = gather(roots, particle, row, 9, first + 2 * stride)
    return fma(fx, x, fma(fy, y, mul(fz, z)))


@compiled
def times_square(roots, particle, row, precision, c, x, y, z):
    """K v = v - s C v of eight particles, or F Fᵀ v where there are roots; `c` are the six elements of C."""
    if roots is None:
        minus_s = splat(-precision)
        c_x, c_y, c_z = times_symmetric(c, x, y, z)
        return fma(minus_s, c_x, x), fma(minus_s, c_y, y), fma(minus_s, c_z, z)
    a, b, c_axis = (
        times_root(roots, particle, row, 0, 3, x, y, z),
        times_root(roots, particle, row, 1, 3, x, y, z),
        times_root(roots, particle, row, 2, 3, x, y, z),
    )
    return (
        times_root(roots, particle, row, 0, 1, a, b, c_axis),
        times_root(roots, particle, row, 3, 1, a, b, c_axis),
        times_root(roots, particle, row, 6, 1, a, b, c_axis),
    )


@compiled
def times_symmetric(c, x, y, z):
    """Six elements of eight matrices times vectors."""
    c_xx, c_xy, c_xz, c_yy, c_yz, c_zz = c
    return (
        fma(c_xx, x, fma(c_xy, y, mul(c_xz, z))),
        fma(c_xy, x, fma(c_yy, y, mul(c_yz, z))),
        fma(c_xz, x, fma(c_yz, y, mul(c_zz, z))),
    )


@compiled
def load_three(array, position):
    """Three consecutive vectors."""
    return load(array, position), load(array, position + LANES), load(array, position + 2 * LANES)


@compiled
def load_six(array, position):
    """Six consecutive vectors."""
    return (
        load(array, position),
        load(array, position + LANES),
        load(array, position + 2 * LANES),
        load(array, position + 3 * LANES),
        load(array, position + 4 * LANES),
        load(array, position + 5 * LANES),
    )


@compiled
def gather_tangents(r_ij, tangents, roots, precision, steps, pair, particle, gaussians, dots):
    """Tangents of the fields of `gaussians`, from those of r, C and log w [pairs · FIELDS]; see `push_pair`."""
    minus_s, half_s2 = splat(-precision), splat(0.5 * precision * precision)
    for t in range(steps):
        row, place = t * LANES, t * FIELDS * LANES
        x, y, z = load_points(r_ij, pair, row)
        for k in range(3, FIELDS - 1):
            store(dots, place + k * LANES, gather(tangents, pair, row, FIELDS, k))
        u, v, w = (
            gather(tangents, pair, row, FIELDS, 0),
            gather(tangents, pair, row, FIELDS, 1),
            gather(tangents, pair, row, FIELDS, 2),
        )
        mu_x, mu_y, mu_z = load_three(gaussians, place)
        k_u, k_v, k_w = times_square(roots, particle, row, precision, load_six(gaussians, place + 3 * LANES), u, v, w)
        c_x, c_y, c_z = times_symmetric(load_six(dots, place + 3 * LANES), x, y, z)
        store(dots, place, fma(minus_s, c_x, k_u))
        store(dots, place + LANES, fma(minus_s, c_y, k_v))
        store(dots, place + 2 * LANES, fma(minus_s, c_z, k_w))
        weight = gather(tangents, pair, row, FIELDS, FIELDS - 1)
        weight = fma(minus_s, fma(mu_x, u, fma(mu_y, v, mul(mu_z, w))), weight)
        weight = fma(half_s2, fma(x, c_x, fma(y, c_y, mul(z, c_z))), weight)
        store(dots, place + (FIELDS - 1) * LANES, weight)
