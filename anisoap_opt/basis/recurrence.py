"""The recurrence of the scaled moments m̃[p] = m[p]/p!, as data.

For any axis i with p_i > 0

    p_i m̃[p] = μ_i m̃[p - e_i] + Σ_k C_ik m̃[p - e_i - e_k]      (terms with a negative exponent are left out)

and m̃[0] is the weight of the pair. Whoever writes code for it, or counts its operations, reads `terms`.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

Exponents = tuple[int, int, int]


class Term(NamedTuple):
    """One product of the recurrence.

    Attributes
    ----------
    factor : tuple of int
        (i,) is μ_i, (i, k) with i ≤ k is C_ik.
    source : tuple of int
        Exponents of the lower moment that it multiplies.
    """

    factor: tuple[int, ...]
    source: Exponents


@cache
def terms(p: Exponents) -> tuple[int, tuple[Term, ...]]:
    """How to make one moment from lower ones with the fewest operations.

    Parameters
    ----------
    p : tuple of int
        Exponents, not all zero.

    Returns
    -------
    axis : int
        The i with the fewest terms; of several the one with p_i = 1, which spares the division, then the first.
    terms : tuple of Term
        p_axis m̃[p] is their sum; the one with μ comes last.
    """
    choices = []
    for axis in (axis for axis in range(3) if p[axis]):
        base = lowered(p, axis)
        products = [Term((min(axis, k), max(axis, k)), lowered(base, k)) for k in range(3) if base[k]]
        choices.append((len(products), p[axis] != 1, axis, (*products, Term((axis,), base))))
    _, _, axis, chosen = min(choices)
    return axis, chosen


def lowered(p: Exponents, axis: int) -> Exponents:
    """The exponents p - e_axis."""
    x, y, z = (value - (k == axis) for k, value in enumerate(p))
    return x, y, z


def count_flops(degree: int) -> int:
    """Floating-point operations of one pair's moments up to a degree, two for each term of the recurrence."""
    return 2 * sum(
        len(terms((x, y, total - x - y))[1])
        for total in range(1, degree + 1)
        for x in range(total + 1)
        for y in range(total + 1 - x)
    )
