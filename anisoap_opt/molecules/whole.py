"""Molecules that the cell cuts, made whole: the image of every atom that belongs to its molecule's first one."""

from __future__ import annotations

import numpy as np

from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.molecules.bonds import Bonds, first_atoms, graph, pairs_within
from anisoap_opt.molecules.groups import Groups
from anisoap_opt.stacking import Stack

FIRST_RADIUS = 4.0
"""Å. Parts of a molecule that no bond joins are sought within this distance, then twice as far, until all are found."""


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
    images = _walk(groups, *_joined(positions, cells, pbc, groups, bonds, frame))
    closed = (images[bonds.j] == images[bonds.i] + bonds.shifts).all(axis=1)
    if not closed.all():
        bad = int(molecule[bonds.i[np.argmin(closed)]])
        raise ValueError(
            f"{groups.name(stack, bad)} is bonded to its own image: a polymer or a framework is no ellipsoid; "
            "divide it by molecules=, or give a smaller bond_tolerance= if these are no bonds"
        )
    return np.asarray(positions + np.einsum("ak,akc->ac", images, cells[frame]))


def _joined(
    positions: Array, cells: Array, pbc: Bools, groups: Groups, bonds: Bonds, frame: Ints
) -> tuple[Bonds, Array]:
    """Bonds, and distances between the atoms of molecules that these leave in parts.

    Returns
    -------
    Bonds
        Of two atoms one at most.
    ndarray, shape [bonds]
        Weights for a spanning tree: bonds come first, then short distances.
    """
    num, sizes = len(positions), np.diff(groups.offsets)
    periodic = np.asarray(pbc.any(axis=1))[frame[groups.members[groups.offsets[:-1]]]]
    edges, weights, radius = bonds, np.ones(len(bonds.i)), FIRST_RADIUS
    while (torn := _in_parts(groups, edges, num) & periodic).any():
        atoms = groups.members[np.repeat(torn, sizes)]
        ends = np.cumsum([0, *sizes[torn]])
        own = frame[atoms[ends[:-1]]]
        # Each molecule is a frame of its own here: its atoms have no other neighbours.
        found, lengths = pairs_within(radius, positions[atoms], cells[own], pbc[own], ends)
        more = Bonds(atoms[found.i], atoms[found.j], found.shifts)
        edges = Bonds(*map(np.concatenate, zip(edges, more, strict=True)))
        weights = np.concatenate([weights, 2 + lengths])
        radius *= 2
    best = np.lexsort((weights, edges.i * num + edges.j))
    pair = edges.i[best] * num + edges.j[best]
    best = best[(np.diff(pair, prepend=-1) > 0) & (edges.i[best] != edges.j[best])]
    return Bonds(*(array[best] for array in edges)), weights[best]


def _in_parts(groups: Groups, bonds: Bonds, num_atoms: int) -> Bools:
    """Which molecules the bonds do not hold together, [molecules]."""
    part = first_atoms(bonds, num_atoms)[groups.members]
    others = part != np.repeat(part[groups.offsets[:-1]], np.diff(groups.offsets))
    molecules = groups.molecule_of_atom[groups.members[others]]
    return np.bincount(molecules, minlength=len(groups.offsets) - 1) > 0


def _walk(groups: Groups, edges: Bonds, weights: Array) -> Ints:
    """The image [atoms, 3] of every atom, reached from the first one of its molecule along a spanning tree."""
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

    num = len(groups.members)
    starts = groups.members[groups.offsets[:-1]]
    tree = minimum_spanning_tree(graph(edges.i, edges.j, weights, num)).tocoo()
    # One more node is joined to every first atom: one walk from there goes through all molecules.
    i, j = np.concatenate([tree.row, np.full(len(starts), num)]), np.concatenate([tree.col, starts])
    _, parent = breadth_first_order(graph(i, j, np.ones(len(i)), num + 1), num, directed=False)
    own = np.arange(num)
    parent = np.where((parent[:-1] == num) | (parent[:-1] < 0), own, parent[:-1])  # parts without periodicity stay
    steps = np.zeros((num, 3), np.int64)
    later = np.flatnonzero(parent != own)
    steps[later] = edges.shifts[np.searchsorted(edges.i * num + edges.j, parent[later] * num + later)]
    while (parent != parent[parent]).any():  # doubles the way that each step goes
        steps += steps[parent]
        parent = parent[parent]
    return steps
