"""How near two ellipsoids may come: the contact function of Perram and Wertheim."""

from __future__ import annotations

import numpy as np

from anisoap_opt.arrays import Array

_STEPS = 60
"""Of a golden section: enough for every digit of the value at a maximum, where errors count squared."""
_SMALLEST, _LARGEST = 1e-60, 1e60
"""Semiaxes beyond these, Å, count as these, so that no square of a ratio overflows."""
_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


def distance_over_contact(
    r_ij: Array, rotations_i: Array, rotations_j: Array, semiaxes_i: Array, semiaxes_j: Array
) -> Array:
    """Distance of two centres over the distance at which the ellipsoids touch, if moved along this line.

    Below 1 the ellipsoids overlap, at 1 they touch. It is √F, with A = R diag(a²) Rᵀ of each ellipsoid and

        F = max_λ λ(1-λ) rᵀ [(1-λ) A_i + λ A_j]⁻¹ r,    0 ≤ λ ≤ 1.

    In the coordinates in which A_i is 1 and A_j is diagonal, d_k, the form is Σ_k y_k² / (1 - λ + λ d_k). F is concave
    in λ, so that a golden section finds its maximum.

    Parameters
    ----------
    r_ij : ndarray, shape [pairs, 3]
        From one centre to the other, Å.
    rotations_i, rotations_j : ndarray, shape [pairs, 3, 3]
        Body → space.
    semiaxes_i, semiaxes_j : ndarray, shape [pairs, 3]
        Half the diameters, Å.

    Returns
    -------
    ndarray, shape [pairs]

    References
    ----------
    J. W. Perram, M. S. Wertheim, J. Comput. Phys. 58, 409 (1985).
    """
    semiaxes_i, semiaxes_j = (one.clip(_SMALLEST, _LARGEST) for one in (semiaxes_i, semiaxes_j))
    to_sphere = rotations_i.swapaxes(1, 2) / semiaxes_i[:, :, None]  # S⁻¹Rᵀ of i
    other = to_sphere @ (rotations_j * semiaxes_j[:, None, :])
    d, axes = np.linalg.eigh(other @ other.swapaxes(1, 2))
    d = np.maximum(d, 0.0)  # of a very thin ellipsoid rounding may leave less
    y2 = np.einsum("pck,pc->pk", axes, np.einsum("pcs,ps->pc", to_sphere, r_ij)) ** 2

    def form(at: Array) -> Array:
        rest = 1.0 - at
        return np.asarray(at * rest * (y2 / (rest[:, None] + at[:, None] * d)).sum(axis=1))

    low, high = np.zeros(len(r_ij)), np.ones(len(r_ij))
    left, right = high - _GOLDEN, low + _GOLDEN
    at_left, at_right = form(left), form(right)
    for _ in range(_STEPS):
        rises = at_left < at_right  # the maximum lies to the right of `left`
        low, high = np.where(rises, left, low), np.where(rises, high, right)
        new = np.where(rises, low + _GOLDEN * (high - low), high - _GOLDEN * (high - low))
        at_new = form(new)
        left, at_left, right, at_right = (
            np.where(rises, right, new), np.where(rises, at_right, at_new),
            np.where(rises, new, left), np.where(rises, at_new, at_left),
        )  # fmt: skip
    return np.sqrt(np.maximum(at_left, at_right))
