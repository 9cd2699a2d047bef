"""The text of the kernels that pull adjoints of summed moments back to pairs, one a degree, without storing moments."""

from __future__ import annotations

from collections.abc import Iterator

from anisoap_opt.basis.recurrence import Exponents, lowered
from anisoap_opt.kernels.derivatives import AXES, XYZ
from anisoap_opt.kernels.warp.pair_arithmetic import PULL
from anisoap_opt.kernels.warp.records import FACTOR, read_pair
from anisoap_opt.kernels.warp.source import function, raised, rows_up_to

PARAMETERS = """\
segment: wp.array(dtype=wp.int32), j: wp.array(dtype=wp.int32), r_ij: wp.array(dtype=Vector),
    weights: wp.array(dtype=T), records: wp.array(dtype=Record), precision: T, G: wp.array2d(dtype=T),
    out: wp.array2d(dtype=T)"""
"""Segment of each pair, pairs and particles as in `source.PARAMETERS`, G [monomials, segments], and the ten results of
`pair_arithmetic` [10, pairs], written."""


def straight_line(degree: int, bounds: tuple[int, int]) -> str:
    """A thread a pair: moments and sums are variables, best registers.

    Each G[p] is read once, when its moment is made: it meets m̃[p], m̃[p - e_i] and m̃[p - e_i - e_k]. So no more than
    the moments of two degrees are kept at a time, and of the highest degree none: fewer numbers than a segment's sums.

    Parameters
    ----------
    degree : int
    bounds : tuple of int
        As for `source.straight_line`.

    Returns
    -------
    str
        Of a function ``pull_back``.
    """
    rows = rows_up_to(degree)
    body = [
        f"p = wp.tid()\ng = segment[p]\n{read_pair('p', 'factor')}",
        *(f"s{k} = T(0.0)\n" for k in range(10)),
    ]
    for p, row in rows.items():
        made = raised(p, rows) if any(p) else "weight * factor(weights, p)"
        body += [f"m{row} = {made}\n", f"adjoint = G[{row}, g]\n"]
        body += [f"s{k} = s{k} + adjoint * m{rows[lower]}\n" for k, lower in met(p)]
    body += [*(f"s{k} = T(0.5) * s{k}\n" for k in range(4, 10)), PULL]
    return FACTOR + function("pull_back", PARAMETERS, body, bounds)


def met(p: Exponents) -> Iterator[tuple[int, Exponents]]:
    """The sums that G[p] goes into, and the moment that it meets in each."""
    steps: list[tuple[int, ...]] = [(), *((i,) for i in XYZ), *AXES]
    for k, axes in enumerate(steps):
        lower = p
        for axis in axes:
            lower = lowered(lower, axis)
        if min(lower) >= 0:
            yield k, lower
