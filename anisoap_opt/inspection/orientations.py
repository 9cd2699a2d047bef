"""Quaternions that look as if they stood in the order (x, y, z, w), read as (w, x, y, z), or the other way round.

The two readings of the same four numbers differ by a permutation, which keeps all angles between quaternions, and turns
a rotation R into A Rᵀ B with fixed A and B. So random orientations stay random, and their numbers do not tell. What
tells is order: bodies that are hardly turned, or turned about one axis of space, or whose axes lie in one plane, are so
in one of the readings only. Signs do not help: a spin by 0 to 360° about z leaves z ≥ 0, as some programs write w ≥ 0.
"""

from __future__ import annotations

import numpy as np

from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.validation import quaternions_to_matrices, units_and_norms

MOST = 600
"""Quaternions that are compared with each other."""
_UNTURNED = 0.985
"""|w| of a rotation by less than 20°."""
_FEW = 10
"""Of fewer bodies only exact numbers say anything."""


def find_signs(numbers: Array, order: str, unique_axes: Ints) -> list[str]:
    """What speaks for the other order, in words; nothing if all is as it should be.

    Parameters
    ----------
    numbers : ndarray, shape [particles, 4]
        Quaternions as they stand in the file, of any norm > 0.
    order : {"wxyz", "xyzw"}
        How they are read.
    unique_axes : ndarray of int, shape [particles]
        0, 1 or 2 for a body whose other two axes are equal, which are seen by its shape; -1 for all others.

    Returns
    -------
    list of str
    """
    chosen = np.unique(np.linspace(0, len(numbers) - 1, min(MOST, len(numbers))).astype(np.int64))
    q, _ = units_and_norms(numbers[chosen])
    if not len(q):
        return []
    if order == "xyzw":
        read, other = np.roll(q, 1, axis=1), q
    else:
        read, other = q, np.roll(q, 1, axis=1)
    if np.abs(read[:, 0]).min() > 1 - 1e-9:  # nothing is turned
        return []
    flat = _flat(read, other, unique_axes[chosen])
    return [sign for sign in (_unturned(read, other), _half_turns(read, other), flat) if sign]


def _unturned(read: Array, other: Array) -> str:
    """Most bodies would hardly be turned; of random ones, 0.2 in a hundred are so."""
    least = _UNTURNED if len(read) >= _FEW else 1 - 1e-9
    share = float((np.abs(other[:, 0]) > least).mean())
    if share <= 0.5 or share <= 2 * (np.abs(read[:, 0]) > least).mean():
        return ""
    turned = f"{share:.0%} of the bodies would be turned by less than 20°, as in a file that begins with unturned ones"
    few = count_orientations(read, 15.0) <= 2
    return f"{turned}; of so few orientations either order is possible" if few else turned


def _half_turns(read: Array, other: Array) -> str:
    """As read, all are half turns: w is 0, exactly, or nearly for several orientations far from each other."""
    w = np.abs(read[:, 0])
    if np.sqrt((other[:, 0] ** 2).mean()) < 0.1:
        return ""
    if w.max() < (1e-3 if len(w) >= _FEW else 1e-6) or (
        np.sqrt((w**2).mean()) < 0.1 and count_orientations(read, 45.0) >= 5
    ):
        return (
            f"w is near 0 for all particles (at most {w.max():.2g}), so that every body is turned by half a turn; "
            "if they were made so, it is right"
        )
    return ""


def _flat(read: Array, other: Array, unique_axes: Ints) -> str:
    """In the other order the axes of uniaxial bodies would lie in a plane; as read, in none."""
    uniaxial = unique_axes >= 0
    if np.count_nonzero(uniaxial) < 16 or count_orientations(read[uniaxial], 15.0) < 16:
        return ""
    as_read, otherwise = (_smallest_spread(q[uniaxial], unique_axes[uniaxial]) for q in (read, other))
    if otherwise > 0.02 or as_read < 0.1:
        return ""
    return "the axes of uniaxial bodies would all lie in one plane; as read, they lie in none"


def _smallest_spread(q: Array, unique_axes: Ints) -> float:
    """Smallest eigenvalue of the mean of u uᵀ, u the unique axes in space: 0 in a plane, 1/3 for random ones."""
    u = quaternions_to_matrices(q)[np.arange(len(q)), :, unique_axes]
    return float(np.linalg.eigvalsh(np.einsum("pa,pb->ab", u, u) / len(u))[0])


def count_orientations(q: Array, degrees: float) -> int:
    """How many of unit quaternions [particles, 4] can be chosen, one after the other, farther apart than an angle.

    So a crystal with thermal motion counts as few as it has sites.
    """
    near, count = np.cos(np.radians(degrees) / 2), 0
    while len(q):
        q = q[np.abs(q @ q[0]) < near]
        count += 1
    return count


def unique_axes_of(semiaxes: Array) -> Ints:
    """For each particle [particles] the axis whose two others are equal, to one in a hundred; -1 if there is none."""
    order = np.argsort(semiaxes, axis=1)
    low, middle, high = np.take_along_axis(semiaxes, order, axis=1).T
    disc, rod = alike(middle, high), alike(low, middle)
    return np.where(disc & ~rod, order[:, 0], np.where(rod & ~disc, order[:, 2], -1))


def alike(a: Array, b: Array) -> Bools:
    """Which lengths b, that are not shorter, are those of a, to one in a hundred."""
    return np.asarray(b <= 1.01 * a)
