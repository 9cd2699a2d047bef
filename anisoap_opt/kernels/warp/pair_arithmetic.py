"""The text of the kernels that carry derivatives between a pair's own variables and those of its moments.

The formulas are those of `kernels/derivatives.py`. All kernels are a thread a pair, do not depend on the degree, and
hold one row for each number: ten sums are ℓ, g (three) and H (six) of `derivatives.sums_of_lowered`, ten dots are the
tangents of the logarithm of the pair's weight, of μ (three) and of C (six, those off the diagonal once), and ten
results are the adjoints of r (three), C (six) and log w.
"""

from __future__ import annotations

from collections.abc import Sequence

from anisoap_opt.kernels.derivatives import AXES, XYZ, pull_pair, pull_pair_along, push_pair
from anisoap_opt.kernels.warp.records import read_pair
from anisoap_opt.kernels.warp.source import function
from anisoap_opt.kernels.warp.symbols import Symbol, symbols

PRECISION = Symbol("precision")
ROOT = [symbols(f"f{x}{k}" for k in "xyz") for x in "xyz"]
R, MU = symbols("xyz"), symbols(("ux", "uy", "uz"))
R_DOT, MU_DOT = symbols(("rdx", "rdy", "rdz")), symbols(("udx", "udy", "udz"))
C_DOT = symbols(f"d{k}" for k in range(6))

PAIR = """\
j: wp.array(dtype=wp.int32), r_ij: wp.array(dtype=Vector), records: wp.array(dtype=Record), precision: T"""
TANGENTS = "r_dots: wp.array(dtype=Vector), c_dots: wp.array2d(dtype=T)"

READ_TANGENTS = "r_dot = r_dots[p]\nrdx = r_dot[0]\nrdy = r_dot[1]\nrdz = r_dot[2]\n" + "".join(
    f"d{k} = c_dots[p, {k}]\n" for k in range(6)
)
READ = "p = wp.tid()\n" + read_pair("p", "factor")


def ten_sums(name: str) -> tuple[Symbol, list[Symbol], list[Symbol]]:
    """ℓ, g and H as variables of the text."""
    ell, *rest = symbols(f"{name}{k}" for k in range(10))
    return ell, rest[:3], rest[3:]


def read_ten(name: str, array: str) -> str:
    """Variables of the text for the ten numbers of a pair."""
    return "".join(f"{name}{k} = {array}[{k}, p]\n" for k in range(10))


def write_ten(values: Sequence[Symbol], array: str) -> str:
    """The ten numbers of a pair as rows of an array."""
    return "".join(f"{array}[{k}, p] = {value.text}\n" for k, value in enumerate(values))


PULL = write_ten(pull_pair(PRECISION, ROOT, R, MU, ten_sums("s")), "out")
"""From sums s0 … s9 to results."""


def push() -> str:
    """From tangents of a pair's r, C and log w to its dots."""
    mu_dot, log_weight_dot = push_pair(PRECISION, ROOT, R, MU, R_DOT, C_DOT, Symbol("log_w_dots[p]"))
    values = [log_weight_dot, *mu_dot, *C_DOT]
    parameters = f"{PAIR},\n    {TANGENTS}, log_w_dots: wp.array(dtype=T), out: wp.array2d(dtype=T)"
    return function("push", parameters, [READ, READ_TANGENTS, write_ten(values, "out")])


def pull() -> str:
    """From a pair's sums to its results."""
    parameters = f"{PAIR},\n    sums: wp.array2d(dtype=T), out: wp.array2d(dtype=T)"
    return function("pull", parameters, [READ, read_ten("s", "sums"), PULL])


def pull_along() -> str:
    """From a pair's sums, and those of its moments along a tangent, to its results along that tangent."""
    sums, sums_dot = ten_sums("s"), ten_sums("t")
    values = pull_pair_along(PRECISION, ROOT, R, MU, sums, R_DOT, C_DOT, MU_DOT, sums_dot)
    parameters = (
        f"{PAIR},\n    {TANGENTS}, dots: wp.array2d(dtype=T), sums: wp.array2d(dtype=T), sums_dot: wp.array2d(dtype=T),"
        "\n    out: wp.array2d(dtype=T)"
    )
    mu_dot = "".join(f"{one.text} = dots[{k + 1}, p]\n" for k, one in enumerate(MU_DOT))
    body = [READ, READ_TANGENTS, mu_dot, read_ten("s", "sums"), read_ten("t", "sums_dot"), write_ten(values, "out")]
    return function("pull_along", parameters, body)


def contract() -> str:
    """Contract a pair's moments with the adjoint G of its segment's: its ten sums, in float64 until they are written.

    Each moment is read once, and G, which the pairs of a segment share, for every product. `lifted` [9, monomials] has
    the rows of G that each moment meets, of the axes and then of the pairs of axes; `lowest`, `low` and `every`
    count the moments that meet G of two degrees more, of one more, and of their own.
    """

    def add(k: int) -> str:
        return f"    s{k} = s{k} + G[lifted[{k - 1}, q], g] * m\n"

    first, second = ("".join(map(add, some)) for some in (range(1, 4), range(4, 10)))
    read = "    m = wp.float64(moments[q, p])\n    s0 = s0 + G[q, g] * m\n"
    body = [
        "p = wp.tid()\ng = segment[p]\n",
        *(f"s{k} = wp.float64(0.0)\n" for k in range(10)),
        f"for q in range(lowest):\n{read}{first}{second}",
        f"for q in range(lowest, low):\n{read}{first}",
        f"for q in range(low, every):\n{read}",
        *(f"out[{k}, p] = T({'wp.float64(0.5) * ' if k > 3 else ''}s{k})\n" for k in range(10)),
    ]
    parameters = """\
segment: wp.array(dtype=wp.int32), lifted: wp.array2d(dtype=wp.int32), lowest: int, low: int, every: int,
    G: wp.array2d(dtype=wp.float64), moments: wp.array2d(dtype=T), out: wp.array2d(dtype=T)"""
    return function("contract", parameters, body)


def along() -> str:
    """A pair's moments along its dots; a thread a moment and a pair.

    `lowered` [monomials, 10] has the rows of the moments that each is made of, itself first; where there is none the
    row behind the last, which holds zeros.
    """
    factors = ["dots[0, p]", *(f"dots[{k + 1}, p]" for k in XYZ)]
    factors += [("T(0.5) * " if i == k else "") + f"dots[{n + 4}, p]" for n, (i, k) in enumerate(AXES)]
    terms = [f"{factor} * moments[lowered[q, {k}], p]" for k, factor in enumerate(factors)]
    parameters = """\
lowered: wp.array2d(dtype=wp.int32), moments: wp.array2d(dtype=T), dots: wp.array2d(dtype=T),
    out: wp.array2d(dtype=T)"""
    return function("along", parameters, ["q, p = wp.tid()\n", f"out[q, p] = {' + '.join(terms)}\n"])


def text() -> str:
    """All of them."""
    return "\n\n".join((push(), pull(), pull_along(), contract(), along()))
