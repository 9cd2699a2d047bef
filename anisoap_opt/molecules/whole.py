"""Molecules that the cell cuts, made whole: the image of every atom that belongs to its molecule's first one."""

# mypy: disable-error-code=no-untyped-call

from __future__ import annotations

import numpy as np

from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.lattice import reciprocal_vectors
from anisoap_opt.molecules.bonds import Bonds, first_atoms
from anisoap_opt.molecules.groups import Groups
from anisoap_opt.stacking import Stack


def whole_positions(stack: Stack, positions: Array, cells: Array, pbc: Bools, groups: Groups, bonds: Bonds) -> Array:
    """Positions with every atom next to those of its molecule; the first one of each stays where it is.

    The way goes along bonds. Parts of a molecule between which there is none are joined along the shortest distances:
    a minimum spanning tree of the nearest images.

    Parameters
    ----------
    stack : Stack
        For messages.
    positions : ndarray, shape [atoms, 3]
        Å.
    cells : ndarray, shape [frames, 3, 3]
    pbc : ndarray of bool, shape [frames, 3]
    groups : Groups
    bonds : Bonds

    Returns
    -------
    ndarray, shape [atoms, 3]

    Raises
    ------
    ValueError
        If a molecule is bonded to its own image.
    """
    if not pbc.any():
        return positions
    molecule, frame = groups.molecule_of_atom, np.repeat(np.arange(len(stack.counts)), stack.counts)
    inside = molecule[bonds.i] == molecule[bonds.j]
    bonds = Bonds(*(array[inside] for array in bonds))
    images = _walk(groups, *_with_nearest_images(positions, cells, pbc, groups, bonds, frame))
    closed = (images[bonds.j] == images[bonds.i] + bonds.shifts).all(axis=1)
    if not closed.all():
        bad = int(molecule[bonds.i[np.argmin(closed)]])
        raise ValueError(
            f"{groups.name(stack, bad)} is bonded to its own image: a polymer or a framework is no ellipsoid; "
            "divide it by molecules=, or give a smaller bond_tolerance= if these are no bonds"
        )
    return np.asarray(positions + np.einsum("ak,akc->ac", images, cells[frame]))


def _with_nearest_images(
    positions: Array, cells: Array, pbc: Bools, groups: Groups, bonds: Bonds, frame: Ints
) -> tuple[Bonds, Array]:
    """Bonds, and in molecules that these leave in parts the nearest image of every two atoms.

    Returns
    -------
    Bonds
        Of two atoms one at most.
    ndarray, shape [bonds]
        Weights for a spanning tree: bonds come first, then short distances.
    """
    num = len(positions)
    starts, sizes = groups.members[groups.offsets[:-1]], np.diff(groups.offsets)
    part = first_atoms(bonds, num)
    apart = part[groups.members] != np.repeat(part[starts], sizes)
    torn = (np.bincount(groups.molecule_of_atom[groups.members[apart]], minlength=len(starts)) > 0) & (
        pbc[frame[starts]].any(axis=1)
    )
    pairs = [np.zeros((2, 0), np.int64)]
    for molecule in np.flatnonzero(torn).tolist():
        atoms = groups.members[groups.offsets[molecule] : groups.offsets[molecule + 1]]
        pairs.append(atoms[np.array(np.triu_indices(len(atoms), 1))])
    a, b = np.concatenate(pairs, axis=1)
    shifts, lengths = _nearest_images(positions[b] - positions[a], cells, pbc, frame[a])
    i, j = np.concatenate([bonds.i, a, b]), np.concatenate([bonds.j, b, a])
    weights = np.concatenate([np.ones(len(bonds.i)), 2 + lengths, 2 + lengths])
    _, once = np.unique(i * num + j, return_index=True)  # of several the first, a bond
    once = once[i[once] != j[once]]
    return Bonds(i[once], j[once], np.concatenate([bonds.shifts, shifts, -shifts])[once]), weights[once]


def _nearest_images(vectors: Array, cells: Array, pbc: Bools, frame: Ints) -> tuple[Ints, Array]:
    """Shifts [pairs, 3] that make vectors [pairs, 3] shortest, and their lengths [pairs]; pairs are sorted by frame."""
    from ase.geometry import find_mic

    shifts, lengths = np.zeros((len(vectors), 3), np.int64), np.zeros(len(vectors))
    present, first = np.unique(frame, return_index=True)
    for own, rows in zip(present.tolist(), np.split(np.arange(len(vectors)), first[1:]), strict=False):
        nearest, lengths[rows] = find_mic(vectors[rows], cells[own], pbc[own])
        periodic = np.where(pbc[own, :, None], cells[own], 0.0)
        reciprocal = reciprocal_vectors(periodic[None], pbc[own][None])[0] * pbc[own, :, None]
        shifts[rows] = np.rint((nearest - vectors[rows]) @ reciprocal.T)
    return shifts, lengths


def _walk(groups: Groups, edges: Bonds, weights: Array) -> Ints:
    """The image [atoms, 3] of every atom, reached from the first one of its molecule along a spanning tree."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

    num = len(groups.members)
    starts = groups.members[groups.offsets[:-1]]
    tree = minimum_spanning_tree(coo_array((weights, (edges.i, edges.j)), (num, num)).tocsr()).tocoo()
    # One more node is joined to every first atom: one walk from there goes through all molecules.
    i, j = np.concatenate([tree.row, np.full(len(starts), num)]), np.concatenate([tree.col, starts])
    graph = coo_array((np.ones(len(i)), (i, j)), (num + 1, num + 1)).tocsr()
    _, parent = breadth_first_order(graph, num, directed=False)
    parent = parent[:-1].astype(np.int64)
    parent[starts] = starts
    steps = np.zeros((num, 3), np.int64)
    later = np.flatnonzero(parent != np.arange(num))
    steps[later] = edges.shifts[np.searchsorted(edges.i * num + edges.j, parent[later] * num + later)]
    while (parent != parent[parent]).any():  # doubles the way that each step goes
        steps += steps[parent]
        parent = parent[parent]
    return steps
