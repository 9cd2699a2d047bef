"""Whole molecules → ellipsoids: centres, axes, diameters, and how rigid the molecules are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.molecules import axes as axes_of
from anisoap_opt.molecules import kinds, sizes
from anisoap_opt.molecules.groups import Groups
from anisoap_opt.stacking import Stack

FLATTEST = 1e-4
"""Smallest diameter from positions, relative to the molecule's largest: less is a plane or a line, and rounding."""
ROD = 0.01
"""A kind is a rod, without sides, if the first molecule's second largest spread is less than this times the largest."""
TIE = 1e-12
"""Weight with which a turn about a line, which the line leaves open, stays near the rotation 1."""


class Ellipsoids(NamedTuple):
    """The ellipsoids of all frames, in the order of the molecules.

    Attributes
    ----------
    types : ndarray of int, shape [molecules]
    formulas : ndarray of str, shape [molecules]
    centers : ndarray, shape [molecules, 3]
        Å.
    axes : ndarray, shape [molecules, 3, 3]
        Columns x, y, z of the body in space.
    diameters : ndarray, shape [molecules, 3]
        Å.
    masses : ndarray, shape [molecules]
    residuals : ndarray, shape [molecules]
        Å; NaN where the first molecule of the type has other elements, or these in another order.
    """

    types: Ints
    formulas: npt.NDArray[np.str_]
    centers: Array
    axes: Array
    diameters: Array
    masses: Array
    residuals: Array


def make(
    stack: Stack,
    groups: Groups,
    alike: list[kinds.Kind],
    positions: Array,
    masses: Array,
    center: str,
    wanted: kinds.Sizes,
    axes: Any,
) -> Ellipsoids:
    """Compute the ellipsoids, all molecules of one kind at a time.

    Parameters
    ----------
    stack : Stack
        For messages.
    groups : Groups
    alike : list of Kind
    positions : ndarray, shape [atoms, 3]
        Of whole molecules, Å.
    masses : ndarray, shape [atoms]
    center : {"mass", "geometry"}
    wanted : Sizes
    axes : dict or None
        See `anisoap_opt.coarse_grain`.

    Returns
    -------
    Ellipsoids

    Raises
    ------
    TypeError, ValueError
        See `anisoap_opt.coarse_grain`.
    """
    num = len(groups.offsets) - 1
    longest = max((len(kind.formula) for kind in alike), default=1)
    out = Ellipsoids(
        np.empty(num, np.int64), np.empty(num, f"U{longest}"), np.empty((num, 3)), np.empty((num, 3, 3)),
        np.empty((num, 3)), np.empty(num), np.empty(num),
    )  # fmt: skip
    first_of_type = {kind.type: kind.molecules[0] for kind in sorted(alike, key=lambda one: -one.molecules[0])}
    for kind, by_atoms in zip(alike, _axes_by_kind(axes, alike), strict=True):
        rows = kind.molecules
        atoms = groups.members[groups.offsets[rows][:, None] + np.arange(len(kind.numbers))]  # [molecules, atoms]
        weights = masses[atoms] if center == "mass" else np.ones(atoms.shape)
        _refuse(stack, groups, rows, weights.sum(axis=1) > 0, " has no mass: set masses, or center='geometry'")
        weights = weights / weights.sum(axis=1, keepdims=True)
        x = positions[atoms]
        origin = x[:, :1]  # sums of small numbers, far from the origin too
        centers = np.einsum("mn,mnc->mc", weights, x - origin) + origin[:, 0]
        x = x - centers[:, None]
        turns, residuals = _superpose(x)
        out.residuals[rows] = residuals if first_of_type[kind.type] == rows[0] else np.nan
        out.types[rows], out.formulas[rows], out.centers[rows] = kind.type, kind.formula, centers
        out.masses[rows] = masses[atoms].sum(axis=1)
        out.axes[rows], out.diameters[rows] = _shape(stack, groups, kind, x, weights, turns, wanted, by_atoms)
    return out


def _shape(
    stack: Stack,
    groups: Groups,
    kind: kinds.Kind,
    x: Array,
    weights: Array,
    turns: Array,
    wanted: kinds.Sizes,
    by_atoms: dict[int, list[int]],
) -> tuple[Array, Array]:
    """Axes [molecules, 3, 3] and diameters [molecules, 3] of molecules of one kind.

    `x` [molecules, atoms, 3] is from their centres, `weights` [molecules, atoms] add up to 1, `turns` [molecules, 3, 3]
    take the first molecule to each.
    """
    rows = kind.molecules
    fixed = {axis: axes_of.direction(x, atoms) for axis, atoms in by_atoms.items()}
    for axis, vectors in fixed.items():
        told = f" has no axis {axes_of.LETTERS[axis]!r}: atoms {by_atoms[axis]} of it give no direction"
        _refuse(stack, groups, rows, ~np.isnan(vectors).any(axis=1), told)
    spreads, axes = axes_of.principal_axes(np.einsum("mn,mna,mnb->mab", weights, x, x), fixed)
    _refuse(
        stack, groups, rows, ~np.isnan(axes).any(axis=(1, 2)), " has parallel axes: give atoms that tell them apart"
    )
    settled = set(range(3)) if len(fixed) == 2 else set(fixed)
    equal = axes_of.equal_axes(spreads, settled, axes_of.EQUAL_SPREADS)
    given = wanted.given(kind.formula)
    if given is not None:
        diameters = np.tile(given, (len(rows), 1))
    elif wanted.diameters == "spread":
        diameters = sizes.from_spreads(spreads, wanted.radii_of(kind.numbers), weights, equal)
    else:
        near = axes_of.nearness(spreads, equal, settled)
        diameters = sizes.from_extents(x @ axes, wanted.radii_of(kind.numbers), near)
    told = (
        f", {kind.formula}, is flat: its atoms give diameters that are almost zero; give larger radii=, or diameters="
    )
    good = diameters.min(axis=1) > FLATTEST * diameters.max(axis=1)
    _refuse(stack, groups, rows, good | (given is not None), told)
    free = axes_of.equal_axes(diameters, settled, 1e-12)
    if given is not None:
        alike = axes_of.equal_axes(spreads, settled, axes_of.NEAR_SPREADS)
        for one, other in ((0, 1), (1, 2), (0, 2)):
            told = (
                f", {kind.formula}, has nearly equal spreads along {axes_of.LETTERS[one]} and "
                f"{axes_of.LETTERS[other]}, which get different diameters, so it does not tell which is which: "
                "give axes=, or equal diameters"
            )
            _refuse(stack, groups, rows, ~alike[:, one, other] | free[:, one, other], told)
    if not settled and spreads[0, 1] <= ROD * spreads[0, 0]:
        turns = np.where(free[:, 1:2, 2:], _turns_of_lines(axes[:, :, :1], turns), turns)
    return _choose(axes, free, turns, settled), diameters


def _turns_of_lines(lines: Array, turns: Array) -> Array:
    """The smallest rotations that take the first of some lines to each, as far as `turns` take it there.

    What is left of a rod's other axes are the displacements of its atoms, which say nothing about a turn around it.
    """
    onto = lines @ lines.swapaxes(1, 2)  # [molecules, 3, 3]
    return axes_of.rotation_part(onto @ turns @ onto[:1] + TIE * np.eye(3))


def _choose(axes: Array, free: Bools, turns: Array, settled: set[int]) -> Array:
    """Axes of molecules of one kind, [molecules, 3, 3], with what their ellipsoids leave open decided."""
    first = axes_of.nearest_choice(axes[:1], free[:1], np.eye(3)[None], settled)
    chosen = axes_of.nearest_choice(axes, free, turns @ first, settled)
    if not settled:
        chosen[free.all(axis=(1, 2))] = np.eye(3)
    return chosen


def _superpose(x: Array) -> tuple[Array, Array]:
    """The first of some molecules on each of them, by least squares (Kabsch).

    Parameters
    ----------
    x : ndarray, shape [molecules, atoms, 3]
        From the first to the last atom, in one order.

    Returns
    -------
    rotations : ndarray, shape [molecules, 3, 3]
        Proper ones; any about the axis of a line, and where there is one atom only.
    residuals : ndarray, shape [molecules]
        Root mean square distances, Å.
    """
    x = x - x.mean(axis=1, keepdims=True)
    overlap = np.einsum("mna,nb->mab", x, x[0])
    rotations = axes_of.rotation_part(overlap)
    distances = x - x[0] @ rotations.swapaxes(1, 2)
    return rotations, np.sqrt((distances**2).sum(axis=2).mean(axis=1))


def _axes_by_kind(axes: Any, alike: list[kinds.Kind]) -> list[dict[int, list[int]]]:
    """For each kind, which atoms give which axes; none where the gyration tensor does."""
    if axes is None:
        return [{} for _ in alike]
    if not isinstance(axes, Mapping):
        raise TypeError(f"axes must be a dictionary, such as {{'z': [0, 1, 2]}} or {{'C6H6': …}}, got {axes!r}")
    for_all = bool(axes) and set(axes) <= set(axes_of.LETTERS)
    if not for_all:
        kinds.check_formulas("axes", axes)
        formulas = {kind.formula for kind in alike}
        absent = set(axes) - formulas
        if absent:
            has = ", ".join(sorted(formulas)) or "no molecules"
            raise ValueError(f"axes has {', '.join(sorted(absent))}, but the frames have {has}")
    found = []
    for kind in alike:
        own = axes if for_all else axes.get(kind.formula)
        found.append({} if own is None else axes_of.check_atoms_of_axes(own, kind.formula, len(kind.numbers)))
    return found


def _refuse(stack: Stack, groups: Groups, molecules: Ints, good: Any, told: str) -> None:
    """Raise a ValueError for the first molecule that is not `good` [molecules]."""
    if not np.all(good):
        raise ValueError(f"{groups.name(stack, int(molecules[np.argmin(good)]))}{told}")
