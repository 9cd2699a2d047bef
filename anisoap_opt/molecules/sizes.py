"""Diameters of ellipsoids, from the positions of a molecule's atoms along its axes."""

from __future__ import annotations

import numpy as np

from anisoap_opt.arrays import Array, Bools


def from_spreads(spreads: Array, radii: Array, weights: Array, equal: Bools) -> Array:
    """Diameters 2σ_k, σ_k² = Σ_i w_i ((a_k · r_i)² + s_i²): those of the Gaussian with the molecule's second moments.

    The molecule is a sum of Gaussians here, of widths s_i at its atoms r_i.

    Parameters
    ----------
    spreads : ndarray, shape [molecules, 3]
        Σ_i w_i (a_k · r_i)², Å².
    radii : ndarray, shape [atoms]
        s_i, Å.
    weights : ndarray, shape [molecules, atoms]
        Their sum is 1.
    equal : ndarray of bool, shape [molecules, 3, 3]
        Axes whose spreads count as equal: they get their mean.

    Returns
    -------
    ndarray, shape [molecules, 3]
        Å.
    """
    mean = np.einsum("mkl,ml->mk", equal, spreads) / equal.sum(axis=2)
    return np.asarray(2 * np.sqrt(mean + (weights @ radii**2)[:, None]))


def from_extents(along: Array, radii: Array, near: Array) -> Array:
    """Diameters from one end of the molecule to the other, along each axis.

    Axes of equal spread are as good as all others in their plane, or in space: there it is twice the distance of the
    outermost atom from the centre, which does not depend on them. Between nearly equal and different spreads, one
    passes smoothly into the other.

    Parameters
    ----------
    along : ndarray, shape [molecules, atoms, 3]
        Positions from the centre, along the axes, Å.
    radii : ndarray, shape [atoms]
        What is added at each end, Å.
    near : ndarray, shape [molecules, 3, 3]
        How equal the spreads are, from 0 to 1.

    Returns
    -------
    ndarray, shape [molecules, 3]
        Å.
    """
    reach = radii[:, None]
    lengths = (along + reach).max(axis=1) - (along - reach).min(axis=1)
    around = 2 * (np.sqrt(np.einsum("mkl,mnl->mnk", near, along**2)) + reach).max(axis=1)
    share = np.where(np.eye(3, dtype=bool), 0.0, near).max(axis=2)
    return np.asarray(np.where(share == 1, around, share * around + (1 - share) * lengths))
