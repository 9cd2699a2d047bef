"""Sums of power spectra over runs of centres, a thread a feature and a piece of a run: no spectrum is ever stored."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,valid-type,index,operator,misc,arg-type"

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import warp as wp

from anisoap_opt.arrays import Array, Ints
from anisoap_opt.basis.coupling import scale, upper_triangle

wp.set_module_options({"enable_backward": False, "grid_stride": False})


@wp.kernel
def couple(
    start: wp.array(dtype=wp.int32),
    run: wp.array(dtype=wp.int32),
    first: wp.array(dtype=wp.int32),
    features: wp.array2d(dtype=wp.int32),
    factors: wp.array(dtype=wp.float64),
    num_types: int,
    coefficients: wp.array2d(dtype=wp.float64),
    out: wp.array2d(dtype=wp.float64),
):
    """Σ_m c[m, a] c[m, b] summed over the centres k, k + P, k + 2P, … of the run that piece k of its P belongs to.

    Runs of centres [runs + 1], run of each piece, first piece of each run [runs + 1], rows and factors of
    `feature_table`, coefficients [rows, centres · types], and sums [features, pieces], written.
    """
    feature, t = wp.tid()
    k = run[t]
    row_a = features[feature, 0]
    row_b = features[feature, 1]
    type_a = features[feature, 2]
    type_b = features[feature, 3]
    components = features[feature, 4]
    step = features[feature, 5]
    total = wp.float64(0.0)
    center = start[k] + t - first[k]
    while center < start[k + 1]:
        a = center * num_types + type_a
        b = center * num_types + type_b
        for m in range(components):
            total = total + coefficients[row_a + m * step, a] * coefficients[row_b + m * step, b]
        center = center + first[k + 1] - first[k]
    out[feature, t] = factors[feature] * total


@cache
def feature_table(num_radial: tuple[int, ...], num_types: int, symmetric: bool) -> tuple[Ints, Array]:
    """What each column of the power spectrum is made of.

    Returns
    -------
    rows : ndarray of int32, shape [features, 6]
        Rows of c[m = -l, n_a] and c[m = -l, n_b] among the coefficients, neighbour types, 2l+1, and rows from m to
        m + 1.
    factors : ndarray, shape [features]
    """
    parts: list[Any] = []
    factors: list[Array] = []
    offset = 0
    for l, n in enumerate(num_radial):
        size = n * num_types
        columns, weights = upper_triangle(size) if symmetric else (np.arange(size**2), np.ones(size**2))
        a, b = np.divmod(columns, size)
        same = np.ones_like(a)
        parts.append([offset + a // num_types, offset + b // num_types, a % num_types, b % num_types,
                      (2 * l + 1) * same, n * same])  # fmt: skip
        factors.append(scale(l) * weights)
        offset += (2 * l + 1) * n
    return np.concatenate(parts, axis=1).T.astype(np.int32), np.concatenate(factors)
