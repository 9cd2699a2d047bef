"""Derivatives of the sums of power spectra over runs of centres, on NumPy arrays.

The sums are those of `anisoap_opt.power_spectrum.sum_power_spectra`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anisoap_opt.arrays import Floats, Ints
from anisoap_opt.basis.coupling import count_features, scale, upper_triangle


def pull_back_sums(
    coefficients: Sequence[Floats], adjoint: Floats, start: Ints, *, symmetric: bool = False
) -> list[Floats]:
    """Adjoints of the coefficients from those of the sums.

    c̄[m, a] = scale_l Σ_b (p̄[a, b] + p̄[b, a]) c[m, b]

    Parameters
    ----------
    coefficients : list of ndarray, the l-th of shape [centers, 2l+1, a]
    adjoint : ndarray, shape [runs, features]
        p̄, of all centres of a run.
    start, symmetric
        See `sum_power_spectra`.

    Returns
    -------
    list of ndarray, shapes of `coefficients`
    """
    adjoints: list[Floats] = []
    runs = _Runs(start, len(coefficients[0]))
    done = 0
    for l, c in enumerate(coefficients):
        size = c.shape[2]
        width = count_features([size], symmetric=symmetric)
        own = adjoint[:, done : done + width]
        done += width
        if symmetric:
            columns, factors = upper_triangle(size)
            full = np.zeros((len(own), size**2), dtype=own.dtype)
            full[:, columns] = own * factors
            own = full
        square = own.reshape(len(own), size, size)
        adjoints.append(runs.times(c, scale(l) * (square + square.swapaxes(1, 2))))
    return adjoints


def push_forward_sums(
    coefficients: Sequence[Floats], changes: Sequence[Floats], start: Ints, *, symmetric: bool = False
) -> Floats:
    """Changes of the sums where the coefficients change.

    ṗ[a, b] = scale_l Σ_m (ċ[m, a] c[m, b] + c[m, a] ċ[m, b])

    Parameters
    ----------
    coefficients, changes : list of ndarray, the l-th of shape [centers, 2l+1, a]
        c and ċ.
    start, symmetric
        See `sum_power_spectra`.

    Returns
    -------
    ndarray, shape [runs, features]
    """
    blocks, runs = [], _Runs(start, len(coefficients[0]))
    for l, (c, c_dot) in enumerate(zip(coefficients, changes, strict=True)):
        half = runs.products(c_dot, c)
        p = (scale(l) * (half + half.swapaxes(1, 2))).reshape(len(half), c.shape[2] ** 2)
        if symmetric:
            columns, factors = upper_triangle(c.shape[2])
            p = p[:, columns] * factors
        blocks.append(p)
    return np.concatenate(blocks, axis=1)


class _Runs:
    """Products of centres' coefficients with what the centres of a run share.

    Long runs are one large product each; where runs are short, one call does the small products of all centres.
    """

    def __init__(self, start: Ints, num_centers: int) -> None:
        bounds = np.append(start, num_centers)
        self.lengths, self.first = np.diff(bounds), bounds[:-1]
        self.parts = [slice(*pair) for pair in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)]
        self.are_long = num_centers >= _LONG_RUN * max(1, len(self.parts))

    def times(self, c: Floats, matrices: Floats) -> Floats:
        """Product of each centre's c [2l+1, a] and its run's matrix [a, a], [centers, 2l+1, a]."""
        if not self.are_long:
            return c @ np.repeat(matrices, self.lengths, axis=0)
        size, out = c.shape[2], np.empty(c.shape, np.result_type(c, matrices))
        for part, matrix in zip(self.parts, matrices, strict=True):
            np.matmul(c[part].reshape(-1, size), matrix, out=out[part].reshape(-1, size))
        return out

    def products(self, c: Floats, other: Floats) -> Floats:
        """Sums over the centres of each run of cᵀ · other, [runs, a, a]."""
        if not self.are_long:
            return np.add.reduceat(c.swapaxes(1, 2) @ other, self.first, axis=0)
        size = c.shape[2]
        return np.stack([c[part].reshape(-1, size).T @ other[part].reshape(-1, size) for part in self.parts])


_LONG_RUN = 6
"""Centres of a run, on average, from which a large product for each run is faster."""
