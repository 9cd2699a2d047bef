"""The text of the kernels that sum scaled moments, in Warp's Python, one a degree.

Both kernels work on pieces of segments: piece t, the k-th of P of its segment, sums the pairs k, k + P, k + 2P, … of
that segment, so that neighbouring threads read neighbouring pairs. Every text below is the body of a function with the
parameters of `PARAMETERS`; T is the scalar type, Vector and Record are 3 and 16 of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from anisoap_opt.basis.monomials import exponents, num_of_degree
from anisoap_opt.basis.recurrence import Exponents, terms
from anisoap_opt.kernels.warp.records import FACTOR, read_pair

PARAMETERS = """\
start: wp.array(dtype=wp.int32), segment: wp.array(dtype=wp.int32), first: wp.array(dtype=wp.int32),
    j: wp.array(dtype=wp.int32), r_ij: wp.array(dtype=Vector), weights: wp.array(dtype=T),
    records: wp.array(dtype=Record), precision: T, inverse: wp.array(dtype=T), out: wp.array2d(dtype=T)"""
"""Of every kernel: segments' bounds [segments + 1], segment of each piece, first piece of each segment [segments + 1],
neighbours [pairs], vectors [pairs], factors of pairs [pairs] or none, records [particles], s, 1/p for p = 0 … D
(0 for 0), and the moments [monomials, pieces], written."""

PIECE = """\
g = segment[t]
step = first[g + 1] - first[g]
p = start[g] + t - first[g]
end = start[g + 1]
"""


def straight_line(degree: int, bounds: tuple[int, int], form: str, parts: int, part: int) -> str:
    """A thread a piece: every moment and every sum is a variable of its own, best a register.

    p_i m̃[p] = μ_i m̃[p - e_i] + Σ_k C_ik m̃[p - e_i - e_k] with i the axis of fewest terms. Moments of the highest degree
    feed no other moment, so where p_i = 1 their terms go straight into the sums.

    Parameters
    ----------
    degree : int
    bounds : tuple of int
        Threads of a block, and blocks that a multiprocessor shall hold at least; this limits a thread's registers.
    form : {"factor", "covariance"}
        How μ is computed, see `records.CENTER`.
    parts, part : int
        The monomials are summed in this many launches, of which this is one.

    Returns
    -------
    str
        Of a function ``moments``.
    """
    rows = rows_up_to(degree)
    by_plane = sorted(rows)
    wanted = by_plane[len(by_plane) * part // parts : len(by_plane) * (part + 1) // parts]
    pair = [read_pair("p", form), "weight = weight * factor(weights, p)\n"]
    for p in sorted(_needed(wanted), key=lambda p: rows[p]):
        name, total = f"m{rows[p]}", f"s{rows[p]}"
        if p == (0, 0, 0):
            pair.append(f"{name} = weight\n")
        else:
            if sum(p) == degree and p[terms(p)[0]] == 1:
                pair.append(f"{total} = {total} + {raised(p, rows)}\n")
                continue
            pair.append(f"{name} = {raised(p, rows)}\n")
        if p in wanted:
            pair.append(f"{total} = {total} + {name}\n")
    body = ["t = wp.tid()\n", PIECE, *(f"s{rows[p]} = T(0.0)\n" for p in wanted)]
    body += ["while p < end:\n", indented([*pair, "p = p + step\n"])]
    body += [f"out[{rows[p]}, t] = s{rows[p]}\n" for p in wanted]
    return FACTOR + function("moments", PARAMETERS, body, bounds)


def rows_up_to(degree: int) -> dict[Exponents, int]:
    """Row of each monomial."""
    every = [(x, y, z) for d in range(degree + 1) for x, y, z in exponents(d).tolist()]
    return {p: k for k, p in enumerate(every)}


def raised(p: Exponents, rows: dict[Exponents, int]) -> str:
    """A moment made from lower ones, which are the variables m0, m1, … of the text."""
    axis, products = terms(p)
    expression = " + ".join(f"{_factor(one.factor)} * m{rows[one.source]}" for one in products)
    return f"({expression}) * T({1 / p[axis]!r})" if p[axis] > 1 else expression


def _needed(wanted: Iterable[Exponents]) -> set[Exponents]:
    """The monomials that the recurrence passes through on its way to some, these included."""
    found: set[Exponents] = set()
    waiting = list(wanted)
    while waiting:
        p = waiting.pop()
        if p not in found:
            found.add(p)
            waiting += [one.source for one in terms(p)[1]] if any(p) else []
    return found


def _factor(axes: tuple[int, ...]) -> str:
    """Name of μ_i or C_ik in the text."""
    return ("u" if len(axes) == 1 else "c") + "".join("xyz"[axis] for axis in axes)


def plane_walk(degree: int, bounds: tuple[int, int], lanes: int, form: str) -> str:
    """A block a piece: threads share a pair, a thread has one (y, z) of all planes and walks along x.

        p_x m̃[p] = μ_x m̃[p - x] + C_xx m̃[p - 2x] + C_xy m̃[p - x - y] + C_xz m̃[p - x - z]

    Two of the four moments on the right are the thread's own, two are its neighbours' of the plane before, in shared
    memory. The sums are registers, one a plane. A plane's (y, z) are ordered by y + z, so that those of plane x,
    y + z ≤ D - x, are the first threads. Plane x = 0 is made in the same way from its rows, for several pairs at once:
    `lanes` threads, one a z, walk along y.

    Parameters
    ----------
    degree : int
        ≥ 1.
    bounds : tuple of int
        Threads of a block, at least (D + 1)(D + 2)/2 and a multiple of `lanes`; blocks, as for `straight_line`.
    lanes : int
        At least D + 1.
    form : {"factor", "covariance"}

    Returns
    -------
    str
        Of a function ``moments``.
    """
    bases, factors, plane, _ = plane_walk_tiles(degree, bounds[0], lanes)
    batch = bounds[0] // lanes
    every = range(degree + 1)
    gaussian = [
        "pair = p + own * step\n",
        "alive = pair < end\n",
        "if not alive:\n    pair = p\n",
        read_pair("pair", form),
        "weight = weight * factor(weights, pair)\n",
    ]
    first_row = ["value = wp.where(alive, weight, T(0.0))\n", "older = T(0.0)\n"]
    for z in range(1, degree + 1):
        first_row += [
            f"if row >= {z}:\n",
            f"    raised = (uz * value + czz * older) * T({1 / z!r})\n",
            "    older = value\n",
            "    value = raised\n",
        ]
    factor = "wp.where(row == 0, ux, wp.where(row == 1, cxx, wp.where(row == 2, cxy, cxz)))"
    rows = [
        f"wp.tile_scatter_masked(factors, 4 * own + row, {factor}, row < 4)\n",
        "place = row * (row + 1) // 2 + row\n",  # of (y, z) in its plane: d(d + 1)/2 + z with d = y + z
        f"wp.tile_scatter_masked(bases, base + place, value, row <= {degree})\n",
        "older = T(0.0)\n",
        "up = int(1)\n",
        f"while up <= {degree}:\n",
        "    beside = T(0.0)\n",
        f"    inside = row + up <= {degree}\n",
        "    if row > 0 and inside:\n        beside = bases[base + place - row - up]\n",
        "    raised = (uy * value + cyy * older + cyz * beside) * inverse[up]\n",
        "    older = value\n",
        "    value = raised\n",
        "    place = place + row + up\n",
        "    wp.tile_scatter_masked(bases, base + place, value, inside)\n",
        "    up = up + 1\n",
    ]
    walk = [
        "m = T(0.0)\n",
        f"if lane < {plane}:\n    m = bases[{plane} * k + lane]\n",
        "ux = factors[4 * k]\ncxx = factors[4 * k + 1]\n",
        "cxy = wp.where(has_y, factors[4 * k + 2], T(0.0))\ncxz = wp.where(has_z, factors[4 * k + 3], T(0.0))\n",
        "before = T(0.0)\n",
        "s0 = s0 + m\n",
        f"wp.tile_scatter_masked(plane0, lane, m, lane < {plane})\n",
    ]
    for x in range(1, degree + 1):
        last, new, count = f"plane{(x - 1) % 2}", f"plane{x % 2}", num_of_degree(degree - x)
        walk += [
            f"new = next_moment({last}, lane, {count}, below_y, below_z, ux, cxx, cxy, cxz, m, before)\n",
            f"new = new * T({1 / x!r})\n",
            "before = m\n",
            "m = new\n",
            f"s{x} = s{x} + m\n",
            f"wp.tile_scatter_masked({new}, lane, m, lane < {count})\n",
        ]
    body = [
        "t, lane = wp.tid()\n",
        PIECE,
        f"own = lane // {lanes}\n",
        f"row = lane - own * {lanes}\n",
        f"base = {plane} * own\n",
        "sum_yz = int(0)\n",
        "while (sum_yz + 1) * (sum_yz + 2) // 2 <= lane:\n    sum_yz = sum_yz + 1\n",
        "of_z = lane - sum_yz * (sum_yz + 1) // 2\n",
        "has_y = of_z < sum_yz\n",
        "has_z = of_z > 0\n",
        "below_y = wp.where(has_y, lane - sum_yz, 0)\n",
        "below_z = wp.where(has_z, lane - sum_yz - 1, 0)\n",
        f"bases = wp.tile_zeros(shape={bases}, dtype=T, storage='shared')\n",
        f"factors = wp.tile_zeros(shape={factors}, dtype=T, storage='shared')\n",
        f"plane0 = wp.tile_zeros(shape={plane}, dtype=T, storage='shared')\n",
        f"plane1 = wp.tile_zeros(shape={plane}, dtype=T, storage='shared')\n",
        *(f"s{x} = T(0.0)\n" for x in every),
        "while p < end:\n",
        indented(
            [
                *gaussian,
                *first_row,
                *rows,
                "k = int(0)\n",
                f"while k < {batch} and p < end:\n",
                indented([*walk, "k = k + 1\n", "p = p + step\n"]),
            ]
        ),
    ]
    for x in every:
        body.append(f"if lane < {num_of_degree(degree - x)}:\n")
        degree_of = f"(sum_yz + {x})"
        body.append(f"    out[{degree_of} * (sum_yz + {x + 1}) * (sum_yz + {x + 2}) // 6 + lane, t] = s{x}\n")
    return FACTOR + NEXT_MOMENT + function("moments", PARAMETERS, body, bounds)


def plane_walk_tiles(degree: int, threads: int, lanes: int) -> tuple[int, int, int, int]:
    """Numbers in each tile of shared memory of the plane walk: its bases, its factors, and two planes."""
    plane, batch = num_of_degree(degree), threads // lanes
    return batch * plane, 4 * batch, plane, plane


NEXT_MOMENT = """\
@wp.func
def next_moment(
    plane: Any, lane: int, count: int, below_y: int, below_z: int, ux: T, cxx: T, cxy: T, cxz: T, m: T, before: T
):
    if lane >= count:
        return T(0.0)
    return ux * m + cxx * before + cxy * plane[below_y] + cxz * plane[below_z]


"""
"""A function because of its return: variables that an `if` in a loop may leave unset cost registers all around it."""


def function(name: str, parameters: str, body: list[str], bounds: tuple[int, int] | None = None) -> str:
    """A kernel of this body; `bounds` as for `straight_line`."""
    limit = "" if bounds is None else f", launch_bounds={bounds}"
    decorator = f"@wp.kernel(enable_backward=False, grid_stride=False{limit})\n"
    return f"{decorator}def {name}(\n    {parameters},\n):\n{indented(body)}"


def indented(lines: list[str]) -> str:
    """The lines, one level further in."""
    return "".join(f"    {line}\n" for line in "".join(lines).splitlines())
