"""Bonds by distance, of all frames at once, and the molecules that they make."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.neighbors import find_neighborhoods

BOND_TOLERANCE = 0.4
"""Å by which a bond may be longer than the sum of two covalent radii: what databases of crystals take."""


class Bonds(NamedTuple):
    """Pairs of atoms, each in both directions.

    Attributes
    ----------
    i, j : ndarray of int, shape [bonds]
        Atoms, counted through all frames.
    shifts : ndarray of int, shape [bonds, 3]
        The bond goes from x_i to x_j + shifts · cell.
    """

    i: Ints
    j: Ints
    shifts: Ints


def find_bonds(
    positions: Array, numbers: npt.NDArray[Any], cells: Array, pbc: Bools, offsets: Ints, tolerance: float
) -> Bonds:
    """Atoms closer than the sum of their covalent radii, ASE's, and `tolerance` are bonded.

    Parameters
    ----------
    positions, cells, pbc, offsets
        See `pairs_within`.
    numbers : ndarray of int, shape [atoms]
        Atomic numbers.
    tolerance : float
        Å.

    Returns
    -------
    Bonds
    """
    from ase.data import covalent_radii

    radii = covalent_radii[numbers]
    found, lengths = pairs_within(2 * radii.max(initial=0.0) + tolerance, positions, cells, pbc, offsets)
    near = lengths < radii[found.i] + radii[found.j] + tolerance
    return Bonds(*(array[near] for array in found))


def pairs_within(radius: float, positions: Array, cells: Array, pbc: Bools, offsets: Ints) -> tuple[Bonds, Array]:
    """Pairs of atoms closer than a radius, images included, and their distances.

    Parameters
    ----------
    radius : float
        Å.
    positions : ndarray, shape [atoms, 3]
        Å.
    cells : ndarray, shape [frames, 3, 3]
    pbc : ndarray of bool, shape [frames, 3]
    offsets : ndarray of int, shape [frames + 1]
        Frame f has the atoms offsets[f] … offsets[f+1] - 1.

    Returns
    -------
    Bonds
    ndarray, shape [pairs]
        Å.
    """
    num = len(positions)
    atoms = ParticleBatch(
        positions=positions,
        types=np.zeros(num, np.int64),  # of one type, their pairs are in the order of the centres
        rotations=np.broadcast_to(np.eye(3), (num, 3, 3)),
        semiaxes=np.ones((num, 3)),
        cells=cells,
        pbc=pbc,
        offsets=offsets,
    )
    found = find_neighborhoods(atoms, radius, self_pairs=False, keep_shifts=True)
    if not found.blocks:
        return Bonds(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 3), np.int64)), np.zeros(0)
    pairs, (block,) = found.pairs, found.blocks
    assert found.shifts is not None
    i = np.repeat(block.centers, np.diff(pairs.start))
    return Bonds(i, pairs.j, found.shifts), np.linalg.norm(pairs.r_ij, axis=1)


def first_atoms(bonds: Bonds, num_atoms: int) -> Ints:
    """The first atom of the molecule that every atom is in, [atoms]."""
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components(graph(bonds.i, bonds.j, np.ones(len(bonds.i)), num_atoms), directed=False)
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(first[inverse.reshape(-1)], dtype=np.int64)


def graph(i: Ints, j: Ints, weights: Array, num_nodes: int) -> Any:
    """Edges between nodes as SciPy's functions of graphs take them, scipy.sparse.csr_matrix [nodes, nodes]."""
    from scipy.sparse import csr_matrix  # a matrix: arrays of early versions keep indices of 64 bits, which fail there

    return csr_matrix((weights, (i, j)), (num_nodes, num_nodes))
