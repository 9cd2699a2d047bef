"""The energies of data/: Gay and Berne's closed form for particles with two axes alike, and sums over crystals."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase.neighborlist import neighbor_list
from scipy.spatial.transform import Rotation

DATA = Path(__file__).resolve().parents[2] / "data"
FAR = 1e6  # Å; a cutoff that shifts nothing


@pytest.fixture(scope="module")
def gay_berne() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(DATA), *sys.path])
        import gay_berne

        return gay_berne


def random_pairs(count: int) -> tuple[Any, Rotation, Rotation]:
    rng = np.random.default_rng(7)
    r = rng.normal(size=(count, 3))
    r *= rng.uniform(2.0, 6.0, (count, 1)) / np.linalg.norm(r, axis=1, keepdims=True)
    return r, *(Rotation.from_quat(rng.normal(size=(count, 4))) for _ in range(2))


@pytest.mark.parametrize(("across", "along", "depth"), [(1.0, 0.125, 5.0), (0.4, 1.0, 0.2)], ids=["discs", "rods"])
def test_the_closed_form_of_two_axes_alike(gay_berne: Any, across: float, along: float, depth: float) -> None:
    """Equations 3 to 7 of Gay and Berne (1981), μ = 2, ν = 1, in the axes' own scalar products."""
    r, one, other = random_pairs(50)
    found = gay_berne.pair_energies(
        r, one.as_matrix(), other.as_matrix(), (across, across, along), (1.0, 1.0, depth), FAR
    )

    distance = np.linalg.norm(r, axis=1)
    axis_i, axis_j = one.apply([0, 0, 1]), other.apply([0, 0, 1])
    dot = (axis_i * axis_j).sum(axis=1)
    sum_, difference = (((axis_i + sign * axis_j) * r).sum(axis=1) / distance for sign in (1, -1))

    def bracket(chi: float) -> Any:
        return 1 - chi / 2 * (sum_**2 / (1 + chi * dot) + difference**2 / (1 - chi * dot))

    kappa_2 = (along / across) ** 2
    chi = (kappa_2 - 1) / (kappa_2 + 1)
    chi_depth = (1 - depth**-0.5) / (1 + depth**-0.5)
    sigma = 2 * across / np.sqrt(bracket(chi))
    strength = (1 - chi**2 * dot**2) ** -0.5 * bracket(-chi_depth) ** 2
    sigma_0 = 2 * max(across, along)
    rho = sigma_0 / (distance - sigma + sigma_0)
    expected = 4 * strength * (rho**12 - rho**6)

    ratio = found / expected  # the two measure ε₀ in units of their own
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)


def test_spheres_are_lennard_jones(gay_berne: Any) -> None:
    r, one, other = random_pairs(20)
    ratio_6 = (2.0 / np.linalg.norm(r, axis=1)) ** 6
    found = gay_berne.pair_energies(r, one.as_matrix(), other.as_matrix(), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0), FAR)
    np.testing.assert_allclose(found, 4 * (ratio_6**2 - ratio_6), rtol=1e-12)


def test_pairs_of_biaxial_particles_do_not_depend_on_how_they_are_seen(gay_berne: Any) -> None:
    r, one, other = random_pairs(20)
    shape = {"semiaxes": (1.0, 0.6, 0.3), "well_depths": (1.0, 2.0, 5.0)}
    turn = Rotation.from_euler("xyz", [0.3, 1.1, -0.7])
    expected = gay_berne.pair_energies(r, one.as_matrix(), other.as_matrix(), **shape)
    turned = gay_berne.pair_energies(turn.apply(r), (turn * one).as_matrix(), (turn * other).as_matrix(), **shape)
    swapped = gay_berne.pair_energies(-r, other.as_matrix(), one.as_matrix(), **shape)
    np.testing.assert_allclose(turned, expected, rtol=1e-9)
    np.testing.assert_allclose(swapped, expected, rtol=1e-12)
    assert np.ptp(expected) > 0.1


def test_face_to_face_is_five_times_as_deep_as_edge_to_edge(gay_berne: Any) -> None:
    r = np.linspace(0.3, 8.0, 5000)
    upright = np.broadcast_to(np.eye(3), (len(r), 3, 3))
    depths = []
    for axis, contact in ((0, 2.0), (2, 0.25)):
        vectors = np.zeros((len(r), 3))
        vectors[:, axis] = r + contact - 0.25  # from a distance at which both repel
        depths.append(gay_berne.pair_energies(vectors, upright, upright, (1.0, 1.0, 0.125), cutoff=FAR).min())
    assert depths[1] / depths[0] == pytest.approx(5.0, rel=1e-4)


def test_an_energy_is_zero_at_the_cutoff(gay_berne: Any) -> None:
    r, one, other = random_pairs(5)
    r *= gay_berne.CUTOFF / np.linalg.norm(r, axis=1, keepdims=True)
    found = gay_berne.pair_energies(r, one.as_matrix(), other.as_matrix(), (1.0, 1.0, 0.125))
    np.testing.assert_allclose(found, 0.0, atol=1e-15)


def test_the_file_holds_the_sums_over_the_crystals(gay_berne: Any) -> None:
    energies = np.loadtxt(DATA / "ellipsoids_energies.txt")
    frames = ase.io.read(DATA / "ellipsoids.xyz", ":")
    assert len(energies) == len(frames)
    for frame, energy in zip(frames[:20], energies, strict=False):
        i, j, r = neighbor_list("ijD", frame, gay_berne.CUTOFF)
        rotations = Rotation.from_quat(np.roll(frame.arrays["c_q"], -1, axis=1)).as_matrix()
        pairs = gay_berne.pair_energies(r, rotations[i], rotations[j], (1.0, 1.0, 0.125))
        assert energy == pytest.approx(pairs.sum() / 2 / len(frame), abs=6e-7)


def test_no_energy_is_beyond_what_the_readme_says() -> None:
    energies = np.loadtxt(DATA / "ellipsoids_energies.txt")
    assert -4.2 < energies.min() < -1.0
    assert energies.max() < 0
