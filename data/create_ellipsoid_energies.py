"""Make ``ellipsoids_energies.txt``: the Gay–Berne energy of every frame of ``ellipsoids.xyz``, one number a line.

Energies are for each particle of a crystal, in units of ε₀; `gay_berne` says of which potential.
"""

from collections.abc import Sequence

from create_ellipsoids import make_frame
from frame_tools import DECIMALS, Frame, run_generator
from gay_berne import lattice_energy


def energy_text(frame: Frame) -> str:
    """Return the line of one frame."""
    return f"{lattice_energy(frame):.{DECIMALS}f}\n"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the energies as the command line says."""
    description = "Make ellipsoids_energies.txt: the energy of every frame of ellipsoids.xyz."
    run_generator(description, "ellipsoids_energies.txt", make_frame, argv, energy_text)


if __name__ == "__main__":
    main()
