"""The smooth cutoff: a factor of each pair's density that falls from 1 to 0 over the last stretch before the cutoff.

With x = (r - (r_cut - width)) / width, clipped to [0, 1],

    f(r) = (1 - x)³ (1 + 3x + 6x²) = 1 - 10x³ + 15x⁴ - 6x⁵

which has two continuous derivatives. The pair of a particle with itself, r = 0, has f = 1 for any width up to r_cut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from anisoap_opt import checks
from anisoap_opt.arrays import Array, Ints
from anisoap_opt.pairs import Neighborhoods, Pairs


def fallen(distance: Any, radius: Any, width: Any) -> Any:
    """The clipped x of a distance; single numbers, arrays, and those of compiled loops."""
    return np.minimum(np.maximum((distance - (radius - width)) / width, 0.0), 1.0)


def factor_at(x: Any) -> Any:
    """The factor f at a clipped x; as `fallen`."""
    return (1 - x) ** 3 * (1 + x * (3 + 6 * x))


@dataclass(frozen=True)
class SmoothCutoff:
    """A cutoff radius and the width over which the factor falls, both in one unit of length."""

    radius: float
    width: float

    @classmethod
    def checked(cls, radius: float, width: Any) -> SmoothCutoff:
        """From a user's `cutoff_smoothing`.

        Raises
        ------
        TypeError, ValueError
            Unless 0 < width ≤ radius.
        """
        number = checks.length("cutoff_smoothing", width)
        if number > radius:
            raise ValueError(f"cutoff_smoothing must be at most cutoff_radius={radius}, got {width!r}")
        return cls(radius, number)

    def in_units_of(self, length: float) -> SmoothCutoff:
        """The same with both lengths divided by one."""
        return SmoothCutoff(self.radius / length, self.width / length)

    def smooth(self, neighborhoods: Neighborhoods) -> Neighborhoods:
        """The same neighbours with the factor as their pairs' weight; lengths in the unit of this cutoff."""
        return neighborhoods._replace(pairs=_SmoothPairs(neighborhoods.pairs, self))

    def factor(self, r_ij: Any) -> Any:
        """The factor f of vectors [pairs, 3], NumPy's or Torch's; shape [pairs]."""
        if isinstance(r_ij, np.ndarray):
            return np.asarray(factor_at(fallen(np.sqrt(np.einsum("pk,pk->p", r_ij, r_ij)), self.radius, self.width)))
        distance = (r_ij**2).sum(1).sqrt()
        return factor_at(((distance - (self.radius - self.width)) / self.width).clamp(0, 1))

    def log_gradient(self, r_ij: Array) -> Array:
        """∇ log f of vectors [pairs, 3]; shape [pairs, 3]. Zero where f is 0 or constant."""
        distance = np.sqrt(np.einsum("pk,pk->p", r_ij, r_ij))
        x = fallen(distance, self.radius, self.width)
        inside = (x > 0) & (x < 1)
        y = np.where(inside, x, 0.5)
        slope = np.where(inside, -30 * y**2 / ((1 - y) * (1 + y * (3 + 6 * y)) * self.width), 0)
        return np.asarray((slope / np.where(inside, distance, 1))[:, None] * r_ij)


class _SmoothPairs:
    """Pairs whose weights are made when they are asked for; can be used as `Pairs`."""

    def __init__(self, pairs: Any, cutoff: SmoothCutoff) -> None:
        self._pairs = pairs
        self._cutoff = cutoff
        self.start: Ints = pairs.start
        self.num_segments: int = pairs.num_segments

    @property
    def j(self) -> Ints:
        return self._pairs.j

    @property
    def r_ij(self) -> Array:
        return self._pairs.r_ij

    @cached_property
    def weight(self) -> Array:
        return self._cutoff.factor(self.r_ij)

    def segments(self, first: int, last: int) -> Pairs:
        """The pairs of the segments first … last - 1."""
        some: Pairs = self._pairs.segments(first, last)
        return replace(some, weight=self._cutoff.factor(some.r_ij))
