"""How many radial functions each angular channel has."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from anisoap_opt import checks

MaxRadial = int | Sequence[int] | None
MAX_DEGREE = 80
"""Of a moment: the change of basis of higher ones cancels more digits than float64 has."""


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
        If an entry is not an integer ≥ 0, the sequence has the wrong length, or the degree exceeds MAX_DEGREE.
    """
    max_angular = checks.natural("max_angular", max_angular)
    counts = _counts(max_angular, max_radial) if max_angular <= MAX_DEGREE else []
    degree = max((l + 2 * (n - 1) for l, n in enumerate(counts)), default=max_angular)
    if degree > MAX_DEGREE:
        raise ValueError(
            f"max_angular={max_angular} with max_radial={max_radial!r} has radial functions up to degree {degree} or "
            f"more; the largest is {MAX_DEGREE}"
        )
    return counts


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
