"""Random frames of ellipsoids, rotated and repeated copies of them, and the calculator that most tests use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.cell import Cell
from scipy.spatial.transform import Rotation

from anisoap_opt import EllipsoidalDensityProjection

DIAMETERS = tuple(f"c_diameter[{axis}]" for axis in (1, 2, 3))
TRICLINIC = np.array([[4.1, 0.3, -0.2], [0.9, 4.4, 0.5], [-0.7, 1.1, 3.8]])
"""A cell, Å, narrower than the cutoff of `calculator`."""


def random_frame(
    seed: int,
    num: int = 5,
    types: Sequence[int] = (1, 6),
    cell: Any = None,
    pbc: Any = False,
    box: float = 4.0,
) -> Atoms:
    """`num` particles at random in a box (Å), or in the cell, with random shapes and orientations."""
    rng = np.random.default_rng(seed)
    inside = rng.uniform(0, 1, (num, 3))
    frame = Atoms(
        numbers=rng.permutation(np.resize(types, num)),
        positions=inside * box if cell is None else inside @ Cell.new(cell).array,
        cell=cell,
        pbc=pbc,
    )
    frame.arrays["c_q"] = rng.normal(size=(num, 4))
    for name in DIAMETERS:
        frame.arrays[name] = rng.uniform(1.0, 3.0, num)
    return frame


def mixed_frames() -> list[Atoms]:
    """Five frames: clusters and crystals, of one to six particles, of several types."""
    return [
        random_frame(1, 4),
        random_frame(2, 1, cell=TRICLINIC, pbc=True),
        random_frame(3, 6, types=(1, 6, 8)),
        random_frame(4, 3, cell=TRICLINIC, pbc=(True, False, True)),
        random_frame(5, 1, types=(8,)),
    ]


HYPERS: dict[str, Any] = {
    "max_angular": 3,
    "radial_basis_name": "gto",
    "cutoff_radius": 5.0,
    "radial_gaussian_width": 1.5,
    "rotation_key": "c_q",
    "backend": "numpy_only",
}
"""Small and quick; lengths in Å."""


def calculator(**changes: Any) -> EllipsoidalDensityProjection:
    """A calculator with `HYPERS`; `changes` override any argument."""
    return EllipsoidalDensityProjection(**{**HYPERS, **changes})


def rotations_of(frame: Atoms) -> Rotation:
    """Body → space of every particle, as SciPy sees it (x, y, z, w)."""
    return Rotation.from_quat(np.roll(frame.arrays["c_q"], -1, axis=1))


def rotated(frame: Atoms, rotation: Rotation) -> Atoms:
    """A copy of the frame turned as a whole: positions, cell and particles."""
    copy = frame.copy()
    copy.set_cell(rotation.apply(frame.cell.array))
    copy.positions = rotation.apply(frame.positions)
    copy.arrays["c_q"] = np.roll((rotation * rotations_of(frame)).as_quat(), 1, axis=1)
    return copy


def with_matrices(frame: Atoms) -> Atoms:
    """A copy whose orientations are rotation matrices, in the array ``matrices``."""
    copy = frame.copy()
    del copy.arrays["c_q"]
    copy.arrays["matrices"] = rotations_of(frame).as_matrix()
    return copy


def random_rotation(seed: int) -> Rotation:
    """A random rotation, printed so that a failing test shows it."""
    rotation = Rotation.from_quat(np.random.default_rng(seed).normal(size=4))
    print(f"rotation vector {rotation.as_rotvec().tolist()}")
    return rotation
