"""Gay–Berne energies of biaxial ellipsoids, and their sum over a crystal.

Two particles with rotation matrices R_i, R_j (body → space) and r the vector between their centres, of length r and
direction u:

    U    = 4 ε₀ η χ (ρ¹² - ρ⁶),        ρ = σ₀ / (r - σ + σ₀)
    σ    = (½ uᵀ G⁻¹ u)^(-1/2),        G = R_i S² R_iᵀ + R_j S² R_jᵀ,   S = diag(a, b, c)
    η    = (2 s² / det G)^(ν/2),       s = (ab + c²) √(ab)
    χ    = (2 uᵀ B⁻¹ u)^μ,             B = R_i E R_iᵀ + R_j E R_jᵀ,     E = diag(e_a, e_b, e_c)^(-1/μ)

with semiaxes a, b, c and well depths e_a, e_b, e_c of two particles that face each other along the axis of that name.
Spheres have η = χ = 1: U is Lennard-Jones. For two axes alike and up to a factor this is the potential of

    J. G. Gay, B. J. Berne, J. Chem. Phys. 74, 3316 (1981);
    R. Berardi, C. Fava, C. Zannoni, Chem. Phys. Lett. 297, 8 (1998), for biaxial particles;
    R. Everaers, M. R. Ejtehadi, Phys. Rev. E 67, 041710 (2003), for the notation.

At the cutoff each pair's energy is shifted to zero.
"""

from collections.abc import Sequence

import numpy as np
from frame_tools import FloatArray, Frame, shifts_within

SHRINK = 0.5
"""Diameters here by those of the file: 2, 2, 0.25 Å. No two centres of the file are closer than 2 Å, so that nothing
overlaps. With the full diameters one crystal in six would hold an overlap, and energies would reach 13 000 ε₀."""
WELL_DEPTHS = (1.0, 1.0, 5.0)  # discs face to face are five times as deep as edge to edge
MU, NU = 2, 1  # of Gay and Berne
CUTOFF = 8.0  # Å, four diameters


def pair_energies(
    r: FloatArray,
    rotations_i: FloatArray,
    rotations_j: FloatArray,
    semiaxes: Sequence[float],
    well_depths: Sequence[float] = WELL_DEPTHS,
    cutoff: float = CUTOFF,
) -> FloatArray:
    """Return the shifted Gay–Berne energies of pairs, in units of ε₀; σ₀ is the largest diameter.

    Parameters
    ----------
    r : array of float, shape (pairs, 3)
        From particle i to particle j, in Å, shorter than the cutoff.
    rotations_i, rotations_j : array of float, shape (pairs, 3, 3)
        Body → space.
    semiaxes : three floats
        a, b, c in Å.
    well_depths : three floats
        e_a, e_b, e_c.
    cutoff : float
        In Å.

    Returns
    -------
    array of float, shape (pairs,)
    """
    a, b, c = semiaxes
    sigma_0 = 2.0 * max(semiaxes)
    distance = np.sqrt((r**2).sum(axis=1))
    u = r / distance[:, None]
    g = _in_space(rotations_i, np.square(semiaxes)) + _in_space(rotations_j, np.square(semiaxes))
    e = np.power(well_depths, -1.0 / MU)
    sigma = 1.0 / np.sqrt(0.5 * _inverse_form(g, u))
    s = (a * b + c * c) * np.sqrt(a * b)
    eta = (2.0 * s * s / np.linalg.det(g)) ** (NU / 2)
    chi = (2.0 * _inverse_form(_in_space(rotations_i, e) + _in_space(rotations_j, e), u)) ** MU

    def well(at: FloatArray | float) -> FloatArray:
        power_6 = (sigma_0 / (at - sigma + sigma_0)) ** 6
        return power_6 * power_6 - power_6

    return 4.0 * eta * chi * (well(distance) - well(cutoff))


def lattice_energy(frame: Frame) -> float:
    """Return the energy of a crystal for each of its particles, in units of ε₀."""
    count = len(frame.positions)
    i, j = np.indices((count, count)).reshape(2, -1)
    r = frame.positions[j] - frame.positions[i]
    images = r[:, None, :] + shifts_within(CUTOFF, r, frame.cell) @ frame.cell  # [pairs, shifts, 3]
    squares = (images**2).sum(axis=2)
    pair, shift = np.nonzero((squares < CUTOFF**2) & (squares > 0.0))  # 0: a particle and itself
    rotations = rotation_matrices(frame.quaternions)
    semiaxes = [SHRINK * diameter / 2.0 for diameter in frame.diameters]
    energies = pair_energies(images[pair, shift], rotations[i[pair]], rotations[j[pair]], semiaxes)
    return float(0.5 * energies.sum() / count)  # every pair is there twice


def rotation_matrices(quaternions: FloatArray) -> FloatArray:
    """Return rotation matrices (body → space), shape (particles, 3, 3), of quaternions (w, x, y, z) of any norm > 0."""
    w, *xyz = (quaternions / np.sqrt((quaternions**2).sum(axis=1, keepdims=True))).T
    x, y, z = xyz
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def _in_space(rotations: FloatArray, diagonal: FloatArray) -> FloatArray:
    """Return R diag Rᵀ of every pair."""
    return (rotations * diagonal) @ rotations.swapaxes(1, 2)


def _inverse_form(matrices: FloatArray, u: FloatArray) -> FloatArray:
    """Return uᵀ M⁻¹ u of every pair."""
    return (u * np.linalg.solve(matrices, u[:, :, None])[:, :, 0]).sum(axis=1)
