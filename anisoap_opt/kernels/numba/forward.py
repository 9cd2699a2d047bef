"""What one basis needs on the way from pairs to coefficients, made once: tables, sizes, the kind of code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy.typing as npt

from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.monomials import num_up_to_degree
from anisoap_opt.kernels.numba.contraction import Contraction
from anisoap_opt.kernels.numba.harmonics import radial_table
from anisoap_opt.kernels.numba.recurrence import LOW_DEGREE
from anisoap_opt.kernels.numba.segments import WorkSpace, work_space
from anisoap_opt.kernels.numba.vectors import LANES

STRAIGHT_LINE_DEGREE = 16
"""Up to this degree straight-line code is used, above it the plane walk."""


@dataclass(frozen=True)
class Forward:
    """Arguments of `segments.expand_windows` that depend on the basis alone.

    Attributes
    ----------
    contraction : Contraction
    degree : int
    straight : tuple or None
        See `straight_line`.
    maps : tuple
        Arrays of the two `BlockMap`, and None.
    change : tuple
        The same, or instead of them a `radial_table` where sums of moments are not scaled; and `columns`.
    columns : int
        Numbers in a row of coefficients: whole vectors.
    num_primitive : int
    """

    contraction: Contraction
    degree: int
    straight: tuple[int, ...] | None
    maps: tuple[Any, None]
    change: tuple[Any, Any, int]
    columns: int
    num_primitive: int

    @classmethod
    def of(cls, basis: BasisChange) -> Forward:
        """Make it; kept for as long as the basis lives."""
        if basis not in _KNOWN:
            _KNOWN[basis] = cls._make(basis)
        return _KNOWN[basis]

    @classmethod
    def _make(cls, basis: BasisChange) -> Forward:
        contraction, degree = Contraction.of(basis), basis.degree
        columns = -(-contraction.offsets[-1] // LANES) * LANES
        maps = (contraction.harmonics.arrays, contraction.radial.arrays), None
        straight = straight_line(degree, STRAIGHT_LINE_DEGREE)
        low = straight is not None and degree <= LOW_DEGREE
        one_or_other = (None, radial_table(basis.radial)) if low else maps
        num_primitive = max(contraction.num_primitive, num_up_to_degree(min(degree, LOW_DEGREE)))
        return cls(contraction, degree, straight, maps, (*one_or_other, columns), columns, num_primitive)

    @property
    def walked(self) -> int | None:
        """Degree of the plane walk; None where there is straight-line code."""
        return self.degree if self.straight is None else None

    def work_space(self, dtype: npt.DTypeLike) -> WorkSpace:
        """Buffers of one thread."""
        return work_space(self.degree, self.num_primitive, self.columns, dtype)


_KNOWN: WeakKeyDictionary[BasisChange, Forward] = WeakKeyDictionary()


def straight_line(degree: int, limit: int) -> tuple[int, ...] | None:
    """What selects straight-line code of this degree, or the plane walk above the limit."""
    return (0,) * degree if degree <= limit else None
