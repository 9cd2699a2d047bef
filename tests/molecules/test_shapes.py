"""Ellipsoids of molecules whose answer is known, of moved, mirrored and deformed ones, and of degenerate ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.data import covalent_radii
from scipy.spatial.transform import Rotation

from anisoap_opt import coarse_grain
from tests.frames_for_tests import calculator
from tests.molecules.molecules import axes, diameters, moments_of_atoms, moved, second_moments, shaken
from tests.tolerances import TOLERANCES, assert_close

BENZENES = Path(__file__).parents[2] / "data" / "benzenes.xyz"
INVARIANCE = TOLERANCES["float64"].invariance
ASYMMETRIC = ["H2O", "CH3CH2OH", "CH3COOH"]
SIZES: dict[str, dict[str, Any]] = {
    "spread": {},
    "geometry": {"center": "geometry"},
    "extents": {"diameters": "extents"},
    "given": {"diameters": (4.0, 3.0, 1.0)},
}


def hexagon(seed: int) -> tuple[Atoms, Rotation]:
    """A perfect benzene, C–C 1.39 Å and C–H 1.09 Å, moved; its normal is z before."""
    angles = np.arange(6) * np.pi / 3
    ring = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(6)])
    return moved(Atoms("C6H6", positions=np.concatenate([1.39 * ring, 2.48 * ring])), seed)


def test_benzene_is_a_disc_along_the_normal_of_its_ring() -> None:
    atoms, rotation = hexagon(1)
    (disc,) = coarse_grain([atoms], center="geometry", radii={"C": 0.7, "H": 0.3})
    in_plane = (1.39**2 + 2.48**2) / 4  # half of the mean square radius
    of_atoms = (0.7**2 + 0.3**2) / 2
    expected = 2 * np.sqrt([in_plane + of_atoms, in_plane + of_atoms, of_atoms])
    assert_close(diameters(disc), [expected], 1e-12)
    normal = rotation.apply([0.0, 0.0, 1.0])
    assert abs(axes(disc)[0, :, 2] @ normal) == pytest.approx(1.0, abs=1e-12)
    assert_close(disc.positions, [atoms.positions.mean(axis=0)], 1e-12)

    (disc,) = coarse_grain([atoms], diameters="extents", radii=0.5)
    assert_close(diameters(disc), [[2 * 2.48 + 1.0, 2 * 2.48 + 1.0, 1.0]], 1e-12)


def test_rings_of_a_file_whose_orientations_are_known() -> None:
    """The discs of ``data/benzenes.xyz`` have the orientations that their molecules were made with."""
    frames = ase.io.read(BENZENES, ":40")
    for frame, bodies in zip(frames, coarse_grain(frames), strict=True):
        made_with = axes(frame)[[0, 12], :, 2]
        assert np.abs(np.einsum("pk,pk->p", axes(bodies)[:, :, 2], made_with)) == pytest.approx([1, 1], abs=1e-9)
        assert (diameters(bodies)[:, 0] == diameters(bodies)[:, 1]).all()
        assert bodies.arrays["residual"].max() < 1e-5  # six decimals


def test_water() -> None:
    """x from H to H, y along the dipole, z normal to the plane; masses 16 and 1, h and d known."""
    h, d = 0.76, 0.59
    atoms = Atoms("OHH", positions=[[0, 0, 0], [h, d, 0], [-h, d, 0]], masses=[16.0, 1.0, 1.0])
    atoms, rotation = moved(atoms, 2)
    (body,) = coarse_grain([atoms], radii=0.1)
    spreads = [2 * h**2 / 18, (2 * d**2 / 18) - (2 * d / 18) ** 2, 0.0]
    assert_close(diameters(body), [2 * np.sqrt(np.add(spreads, 0.01))], 1e-12)
    assert_close(np.abs(rotation.inv().as_matrix() @ axes(body)[0]), np.eye(3), 1e-12)
    center = rotation.inv().apply(body.positions[0] - atoms.positions[0])
    assert_close(center, [0.0, 2 * d / 18, 0.0], 1e-12)
    assert body.get_masses() == pytest.approx([18.0])
    (body,) = coarse_grain([atoms], diameters="extents", radii={"O": 0.3, "H": 0.1})
    assert_close(diameters(body), [[2 * h + 0.2, d + 0.4, 0.6]], 1e-12)


@pytest.mark.parametrize("center", ["mass", "geometry"])
@pytest.mark.parametrize("name", ["C6H6", "CO2", "CH4", "Si", *ASYMMETRIC])
def test_spread_gives_the_second_moments_of_the_molecule(name: str, center: str) -> None:
    atoms, _ = moved(molecule(name), 3)
    weights = atoms.get_masses() if center == "mass" else np.ones(len(atoms))
    expected = moments_of_atoms(atoms, covalent_radii[atoms.numbers], weights)
    (body,) = coarse_grain([atoms], [list(range(len(atoms)))], center=center)
    assert_close(second_moments(body), [expected], 1e-12 if name in ASYMMETRIC else 1e-4)


@pytest.mark.parametrize("how", SIZES)
@pytest.mark.parametrize("name", ASYMMETRIC)
def test_a_rigid_motion_takes_the_axes_along(name: str, how: str) -> None:
    atoms = molecule(name)
    moves = [moved(atoms, seed) for seed in range(8)]
    first, *others = coarse_grain([atoms, *(one for one, _ in moves)], **SIZES[how])
    for body, (_, rotation) in zip(others, moves, strict=True):
        assert_close(diameters(body), diameters(first), 1e-11)
        assert_close(axes(body)[0], rotation.as_matrix() @ axes(first)[0], 1e-10)
        assert body.arrays["residual"][0] < 1e-10
        assert body.arrays["c_q"][0, 0] >= 0


@pytest.mark.parametrize("name", ["C6H6", "CO2", "N2", "CH4", "NH3"])
def test_where_diameters_are_equal_the_ellipsoid_moves_along_and_axes_follow_the_atoms(name: str) -> None:
    atoms = molecule(name)
    moves = [moved(atoms, seed) for seed in range(8)]
    for how in ("spread", "extents"):
        first, *others = coarse_grain([atoms, *(one for one, _ in moves)], diameters=how)
        (moments,) = second_moments(first)
        for body, (_, rotation) in zip(others, moves, strict=True):
            matrix = rotation.as_matrix()
            assert_close(second_moments(body), [matrix @ moments @ matrix.T], 1e-11)
            if name in ("C6H6", "NH3"):  # no line, no sphere
                assert_close(axes(body)[0], matrix @ axes(first)[0], 1e-6)


@pytest.mark.parametrize("name", ["CH4", "Si"])
def test_a_sphere_is_not_turned(name: str) -> None:
    frames = [moved(molecule(name), seed)[0] for seed in range(3)]
    for how in ({}, {"diameters": "extents"}, {"diameters": (2, 2, 2)}):
        for body in coarse_grain(frames, **how):
            assert body.arrays["c_q"].tolist() == [[1.0, 0.0, 0.0, 0.0]]
            assert np.ptp(diameters(body)) < 1e-12


@pytest.mark.parametrize("how", SIZES)
def test_mirror_images_have_mirrored_ellipsoids_and_are_no_rigid_motion_of_each_other(how: str) -> None:
    atoms = Atoms("CHFClBr", positions=[[0, 0, 0], [0.6, 0.6, 0.7], [0.8, -0.8, -0.8], [-1, 1, -1], [-1.2, -1.1, 1.1]])
    mirror = np.diag([1.0, 1.0, -1.0])
    image = atoms.copy()
    image.positions = atoms.positions @ mirror
    own, other = coarse_grain([atoms, image], **SIZES[how])
    assert_close(second_moments(other), mirror @ second_moments(own) @ mirror, 1e-12)
    assert np.linalg.det(axes(other)[0]) == pytest.approx(1.0)
    assert other.arrays["residual"][0] > 0.3


@pytest.mark.parametrize("name", ["H2O", "CH3CH2OH", "C6H6"])
def test_residuals_are_those_of_scipys_superposition(name: str) -> None:
    atoms = molecule(name)
    frames = [atoms, *(shaken(moved(atoms, seed)[0], 0.1, seed) for seed in range(5))]
    for frame, body in zip(frames, coarse_grain(frames), strict=True):
        centered = [one.positions - one.positions.mean(axis=0) for one in (frame, atoms)]
        _, root_sum = Rotation.align_vectors(*centered)
        assert body.arrays["residual"][0] == pytest.approx(root_sum / np.sqrt(len(atoms)), abs=1e-7)


@pytest.mark.parametrize(
    ("name", "given"), [("C6H6", (3, 3, 1)), ("H2O", (3, 2, 1)), ("CH3CH2OH", (4, 2, 1)), ("CO2", (3, 1, 1))]
)
def test_small_displacements_turn_axes_by_little(name: str, given: tuple[float, ...]) -> None:
    """Even over a wide turn, and though the axes of a ring's plane are not determined by its shape."""
    atoms = molecule(name)
    around = Rotation.from_rotvec(np.outer(np.linspace(0, 2, 41), [0.3, -0.5, 0.8]))
    frames = []
    for seed, turn in enumerate(around):
        one = shaken(atoms, 1e-3, seed)
        one.positions = turn.apply(one.positions)
        frames.append(one)
    path = Rotation.from_matrix(np.concatenate([axes(body) for body in coarse_grain(frames, diameters=given)]))
    steps = (path[1:] * path[:-1].inv()).magnitude()
    assert steps.max() < 0.05 + 0.02  # a step of the turn, and what the displacements do
    assert steps.max() > 0.01


@pytest.mark.parametrize("how", [{}, {"diameters": "extents"}])
def test_descriptors_do_not_see_the_choice_of_equal_axes(how: dict[str, Any]) -> None:
    rng = np.random.default_rng(4)
    atoms = Atoms()
    for number, name in enumerate(["CO2", "C6H6", "CO2", "CH4"]):
        one, _ = moved(molecule(name), number)
        one.positions += 6.0 * np.array([number % 2, number // 2, 0]) - one.positions.mean(axis=0)
        atoms += one
    (bodies,) = coarse_grain([atoms], **how)
    sizes = diameters(bodies)
    assert (sizes[0, 1], sizes[1, 0]) == pytest.approx((sizes[0, 2], sizes[1, 1]), abs=1e-12)
    other = bodies.copy()
    own = Rotation.from_matrix(axes(bodies))
    angle = rng.uniform(1, 2, 4)
    spin = Rotation.from_rotvec(angle[:, None] * [[1, 0, 0], [0, 0, 1], [1, 0, 0], [0.6, 0, 0.8]])
    other.arrays["c_q"] = np.roll((own * spin).as_quat(), 1, axis=1)
    calc = calculator(cutoff_radius=9.0)
    expected = calc.power_spectrum([bodies])
    assert_close(calc.power_spectrum([other]), expected, INVARIANCE)
    other.arrays["c_q"] = np.roll((own * Rotation.from_rotvec([0, 1.0, 0])).as_quat(), 1, axis=1)
    assert np.abs(calc.power_spectrum([other]) - expected).max() > 1e-3 * np.abs(expected).max()


def test_descriptors_of_a_moved_molecule_are_the_same() -> None:
    pair = molecule("CH3COOH")
    pair += moved(molecule("C6H6"), 5)[0]
    pair.positions[8:] += [0.0, 0.0, 5.0]
    labels = [0] * 8 + [1] * 12
    frames = coarse_grain([pair, moved(pair, 6)[0]], labels)
    one, other = calculator(cutoff_radius=12.0).power_spectrum(frames)
    assert_close(other, one, INVARIANCE)


def test_atoms_on_top_of_each_other() -> None:
    frames = [Atoms("H2"), Atoms("OHH", positions=[[0, 0, 0], [0, 0, 1], [0, 0, 1]])]
    frames[1].set_cell([6, 6, 6])
    frames[1].set_pbc(True)
    sphere, rod = coarse_grain(frames, [[[0, 1]], [[0, 1, 2]]], radii=0.5)
    assert diameters(sphere).tolist() == [[1.0, 1.0, 1.0]]
    assert diameters(rod)[0, 1:] == pytest.approx([1.0, 1.0])
    assert np.abs(axes(rod)[0, :, 0]) == pytest.approx([0, 0, 1])


@pytest.mark.parametrize("name", ["CH4", "C6H6", "NH3"])
def test_small_displacements_of_symmetric_molecules_change_extents_by_little(name: str) -> None:
    exact, *others = coarse_grain(
        [molecule(name), *(shaken(molecule(name), 1e-3, seed) for seed in range(20))], diameters="extents"
    )
    for body in others:
        assert_close(diameters(body), diameters(exact), 0.015)


def test_extents_are_continuous_where_spreads_become_equal() -> None:
    """A cross whose arms of unequal length are made equal, through both ends of the passage."""
    arms = np.linspace(1.0, 1.03, 3001)
    points = [[[a, 0, 0], [-a, 0, 0], [0, 1, 0], [0, -1, 0], [0.6, 0.6, 0], [-0.6, -0.6, 0]] for a in arms]
    crosses = [Atoms("H6", positions=one) for one in points]
    found = np.concatenate([diameters(one) for one in coarse_grain(crosses, [[*range(6)]], diameters="extents")])
    assert np.abs(np.diff(found, axis=0)).max() < 2e-3


@pytest.mark.parametrize(
    ("atoms", "arguments", "message"),
    [
        (molecule("C6H6"), {"diameters": (4, 3, 0.5)}, "molecule 0 .*, C6H6, has nearly equal spreads along x and y,"),
        (Atoms("He"), {"diameters": (4, 4, 0.5)}, "molecule 0 .*, He, has nearly equal spreads along y and z"),
        (
            shaken(molecule("C6H6"), 3e-4, 1),
            {"diameters": (5, 4, 0.5)},
            "C6H6, has nearly equal spreads along x and y,",
        ),
        (shaken(molecule("CO2"), 0.02, 1), {"diameters": (5, 4, 0.5)}, "CO2, has nearly equal spreads along y and z"),
        (molecule("H2O"), {"radii": 0.0}, "H2O, is flat"),
        (molecule("H2O"), {"radii": 0.0, "diameters": "extents"}, "H2O, is flat"),
        (Atoms("X", masses=[0.0]), {}, "has no mass"),
        (Atoms("H2", masses=[1.0, -1.0]), {}, "frame 0, particle 1: 'masses' must be finite and not negative, got -1"),
        (Atoms("H", masses=[np.inf]), {"center": "geometry"}, "'masses' must be finite and not negative"),
        (molecule("H2O"), {"radii": {"O": 1.0, "H": 1.0, "h": 1.0}}, "radii must have chemical symbols .* got 'h'"),
        (Atoms("H", positions=[[np.nan, 0, 0]]), {}, "'positions' must be finite"),
        (molecule("H2O"), {"radii": {"O": 1.0}}, "radii has none for H"),
        (molecule("H2O"), {"radii": -1.0}, "radii must be at least 0"),
        (molecule("H2O"), {"diameters": "spreads"}, "diameters must be 'spread', 'extents'"),
        (molecule("H2O"), {"diameters": {"H2O": (1, 2, 0)}}, r"diameters\['H2O'\] must be finite"),
        (molecule("H2O"), {"diameters": {"OH2": (1, 2, 3)}}, "'H2O' in place of 'OH2'"),
        (molecule("H2O"), {"diameters": {"C6H6": (1, 2, 3)}}, "diameters has nothing for H2O"),
        (molecule("H2O"), {"center": "middle"}, "center must be one of"),
        (molecule("H2O"), {"bond_tolerance": np.nan}, "bond_tolerance must be at least 0"),
        (molecule("H2O"), {"bond_tolerance": np.inf}, "bond_tolerance must be finite"),
    ],
)
def test_bad_input(atoms: Atoms, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        coarse_grain([atoms], **arguments)


def test_an_unknown_element() -> None:
    with pytest.raises(ValueError, match="frame 1, particle 0: 'numbers' must be atomic numbers from 0 to"):
        coarse_grain([Atoms("H"), Atoms([500])])
