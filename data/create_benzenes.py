"""Make ``benzenes.xyz``: frames of two benzene molecules, placed at random in a mildly triclinic cell.

A particle is an atom that carries the orientation of its molecule: an oblate ellipsoid, its short axis along
the normal of the ring.
"""

from collections.abc import Sequence

import numpy as np
from frame_tools import (
    FloatArray,
    Frame,
    any_image_within,
    frame_rng,
    random_cell,
    random_quaternions,
    rounded,
    run_generator,
)

SEED = 20_240_611
MOLECULES = 2
MOLECULE = "CCCCCCHHHHHH"
CC_BOND, CH_BOND = 1.39, 1.09  # Å
VOLUME = 465.0  # Å^3 a cell: 0.0516 atoms per Å^3, 1 740 pairs a frame within 7 Å
DIAMETERS = (3.0, 3.0, 1.0)  # Å
CLOSEST_CONTACT = 2.2  # Å, between atoms of different molecules or images
STRETCH, TILT = 0.3, 0.2


def benzene() -> FloatArray:
    """Return one benzene molecule in its body frame, the ring normal to z, in Å, shape (12, 3)."""
    angles = np.arange(6) * np.pi / 3.0
    directions = np.stack([np.cos(angles), np.sin(angles), np.zeros(6)], axis=1)  # [6, 3]
    return np.concatenate([CC_BOND * directions, (CC_BOND + CH_BOND) * directions])


def rotate(quaternion: FloatArray, vectors: FloatArray) -> FloatArray:
    """Rotate vectors, shape (n, 3), from body to space: v + 2 u × (u × v + w v) for the quaternion (w, u)."""
    w, u = quaternion[0], quaternion[1:]
    return vectors + 2.0 * np.cross(u, np.cross(u, vectors) + w * vectors)


def collides(molecules: list[FloatArray], cell: FloatArray) -> bool:
    """Tell whether atoms of different molecules, or of a molecule and its images, come too close.

    Parameters
    ----------
    molecules : list of array of float, each of shape (atoms, 3)
        Positions in Å.
    cell : array of float, shape (3, 3)
        Cell vectors as rows, in Å.

    Returns
    -------
    bool
        True if any two such atoms are nearer than `CLOSEST_CONTACT`.
    """
    for number, first in enumerate(molecules):
        for second in molecules[number:]:
            between = (second[None, :, :] - first[:, None, :]).reshape(-1, 3)
            if any_image_within(CLOSEST_CONTACT, between, cell, skip_home=second is first):
                return True
    return False


def make_frame(index: int) -> Frame:
    """Return frame `index`: draw cell, orientations and centres together until no molecules collide."""
    rng = frame_rng(SEED, index)
    body = benzene()
    while True:
        cell = random_cell(rng, VOLUME, STRETCH, TILT)
        quaternions = random_quaternions(rng, MOLECULES)
        centers = rng.random((MOLECULES, 3)) @ cell
        placed = zip(quaternions, centers, strict=True)
        molecules = [rounded(rotate(quaternion, body) + center) for quaternion, center in placed]
        if not collides(molecules, cell):
            break
    return Frame(
        species=MOLECULE * MOLECULES,
        cell=cell,
        positions=np.concatenate(molecules),
        quaternions=rounded(np.repeat(quaternions, len(MOLECULE), axis=0)),
        diameters=DIAMETERS,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Write the data set as the command line says."""
    run_generator("Make benzenes.xyz: two benzene molecules a frame.", "benzenes.xyz", make_frame, argv)


if __name__ == "__main__":
    main()
