"""The change of basis transposed: from adjoints of a segment's coefficients to those of its moments.

The two steps of `contraction.Contraction` backwards, in the same dense blocks with transposed matrices. Their outputs
follow one another class by class, so a copy puts them where the sums over a pair's moments find them: in the order of
`exponents_in_planes` of a degree higher by two. What lies above the basis's own degree is zero and stays zero, so that
p + e_i + e_j needs no test.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from anisoap_opt.arrays import Ints
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.kernels.numba.contraction import Block, BlockMap, harmonic_classes
from anisoap_opt.kernels.numba.layout import rows_by_degree


@dataclass(frozen=True)
class Spread:
    """Transposed change of basis.

    Attributes
    ----------
    radial, harmonics : BlockMap
        The two steps. Coefficients and primitive ones are ordered alike: l, m, n.
    places : ndarray of int, shape [outputs of the second step]
        Where each goes.
    """

    radial: BlockMap
    harmonics: BlockMap
    places: Ints

    @classmethod
    def of(cls, basis: BasisChange) -> Spread:
        """Find the blocks; kept for as long as the basis lives."""
        if basis not in _KNOWN:
            _KNOWN[basis] = cls._find(basis)
        return _KNOWN[basis]

    @classmethod
    def _find(cls, basis: BasisChange) -> Spread:
        offsets = np.cumsum([0] + [(2 * l + 1) * n for l, n in enumerate(basis.num_radial)])
        radial: list[Block] = []
        for l, matrix in enumerate(basis.radial):
            firsts = offsets[l] + len(matrix) * np.arange(2 * l + 1)
            radial += [(first + np.arange(len(matrix)), matrix, int(first)) for first in firsts]
        harmonics: list[Block] = []
        rows, places = rows_by_degree(basis.degree + 2), []
        num_outputs = 0
        for one in harmonic_classes(basis):
            inputs = np.array([offsets[l] + m * basis.num_radial[l] + n for l, m, n in one.owners])
            harmonics.append((inputs, one.matrix.T, num_outputs))
            places.append(rows[one.monomials])
            num_outputs += len(one.monomials)
        return cls(BlockMap.of(radial), BlockMap.of(harmonics), np.concatenate(places))


_KNOWN: WeakKeyDictionary[BasisChange, Spread] = WeakKeyDictionary()
