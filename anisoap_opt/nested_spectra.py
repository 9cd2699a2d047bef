"""Sums of power spectra of many sizes from those in a basis that nests them; see `anisoap_opt.basis.nested`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anisoap_opt.arrays import Array, Floats
from anisoap_opt.basis.coupling import count_features
from anisoap_opt.basis.nested import smaller_block
from anisoap_opt.basis.radial import GTORadialBasis, MonomialBasis
from anisoap_opt.kernels.contract import FrameSums


class NestedSpectra:
    """Sums over frames in the nested basis, and the blocks of smaller sizes that were made of them.

    Centre types with as many neighbour types are mapped together: calls of NumPy cost more than what they do here.

    Parameters
    ----------
    found : FrameSums
        Not symmetric.
    num_radial : sequence of int
        n_l of the nested basis.
    factor : float
        Of all results.
    symmetric : bool
        Of all results, see `anisoap_opt.power_spectrum.power_spectrum`.
    """

    def __init__(self, found: FrameSums, num_radial: Sequence[int], factor: float, *, symmetric: bool) -> None:
        self.num_radial, self.factor, self.symmetric = num_radial, factor, symmetric
        self.num_types = [width for width in found.met.sum(axis=1).tolist() if width]  # of each centre type's block
        self._shape, self._dtype = (-1, len(found.values)), found.values.dtype
        ends = np.cumsum([0, *(count_features([n * types for n in num_radial]) for types in self.num_types)]).tolist()
        of_type = [found.values[:, first:last] for first, last in zip(ends[:-1], ends[1:], strict=True)]
        self._rows = {
            types: np.concatenate([one for one, own in zip(of_type, self.num_types, strict=True) if own == types])
            for types in set(self.num_types)
        }
        self._blocks: dict[tuple[int, int, int], Array] = {}

    def of_size(self, radial_basis: GTORadialBasis | MonomialBasis) -> Floats:
        """Features of a basis that nests in this one, [frames, features]."""
        sizes = radial_basis.num_radial_functions
        parts = []
        for t, types in enumerate(self.num_types):
            place = self.num_types[:t].count(types)
            parts += [self._block(types, l, n, radial_basis)[place] for l, n in enumerate(sizes)]
        empty = np.empty((self._shape[1], 0))
        return np.concatenate([empty, *parts], axis=1, dtype=self._dtype, casting="same_kind")

    def _block(self, types: int, l: int, n: int, radial_basis: GTORadialBasis | MonomialBasis) -> Array:
        """Features of one l, [centre types with as many neighbour types, frames, features of l]."""
        if (types, l, n) not in self._blocks:
            before, own = (count_features([n * types for n in self.num_radial[first : l + 1]]) for first in (0, l))
            values = self._rows[types][:, before - own : before]
            made = smaller_block(
                values,
                self.num_radial[l],
                radial_basis.rotation(l),
                types,
                factor=self.factor,
                symmetric=self.symmetric,
            )
            self._blocks[types, l, n] = made.reshape(*self._shape, made.shape[1])
        return self._blocks[types, l, n]
