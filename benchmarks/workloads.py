"""The frames and hyperparameters that everything is measured with."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

SPECIES_FILES = {1: "one_species", 2: "benzenes", 3: "three_species", 4: "four_species"}
SYSTEMS = (*SPECIES_FILES.values(), "ellipsoids")

_COMMON: dict[str, Any] = {
    "radial_basis_name": "gto",
    "cutoff_radius": 7.0,
    "radial_gaussian_width": 1.5,
    "rotation_key": "c_q",
}
HYPERS: dict[str, dict[str, Any]] = {
    "(6, None)": {**_COMMON, "max_angular": 6},
    "(9, 6)": {**_COMMON, "max_angular": 9, "max_radial": 6, "basis_rcond": 1e-8, "basis_tol": 1e-3},
}
BULK_DENSITY = 0.05
"""Particles per Å³ of `bulk`: about 72 pairs a particle within 7 Å."""


def hypers_of(system: str) -> dict[str, Any]:
    """Constructor's arguments for one of SYSTEMS: (9, 6) without the centre for ellipsoids, else (6, None)."""
    if system == "ellipsoids":
        return {**HYPERS["(9, 6)"], "subtract_center_contribution": True}
    return HYPERS["(6, None)"]


def data_folder() -> Path:
    """``$DATA_ROOT`` if set, else the folder ``data`` beside this one."""
    return Path(os.environ.get("DATA_ROOT") or Path(__file__).resolve().parent.parent / "data")


@cache
def system(name: str) -> list[Atoms]:
    """Frames of one of SYSTEMS, read once a process."""
    import ase.io

    return ase.io.read(data_folder() / f"{name}.xyz", ":")


@cache
def bulk(num_particles: int, num_types: int, seed: int = 0, *, shuffled: bool = False) -> list[Atoms]:
    """One cubic periodic frame of ellipsoids at BULK_DENSITY, on a jittered simple cubic lattice.

    Types 1 … num_types are dealt out in turn. Particles stand in the order of the lattice, or, `shuffled`, the same
    particles in random order, as molecular dynamics leaves them.
    """
    if shuffled:
        return [bulk(num_particles, num_types, seed)[0][np.random.default_rng(seed).permutation(num_particles)]]
    rng = np.random.default_rng([seed, num_particles])
    edge = (num_particles / BULK_DENSITY) ** (1 / 3)
    side = int(np.ceil(num_particles ** (1 / 3) - 1e-9))
    sites = np.stack(np.unravel_index(np.arange(num_particles) * side**3 // num_particles, (side,) * 3), axis=1)
    positions = (sites + 0.5 + 0.4 * (rng.random((num_particles, 3)) - 0.5)) * edge / side
    frame = Atoms(numbers=1 + np.arange(num_particles) % num_types, positions=positions, cell=[edge] * 3, pbc=True)
    return [_with_ellipsoids(frame, rng)]


@cache
def droplet(num_particles: int) -> list[Atoms]:
    """One frame of ellipsoids so close together that every one sees every other: pairs and hardly anything else.

    No periodicity, one type, positions in a ball of 6.8 Å: num_particles² ordered pairs within 7 Å, the self pairs
    included.
    """
    rng = np.random.default_rng(num_particles)
    directions = rng.standard_normal((num_particles, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    positions = directions * 3.4 * rng.random((num_particles, 1)) ** (1 / 3)
    return [_with_ellipsoids(Atoms(numbers=[1] * num_particles, positions=positions), rng)]


@cache
def single_particles(num_frames: int) -> list[Atoms]:
    """Frames of one particle each, without periodicity: without its own density it has no pair at all."""
    rng = np.random.default_rng(num_frames)
    return [_with_ellipsoids(Atoms(numbers=[1], positions=[[0.0, 0.0, 0.0]]), rng) for _ in range(num_frames)]


def _with_ellipsoids(frame: Atoms, rng: np.random.Generator) -> Atoms:
    """The frame with random orientations and diameters of 3, 3 and 1 Å."""
    frame.arrays["c_q"] = rng.standard_normal((len(frame), 4))
    for axis, diameter in ((1, 3.0), (2, 3.0), (3, 1.0)):
        frame.arrays[f"c_diameter[{axis}]"] = np.full(len(frame), diameter)
    return frame


@cache
def count_pairs(name: str) -> int:
    """Ordered pairs of one of SYSTEMS within its cutoff, images and, where it counts, the self pair included."""
    from ase.neighborlist import neighbor_list

    hypers = hypers_of(name)
    own = 0 if hypers.get("subtract_center_contribution") else 1
    return sum(len(neighbor_list("i", f, hypers["cutoff_radius"])) + own * len(f) for f in system(name))
