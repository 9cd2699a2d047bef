"""One basis that holds many smaller ones, and the power spectra of these from its own.

Made orthonormal by Gram and Schmidt, the first n radial functions of a channel l depend on the first n primitive ones
only, so they span what a smaller set of n functions spans. From them to the functions of that set, which are Löwdin's,
leads an orthogonal matrix Q, see `anisoap_opt.basis.overlaps.orthogonal_factor`. The power spectrum is bilinear:

    c'[m, n'] = Σ_n c[m, n] Q[n, n'],      p'[n_1' u, n_2' v] = Σ Q[n_1, n_1'] p[n_1 u, n_2 v] Q[n_2, n_2']

with the neighbour types u, v untouched. Sums and means over centres obey the same equation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from anisoap_opt.arrays import Array, Floats, Ints
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.coupling import upper_triangle
from anisoap_opt.basis.radial import GTORadialBasis, MonomialBasis


def nested_change(radial_basis: GTORadialBasis | MonomialBasis) -> BasisChange:
    """As `BasisChange.of`, with radial functions made orthonormal by Gram and Schmidt, of which the first n nest."""
    change = BasisChange.of(radial_basis, orthonormal=False)
    length = radial_basis.length
    radial = tuple(length**-1.5 * radial_basis.unit_triangular(l) for l in range(len(change.num_radial)))
    return replace(change, radial=radial)


def drops_functions(radial_basis: GTORadialBasis | MonomialBasis) -> bool:
    """Whether `rcond` drops eigenvalues of the overlaps of any l; then fewer functions than n_l are independent."""
    factors = map(radial_basis.overlap_factor, range(len(radial_basis.num_radial_functions)))
    return radial_basis.rcond > 0 and any(np.linalg.svd(one)[1][-1] ** 2 <= radial_basis.rcond for one in factors)


def union_of_sizes(sizes: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The smallest n_l, l = 0 … largest l, that hold those of every size."""
    longest = max(map(len, sizes))
    return tuple(max(size[l] for size in sizes if l < len(size)) for l in range(longest))


def smaller_block(
    values: Floats, num_nested: int, rotation: Array, num_types: int, *, factor: float, symmetric: bool
) -> Array:
    """Power spectra of one l in the basis of a smaller size.

    Parameters
    ----------
    values : ndarray, shape [rows, (num_nested · types)²]
        In the nested basis.
    num_nested : int
        Functions of the nested basis.
    rotation : ndarray, shape [n, n]
        Q of the smaller size.
    num_types : int
        Neighbour types.
    factor : float
        Of the result.
    symmetric : bool
        See `anisoap_opt.power_spectrum.power_spectrum`; `values` are not.

    Returns
    -------
    ndarray, shape [rows, features of this l]
    """
    num_radial = len(rotation)
    pick, place = _places(num_nested, num_radial, num_types, symmetric)
    by_types = values.take(pick, axis=1).reshape(-1, num_radial**2)  # [rows · pairs of types, (n_1, n_2)]
    from_left, from_right = rotation[:, None, :, None], factor * rotation[:, None, :]
    mapped = by_types @ (from_left * from_right).reshape(num_radial**2, num_radial**2)
    block: Array = mapped.reshape(len(values), -1).take(place, axis=1)
    if symmetric:
        block *= upper_triangle(num_radial * num_types)[1]
    return block


@lru_cache(maxsize=1024)
def _places(num_nested: int, num_radial: int, num_types: int, symmetric: bool) -> tuple[Ints, Ints]:
    """Where (u ≤ v, n_1, n_2) stand in a nested row, and where what is made of them goes: columns of its row."""
    n, m = np.arange(num_radial)[:, None], np.arange(num_radial)
    first, second = np.triu_indices(num_types)
    u, v = first[:, None, None], second[:, None, None]
    pick = (n * num_types + u) * num_nested * num_types + m * num_types + v
    place: Any = np.empty((num_radial, num_types, num_radial, num_types), np.int64)
    mapped = np.arange(pick.size).reshape(pick.shape)
    place[:, second, :, first] = mapped.swapaxes(1, 2)
    place[:, first, :, second] = mapped
    place = place.ravel()
    return pick.ravel(), place[upper_triangle(num_radial * num_types)[0]] if symmetric else place
