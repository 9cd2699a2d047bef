"""Axes of molecules: from the gyration tensor or from atoms that a caller names, and what they leave open."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks, validation
from anisoap_opt.arrays import Array, Bools
from anisoap_opt.given import floats
from anisoap_opt.validation import Places

LETTERS = ("x", "y", "z")
EQUAL_SPREADS = 1e-4
"""Spreads that differ by less than this fraction of the largest count as equal: files round positions."""
NEAR_SPREADS = 0.02
"""Spreads closer than this fraction of the largest do not say which axis is which: displacements of 0.005 Å split those
of benzene, methane and ammonia by 0.5 to 1.5 %. The close ones of methanol, without this symmetry, are 4 % apart."""
SHORTEST_AXIS = 1e-6
"""An axis given by atoms must be longer than this, relative to the distances that it is made of."""


class _Axes(Places):
    """What messages call the elements of an argument, which has no frames."""

    def particle(self, particle: int) -> str:
        return f"axes[{particle}]"


def quaternion_from_axes(axes: npt.ArrayLike) -> Array:
    """Quaternions of particles whose axes are known.

    Parameters
    ----------
    axes : array, shape [particles, 3, 3] or [3, 3]
        Columns are the body's x, y and z, unit vectors in space: ``axes[:, 0]`` is the direction along which
        ``c_diameter[1]`` is measured, ``axes[:, 2]`` that of ``c_diameter[3]``. It is the rotation matrix body → space.
        Elements of AᵀA may be off those of the unit matrix by 10⁻³; the nearest rotation is taken then.

    Returns
    -------
    ndarray, shape [particles, 4] or [4]
        (w, x, y, z) of norm 1. Of q and -q, which are the same rotation, the one with w > 0; where w is 0, the one
        whose first other component that is not 0 is positive.

    Raises
    ------
    TypeError
        If `axes` does not hold numbers.
    ValueError
        If it has another shape, or the axes are not orthogonal unit vectors, or left-handed: often two of them in the
        wrong order.

    Examples
    --------
    A disc whose short axis, its third, lies along x of space:

    >>> quaternion_from_axes([[0, 0, 1], [1, 0, 0], [0, 1, 0]]).tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    from scipy.spatial.transform import Rotation

    try:
        one = np.ndim(axes) == 2
    except ValueError:  # lists of different lengths, which the next line tells
        one = False
    array = floats("axes", [axes] if one else axes, ("particles", 3, 3), (3, 3))
    if not len(array):
        return np.zeros((0, 4))
    with np.errstate(invalid="ignore", over="ignore"):
        left_handed = np.linalg.det(array) < 0
    if left_handed.any():
        bad = int(np.argmax(left_handed))
        raise ValueError(f"axes[{bad}] are left-handed, two may be in the wrong order: {array[bad].tolist()}")
    rotations = validation.nearest_rotations(_Axes([len(array)]), array, "columns")
    quaternions = np.roll(Rotation.from_matrix(rotations).as_quat(canonical=True), 1, axis=1)
    return quaternions[0] if one else quaternions


def check_atoms_of_axes(axes: Any, formula: str, num_atoms: int) -> dict[int, list[int]]:
    """Which atoms give which axis of the molecules of one kind: {0, 1 or 2: atoms}; a TypeError or a ValueError."""
    what = f"axes of {formula}"
    if not isinstance(axes, Mapping) or not axes or not set(axes) <= set(LETTERS) or len(axes) > 2:
        raise TypeError(f"{what} must name atoms for one or two of 'x', 'y', 'z', such as {{'z': [0, 1, 2]}}: {axes!r}")
    found = {}
    for letter, atoms in axes.items():
        try:
            indices = [checks.natural(f"{what}, {letter!r}", atom) for atom in atoms]
        except TypeError:
            raise TypeError(f"{what}: {letter!r} must be a list of atoms, got {atoms!r}") from None
        if len(indices) < 2 or len(set(indices)) < len(indices) or max(indices) >= num_atoms:
            raise ValueError(
                f"{what}: {letter!r} must be two atoms, from one to the other, or three or more, whose normal it is; "
                f"each once and below {num_atoms}, got {indices}"
            )
        found[LETTERS.index(letter)] = indices
    return found


def direction(positions: Array, atoms: list[int]) -> Array:
    """Unit vectors from the first of two atoms to the second, or normal to more of them.

    The normal is that of the polygon, Σ r_k × r_{k+1} about its centre: it points to where the atoms go round
    anticlockwise, and changes continuously with their positions.

    Parameters
    ----------
    positions : ndarray, shape [molecules, atoms, 3]
    atoms : list of int

    Returns
    -------
    ndarray, shape [molecules, 3]
        NaN where the atoms give no direction.
    """
    corners = positions[:, atoms]
    if len(atoms) == 2:
        vectors, scale = corners[:, 1] - corners[:, 0], np.abs(corners).max(axis=(1, 2))
    else:
        corners = corners - corners.mean(axis=1, keepdims=True)
        vectors = np.cross(corners, np.roll(corners, -1, axis=1)).sum(axis=1)
        scale = (corners**2).sum(axis=(1, 2))
    return _unit(vectors, scale)


def _unit(vectors: Array, scale: Any = 1.0) -> Array:
    norms = np.linalg.norm(vectors, axis=1)
    norms[norms <= SHORTEST_AXIS * scale] = np.nan
    return np.asarray(vectors / norms[:, None])


def principal_axes(gyration: Array, given: Mapping[int, Array]) -> tuple[Array, Array]:
    """Right-handed axes: those that are given, and the others in the order of falling spread.

    Without given ones, x is the direction of largest and z that of smallest spread: the axis of a rod, the normal of
    a ring. One that is given is kept, and the spread around it decides the others. Two that are given are kept as far
    as they are orthogonal: the second is turned towards the plane normal to the first.

    Parameters
    ----------
    gyration : ndarray, shape [molecules, 3, 3]
        Å².
    given : dict from int to ndarray, shape [molecules, 3]
        Unit vectors for the axes 0, 1 and 2, two at most.

    Returns
    -------
    spreads : ndarray, shape [molecules, 3]
        Mean squares of the positions along the axes, Å².
    axes : ndarray, shape [molecules, 3, 3]
        Columns; NaN where two that are given are parallel.
    """
    if not given:
        spreads, vectors = np.linalg.eigh(gyration)
        axes = vectors[:, :, ::-1].copy()
        axes[:, :, 2] *= np.linalg.det(axes)[:, None]
        return np.maximum(spreads[:, ::-1], 0.0), axes
    axes = np.empty_like(gyration)
    first, *second = given
    axes[:, :, first] = given[first]
    if second:
        along = np.einsum("mc,mc->m", given[first], given[second[0]])
        axes[:, :, second[0]] = _unit(given[second[0]] - along[:, None] * given[first])
        (third,) = {0, 1, 2} - set(given)
        axes[:, :, third] = np.cross(axes[:, :, (third + 1) % 3], axes[:, :, (third + 2) % 3])
    else:
        line = np.einsum("ma,mb->mab", given[first], given[first])
        flat = np.eye(3) - line
        lowest = np.trace(gyration, axis1=1, axis2=2)[:, None, None] + 1.0
        _, vectors = np.linalg.eigh(flat @ gyration @ flat - lowest * line)  # the given axis comes first
        larger, smaller = (axis for axis in range(3) if axis != first)
        axes[:, :, larger], axes[:, :, smaller] = vectors[:, :, 2], vectors[:, :, 1]
        axes[:, :, smaller] *= np.linalg.det(axes)[:, None]
    return np.maximum(np.einsum("mak,mab,mbk->mk", axes, gyration, axes), 0.0), axes


def equal_axes(values: Array, fixed: Collection[int], tolerance: float) -> Bools:
    """Which axes have equal values, up to a fraction of the largest; axes given by atoms are equal to no other.

    Parameters
    ----------
    values : ndarray, shape [molecules, 3]
    fixed : set of int
        The axes given by atoms.
    tolerance : float

    Returns
    -------
    ndarray of bool, shape [molecules, 3, 3]
    """
    difference = np.abs(values[:, :, None] - values[:, None, :])
    equal = difference <= tolerance * values.max(axis=1)[:, None, None]
    for axis in fixed:
        equal[:, axis, :] = equal[:, :, axis] = False
        equal[:, axis, axis] = True
    return np.asarray(equal @ equal)  # the first as the second and the second as the third: all three


def nearness(spreads: Array, equal: Bools, fixed: Collection[int]) -> Array:
    """How equal the spreads of two axes are, [molecules, 3, 3]: 1 up to a quarter of the limit, smoothly 0 beyond it.

    Parameters
    ----------
    spreads : ndarray, shape [molecules, 3]
    equal : ndarray of bool, shape [molecules, 3, 3]
        Axes whose spreads count as equal; they are as near to the third.
    fixed : set of int
        The axes given by atoms, near to no other.
    """
    mean = np.einsum("mkl,ml->mk", equal, spreads) / equal.sum(axis=2)
    gaps = np.abs(mean[:, :, None] - mean[:, None, :])
    limit = NEAR_SPREADS * np.maximum(mean.max(axis=1), np.finfo(float).tiny)
    t = np.clip((1 - gaps / limit[:, None, None]) / 0.75, 0.0, 1.0)
    near = t * t * (3 - 2 * t)
    for axis in fixed:
        near[:, axis, :] = near[:, :, axis] = 0.0
    near[:, range(3), range(3)] = 1.0
    return np.asarray(near)


def nearest_choice(axes: Array, free: Bools, near: Array, fixed: Collection[int]) -> Array:
    """Of all axes that make the same ellipsoid, those nearest to given ones.

    An ellipsoid keeps its shape if an axis is reversed, or if axes of equal diameter are turned among each other. So
    axes V may be replaced by V Q, where Q has blocks for the axes of equal diameter. The nearest one to P maximises
    tr(Pᵀ V Q): Q is the rotation in the singular value decomposition of the blocks of Vᵀ P.

    Parameters
    ----------
    axes, near : ndarray, shape [molecules, 3, 3]
        V and P, columns, right-handed.
    free : ndarray of bool, shape [molecules, 3, 3]
        Which axes have equal diameters, themselves included.
    fixed : set of int
        Axes that are not reversed either.

    Returns
    -------
    ndarray, shape [molecules, 3, 3]
        Right-handed.
    """
    overlap = np.where(free, axes.swapaxes(1, 2) @ near, 0.0)
    for axis in fixed:
        overlap[:, axis, axis] = 1.0
    return np.asarray(axes @ rotation_part(overlap))


def rotation_part(matrices: Array) -> Array:
    """The rotations Q that maximise tr(Qᵀ M), of matrices M [..., 3, 3]."""
    u, _, vt = np.linalg.svd(matrices)
    u[..., :, 2] *= np.linalg.det(u @ vt)[..., None]
    return np.asarray(u @ vt)
