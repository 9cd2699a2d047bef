"""Atoms → ellipsoids: `coarse_grain`, one ellipsoid for each molecule or group of atoms."""

# mypy: disable-error-code=no-untyped-call

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from anisoap_opt import checks, columns, validation
from anisoap_opt.arrays import Array, Ints
from anisoap_opt.frames import check_frames
from anisoap_opt.molecules import bonds, ellipsoids, groups, kinds, whole
from anisoap_opt.molecules.axes import quaternion_from_axes
from anisoap_opt.stacking import Stack

if TYPE_CHECKING:
    from ase import Atoms

ROTATIONS = (*columns.QUATERNIONS, *columns.ASE_NAMES.values(), columns.OVITO_ROTATION)
"""Arrays that ellipsoids have."""


def coarse_grain(
    frames: Sequence[Atoms],
    molecules: Any = None,
    axes: Mapping[str, Any] | None = None,
    *,
    center: str = "mass",
    diameters: str | Sequence[float] | Mapping[str, Sequence[float]] = "spread",
    radii: float | Mapping[str, float] | None = None,
    types: Mapping[str, int] | Sequence[int] | None = None,
    bond_tolerance: float = bonds.BOND_TOLERANCE,
) -> list[Atoms]:
    """Replace the atoms of every molecule by one ellipsoid.

    Molecules that a periodic cell cuts are made whole first, along their bonds; where a group has no bonds that join
    it, along the shortest distances between its parts.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        Of atoms.
    molecules : optional
        Which atoms are one molecule. By default, those that bonds join. Else the name of an array of the frames, or
        labels [atoms], integers or text, the same for every frame: atoms with one label are a molecule. Or lists of
        atoms' indices, ``[[0, 1, 2], [3, 4, 5]]``, the same for every frame, or such lists for each frame. Every atom
        must be in one. Ellipsoids come in the order of the lists, else of the molecules' first atoms.
    axes : dict, optional
        By default, the principal axes of the gyration tensor: x along the largest spread, z along the smallest. Else
        one or two axes by atoms, counted within the molecule: ``{"x": [0, 1]}`` is the direction from atom 0 to atom
        1, ``{"z": [0, 1, 2, 3]}`` the normal of these, about which they go anticlockwise. Of two, the first is kept,
        and the second made orthogonal to it. What is left follows from the spread about these. With several kinds of
        molecules, a dictionary from chemical formulas to such axes: ``{"C6H6": {"z": range(6)}}``. Each formula must
        occur.
    center : {"mass", "geometry"}
        Whether atoms count by their masses or all alike: for the centres and the gyration tensor.
    diameters : "spread", "extents", three lengths, or dict from formula to three lengths
        Along x, y, z, in Å. "spread": twice the widths of the Gaussian that has the molecule's own second moments.
        "extents": from one end of the molecule to the other. For the dynamics of symmetric molecules, use "spread" or
        give `axes`: there, vibrations decide on what axes of nearly equal spread are.
    radii : float or dict from chemical symbol to float, optional
        Å: widths of the atoms for "spread", what an atom adds at its side for "extents". By default the covalent radii
        of ASE.
    types : dict from formula to int, or sequence of int, optional
        Atomic numbers up to 118 that stand for the kinds; a sequence has one for each molecule of a frame. By default
        1, 2, … for the formulas in alphabetical order, as they occur in these frames. Dictionaries of types or of
        diameters must have every formula that occurs, and may have others.
    bond_tolerance : float
        Atoms closer than the sum of their covalent radii and this are bonded, Å.

    Returns
    -------
    list of ase.Atoms
        A frame of ellipsoids for each one of atoms, with its cell, pbc and info; energy, free energy and stress if it
        has them. Momenta, charges, constraints and other arrays are left out. Formulas are in Hill's order: "C6H6",
        "H2O". The arrays:

        - ``c_q`` [ellipsoids, 4], (w, x, y, z), body → space, w ≥ 0; ``c_diameter[1]``, ``[2]``, ``[3]``, Å;
        - ``masses`` and ``formula``;
        - ``residual``, Å: how far the molecule is from a rigid body. It is the root mean square distance of its atoms
          from those of the first molecule of its type, after the best superposition, a rotation without reflection. NaN
          if that one has other elements, or these in another order: then they cannot be compared;
        - if there are forces: ``forces``, their sums, as results of the frame's calculator, and ``torques`` about the
          centres, eV.

    Raises
    ------
    TypeError
        If an argument is of a wrong type.
    ValueError
        If a molecule is bonded to its own image; if groups miss atoms or share some; if a diameter comes out as zero;
        if given diameters differ along axes that the shape of the molecule does not tell apart, as their spreads are
        closer than 2 % of the largest. The message names the frame, the molecule and what to do.

    Notes
    -----
    An ellipsoid keeps its shape if an axis is reversed, or if axes of equal diameter are turned among each other. Of
    all these choices, the first molecule of a kind takes the one nearest to the axes of space. The others take the one
    nearest to the first one's, carried over by the best superposition of the atoms. So a small displacement turns the
    axes by little, and a rigid motion takes them along, but for a turn of a rod around itself. Where all three
    diameters are equal, the rotation is 1, unless axes are given.
    """
    frames = check_frames(frames)
    checks.choice("center", center, ("mass", "geometry"))
    tolerance = kinds.not_negative("bond_tolerance", bond_tolerance)
    sizes = kinds.check_sizes(diameters, radii)
    stack = Stack(frames)
    positions, cells, pbc = stack.floats("positions", (3,)), stack.cells(), stack.pbc()
    validation.check_geometry(stack, positions, cells, pbc)
    numbers = validation.to_types(stack, stack.numbers(), "'numbers'")
    kinds.check_elements(stack, numbers)
    found = None
    if molecules is None or pbc.any():
        found = bonds.find_bonds(positions, numbers, cells, pbc, stack.offsets, tolerance)
    if molecules is None:
        assert found is not None
        members = groups.from_first_atoms(stack, bonds.first_atoms(found, stack.num_particles))
    else:
        members = groups.read(stack, molecules)
    _tell_ellipsoids(stack, members)
    if found is not None:
        positions = whole.whole_positions(stack, positions, cells, pbc, members, found)
    masses = np.concatenate([frame.get_masses() for frame in frames])
    stack.check(np.isfinite(masses) & (masses >= 0), masses, "'masses'", "must be finite and not negative")
    alike = kinds.of_molecules(stack, members, numbers, types)
    bodies = ellipsoids.make(stack, members, alike, positions, masses, center, sizes, axes)
    return _frames_of(frames, stack.offsets, members, positions, bodies)


def _tell_ellipsoids(stack: Stack, members: groups.Groups) -> None:
    """Warn of particles that have a rotation already and are a molecule each: ellipsoids, taken for atoms."""
    alone = np.searchsorted(members.frames, np.flatnonzero(np.diff(members.offsets) == 1), side="right") - 1
    for frame in np.unique(alone).tolist():
        rotations = [name for name in ROTATIONS if name in stack.arrays[frame]]
        if rotations:
            checks.warn(
                f"{stack.frame(frame)} has molecules of one particle, and an array {rotations[0]!r}, as ellipsoids "
                "have: they are taken for atoms, their own rotations and diameters left out"
            )
            return


def _frames_of(
    frames: list[Atoms], offsets: Ints, members: groups.Groups, positions: Array, bodies: ellipsoids.Ellipsoids
) -> list[Atoms]:
    """Frames of ellipsoids; `positions` are those of the atoms, [atoms, 3], molecules whole."""
    from ase import Atoms

    quaternions = quaternion_from_axes(bodies.axes)
    out = []
    for index, frame in enumerate(frames):
        own = slice(*members.frames[index : index + 2].tolist())
        coarse = Atoms(
            numbers=bodies.types[own], positions=bodies.centers[own], masses=bodies.masses[own],
            cell=frame.cell, pbc=frame.pbc, info=frame.info,
        )  # fmt: skip
        coarse.set_array("c_q", quaternions[own])
        for axis in range(3):
            coarse.set_array(f"c_diameter[{axis + 1}]", bodies.diameters[own, axis])
        coarse.set_array("formula", bodies.formulas[own])
        coarse.set_array("residual", bodies.residuals[own])
        results = _results(frame)
        if "forces" in results:
            atoms = members.members[offsets[index] : offsets[index + 1]]
            starts = members.offsets[members.frames[index] : members.frames[index + 1]] - offsets[index]
            forces = results["forces"][atoms - offsets[index]]
            arms = positions[atoms] - np.repeat(bodies.centers[own], np.diff([*starts, len(atoms)]), axis=0)
            results["forces"] = np.add.reduceat(forces, starts) if len(starts) else np.zeros((0, 3))
            torques = np.add.reduceat(np.cross(arms, forces), starts) if len(starts) else np.zeros((0, 3))
            coarse.set_array("torques", torques)
        if results:
            _attach(coarse, results)
        out.append(coarse)
    return out


def _results(frame: Atoms) -> dict[str, Any]:
    """What a frame's calculator has found for it already, as far as it makes sense for ellipsoids too."""
    from ase.calculators.calculator import Calculator

    if not isinstance(frame.calc, Calculator) or frame.calc.check_state(frame):
        return {}
    wanted = ("energy", "free_energy", "stress", "forces")
    return {name: frame.calc.results[name] for name in wanted if frame.calc.results.get(name) is not None}


def _attach(frame: Atoms, results: dict[str, Any]) -> None:
    from ase.calculators.singlepoint import SinglePointCalculator

    frame.calc = SinglePointCalculator(frame, **results)
