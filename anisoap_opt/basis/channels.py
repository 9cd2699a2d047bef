"""How many radial functions each angular channel has."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from anisoap_opt import checks

MaxRadial = int | Sequence[int] | None
MAX_POWER = 80
"""Of a radial function r^k: the norms of higher ones leave float64's range."""
MAX_DEGREE = {
    ("gto", "float64"): 36,
    ("gto", "float32"): 30,
    ("monomial", "float64"): 30,
    ("monomial", "float32"): 21,
}
"""Of a moment: monomials and solid harmonics cancel digits, more with each degree. At these degrees up to 1e-6
(float64) and 3e-2 (float32) of the largest coefficient of an l is lost; ``make accuracy`` prints a table."""


def count_radial_functions(max_angular: int, max_radial: MaxRadial) -> list[int]:
    """Number of radial functions n_l for l = 0 … max_angular.

    Parameters
    ----------
    max_angular : int
        Largest l, ≥ 0.
    max_radial : None, int or sequence of int
        None: (max_angular - l)//2 + 1; int: max_radial + 1 for every l; sequence: one max_radial per l.

    Returns
    -------
    list of int, length max_angular + 1

    Raises
    ------
    TypeError, ValueError
        If an entry is not an integer ≥ 0, the sequence has the wrong length, or a power of r exceeds MAX_POWER.
    """
    max_angular = checks.natural("max_angular", max_angular)
    counts = _counts(max_angular, max_radial) if max_angular <= MAX_POWER else []
    degree = largest_degree(counts) if counts else max_angular
    if degree > MAX_POWER:
        raise ValueError(
            f"max_angular={max_angular} with max_radial={max_radial!r} has radial functions up to r^{degree} or more; "
            f"the largest is r^{MAX_POWER}"
        )
    return counts


def check_degree(num_radial: Sequence[int], radial_basis: str, dtype: str) -> None:
    """Refuse a basis whose moments are of a higher degree than this precision is good for.

    Parameters
    ----------
    num_radial : sequence of int
        n_l for l = 0 … max_angular.
    radial_basis : {"gto", "monomial"}
    dtype : {"float64", "float32"}

    Raises
    ------
    ValueError
    """
    degree = largest_degree(num_radial)
    largest = MAX_DEGREE[radial_basis, dtype]
    if degree > largest:
        raise ValueError(
            f"max_angular={len(num_radial) - 1} with up to {max(num_radial)} radial functions needs moments of degree "
            f"{degree}, and {dtype} is good up to degree {largest} with the basis {radial_basis!r}: beyond it the "
            "change from monomials to solid harmonics cancels the digits that there are"
        )


def largest_degree(num_radial: Sequence[int]) -> int:
    """D = max_l (l + 2 (n_l - 1)), the largest power of r in the basis and the largest degree of a moment."""
    return max(l + 2 * (n - 1) for l, n in enumerate(num_radial))


def _counts(max_angular: int, max_radial: MaxRadial) -> list[int]:
    if max_radial is None:
        return [(max_angular - l) // 2 + 1 for l in range(max_angular + 1)]
    if isinstance(max_radial, np.ndarray):
        max_radial = max_radial.tolist()  # of an array without dimensions: a number
    if isinstance(max_radial, Sequence) and not isinstance(max_radial, str):
        if len(max_radial) != max_angular + 1:
            raise ValueError(
                f"max_radial as a list needs one entry per l = 0 … {max_angular}, "
                f"that is {max_angular + 1} entries, got {len(max_radial)}"
            )
        return [_max_radial(f"max_radial[{l}]", entry) + 1 for l, entry in enumerate(max_radial)]
    return [_max_radial("max_radial", max_radial) + 1] * (max_angular + 1)


def _max_radial(name: str, value: Any) -> int:
    try:
        return checks.natural(name, value)
    except TypeError:  # a ValueError, as AniSOAP's
        raise ValueError(f"`max_radial` must be None, int, or list of int, got {name}={value!r}") from None
