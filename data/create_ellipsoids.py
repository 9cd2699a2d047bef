"""Make ``ellipsoids.xyz``: frames of one or two oblate ellipsoids in a narrow triclinic cell.

No height of a cell (distance between opposite faces) is below `CLOSEST_CONTACT`, and every lattice vector is
at least as long as one of the heights: a particle and its own images keep that distance without a check.
"""

from collections.abc import Sequence

from frame_tools import (
    Frame,
    any_image_within,
    cell_heights,
    frame_rng,
    random_cell,
    random_quaternions,
    rounded,
    run_generator,
)

SEED = 20_240_612
SPECIES = "X"
VOLUME = 194.0  # Å^3 a particle
DIAMETERS = (4.0, 4.0, 0.5)  # Å
CLOSEST_CONTACT = 2.0  # Å, between particles and images
CUTOFF = 7.0  # Å; no cell is this wide in all three directions
SHARE_WITH_TWO = 0.75  # of the frames have two particles: 11 neighbour pairs a frame within the cutoff
STRETCH, TILT = 0.7, 0.4


def make_frame(index: int) -> Frame:
    """Return frame `index`: draw cell and positions together until heights and distances are in range."""
    rng = frame_rng(SEED, index)
    count = 2 if rng.random() < SHARE_WITH_TWO else 1
    while True:
        cell = random_cell(rng, count * VOLUME, STRETCH, TILT)
        if not CLOSEST_CONTACT <= cell_heights(cell).min() < CUTOFF:
            continue
        positions = rounded(rng.random((count, 3)) @ cell)
        if count == 1 or not any_image_within(CLOSEST_CONTACT, positions[1:] - positions[0], cell):
            break
    return Frame(
        species=SPECIES * count,
        cell=cell,
        positions=positions,
        quaternions=rounded(random_quaternions(rng, count)),
        diameters=DIAMETERS,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Write the data set as the command line says."""
    run_generator("Make ellipsoids.xyz: one or two ellipsoids a frame.", "ellipsoids.xyz", make_frame, argv)


if __name__ == "__main__":
    main()
