"""Molecules whose ellipsoids are known, moved, packed into cells, and cut by them."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.build import molecule
from scipy.spatial.transform import Rotation

DIAMETERS = [f"c_diameter[{axis}]" for axis in (1, 2, 3)]
TRICLINIC = np.array([[7.0, 0.4, -0.3], [2.9, 8.1, 0.2], [-2.5, 3.1, 7.4]])
"""A skewed cell, Å, in which there is room for one or two small molecules."""


def moved(atoms: Atoms, seed: int) -> tuple[Atoms, Rotation]:
    """A copy, turned and shifted at random, and how it was turned."""
    rng = np.random.default_rng(seed)
    rotation = Rotation.from_quat(rng.normal(size=4))
    copy = atoms.copy()
    copy.positions = rotation.apply(atoms.positions) + rng.normal(scale=3.0, size=3)
    return copy, rotation


def shaken(atoms: Atoms, amplitude: float, seed: int) -> Atoms:
    """A copy with random displacements, Å."""
    copy = atoms.copy()
    copy.positions += np.random.default_rng(seed).normal(scale=amplitude, size=atoms.positions.shape)
    return copy


def pair_in_cell(names: tuple[str, str], cell: Any, pbc: Any, seed: int) -> tuple[Atoms, Atoms]:
    """Two molecules half a diagonal apart, whole; and the same frame with every atom wrapped into the cell."""
    whole = Atoms(cell=cell, pbc=pbc)
    for number, name in enumerate(names):
        one, _ = moved(molecule(name), 10 * seed + number)
        one.positions += np.full(3, 0.5 * number) @ whole.cell.array - one.positions.mean(axis=0)
        whole += one
    cut = whole.copy()
    cut.wrap()
    return whole, cut


def diameters(frame: Atoms) -> Any:
    """[ellipsoids, 3], Å."""
    return np.stack([frame.arrays[name] for name in DIAMETERS], axis=1)


def axes(frame: Atoms) -> Any:
    """Columns x, y, z of every ellipsoid's body, [ellipsoids, 3, 3]; SciPy's quaternions end with w."""
    return Rotation.from_quat(np.roll(frame.arrays["c_q"], -1, axis=1)).as_matrix()


def second_moments(frame: Atoms) -> Any:
    """Of every ellipsoid's Gaussian: R diag(σ²) Rᵀ, [ellipsoids, 3, 3], Å²."""
    rotations = axes(frame)
    return np.einsum("pik,pk,pjk->pij", rotations, (diameters(frame) / 2) ** 2, rotations)


def moments_of_atoms(atoms: Atoms, radii: Any, weights: Any) -> Any:
    """Second moments of a sum of Gaussians at the atoms, one after the other, [3, 3], Å²."""
    center = np.average(atoms.positions, axis=0, weights=weights)
    total = np.zeros((3, 3))
    for position, radius, weight in zip(atoms.positions, radii, weights, strict=True):
        total += weight * (np.outer(position - center, position - center) + radius**2 * np.eye(3))
    return total / np.sum(weights)
