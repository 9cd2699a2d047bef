"""The tracked files of data/: made again byte for byte, and what their README promises about them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ase_io = pytest.importorskip("ase.io")
ase_neighborlist = pytest.importorskip("ase.neighborlist")

DATA = Path(__file__).resolve().parents[2] / "data"
BENZENES = "benzenes.xyz"
RELABELLED = ("one_species.xyz", "three_species.xyz", "four_species.xyz")
ELLIPSOIDS = "ellipsoids.xyz"
ENERGIES = "ellipsoids_energies.txt"
GENERATED = (
    ("create_benzenes.py", BENZENES),
    ("create_ellipsoids.py", ELLIPSOIDS),
    ("create_ellipsoid_energies.py", ENERGIES),
)
CUTOFF = 7.0
ROUNDING = 2e-6  # of a coordinate with six decimals


def generate(script: str, *arguments: object, data_root: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "DATA_ROOT"}
    if data_root is not None:
        environment["DATA_ROOT"] = str(data_root)
    command = [sys.executable, "-B", str(DATA / script), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def read(name: str) -> list[Any]:
    return ase_io.read(DATA / name, ":")


@pytest.fixture(scope="module")
def benzenes() -> list[Any]:
    return read(BENZENES)


@pytest.fixture(scope="module")
def ellipsoids() -> list[Any]:
    return read(ELLIPSOIDS)


def pairs_per_frame(frames: list[Any]) -> np.ndarray:
    return np.array([len(ase_neighborlist.neighbor_list("i", frame, CUTOFF)) for frame in frames])


def smallest_heights(frames: list[Any]) -> np.ndarray:
    return np.array([1.0 / np.linalg.norm(frame.cell.reciprocal(), axis=1).max() for frame in frames])


def shortest_contact(frame: Any, molecule: np.ndarray, limit: float) -> float:
    """Smallest distance below `limit` between particles of different molecules or images."""
    i, j, distance, shift = ase_neighborlist.neighbor_list("ijdS", frame, limit)
    apart = (molecule[i] != molecule[j]) | shift.any(axis=1)
    return float(distance[apart].min(initial=limit))


@pytest.mark.parametrize(("script", "name"), GENERATED)
def test_generators_make_the_tracked_files_again(script: str, name: str, tmp_path: Path) -> None:
    result = generate(script, "--out", tmp_path)
    assert result.returncode == 0, result.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes()


def test_relabelling_makes_the_tracked_files_again(tmp_path: Path) -> None:
    result = generate("create_fake_benzenes.py", "--out", tmp_path)
    assert result.returncode == 0, result.stderr
    assert {path.name for path in tmp_path.iterdir()} == set(RELABELLED)
    for name in RELABELLED:
        assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes()


@pytest.mark.parametrize(("script", "name"), GENERATED)
def test_fewer_frames_are_a_prefix(script: str, name: str, tmp_path: Path) -> None:
    target = (tmp_path / "few").with_suffix(Path(name).suffix)
    result = generate(script, "--frames", 7, "--out", target)
    assert result.returncode == 0, result.stderr
    few = target.read_bytes()
    assert (DATA / name).read_bytes().startswith(few)
    assert few.count(b"\n" if name == ENERGIES else b"Lattice=") == 7


def test_data_root_is_the_default_place(tmp_path: Path) -> None:
    for script in ("create_benzenes.py", "create_fake_benzenes.py"):
        assert generate(script, "--frames", 2, data_root=tmp_path / "new").returncode == 0
    assert {path.name for path in (tmp_path / "new").iterdir()} == {BENZENES, *RELABELLED}


@pytest.mark.parametrize(
    ("script", "arguments", "message"),
    [
        ("create_benzenes.py", ["--frames", "0"], "'0' is not a whole number of frames above 0"),
        ("create_ellipsoids.py", ["--frames", "many"], "'many' is not a whole number"),
        ("create_ellipsoids.py", ["--out", f"{__file__}/folder"], "cannot write"),
        ("create_fake_benzenes.py", ["--species", "5"], "invalid choice: 5"),
        ("create_fake_benzenes.py", ["--out", "one.xyz"], "is one file, but --species asks for 3"),
        ("create_fake_benzenes.py", ["--input", "missing.xyz"], "missing.xyz does not exist"),
        ("create_fake_benzenes.py", ["--input", __file__], "is not a number of particles"),
        ("create_fake_benzenes.py", ["--input", DATA / ELLIPSOIDS], "not with one of C, H"),
        ("create_fake_benzenes.py", ["--frames", "201"], "has 200 frames, wanted 201"),
    ],
)
def test_bad_arguments_are_refused(script: str, arguments: list[Any], message: str, tmp_path: Path) -> None:
    if "--out" not in arguments:
        arguments = [*arguments, "--out", tmp_path]
    result = generate(script, *arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", RELABELLED)
def test_relabelled_files_differ_in_the_labels_only(name: str) -> None:
    original = (DATA / BENZENES).read_bytes().splitlines(keepends=True)
    relabelled = (DATA / name).read_bytes().splitlines(keepends=True)
    for number, (before, after) in enumerate(zip(original, relabelled, strict=True)):
        if number % 26 < 2:  # the count and the comment of a frame of 24
            assert before == after
        else:
            assert before[1:] == after[1:]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("one_species.xyz", {"C": 24}),
        (BENZENES, {"C": 12, "H": 12}),
        ("three_species.xyz", {"C": 8, "H": 8, "N": 8}),
        ("four_species.xyz", {"C": 6, "H": 6, "N": 6, "O": 6}),
    ],
)
def test_species_are_balanced(name: str, counts: dict[str, int]) -> None:
    for frame in read(name):
        assert dict(frame.symbols.formula.count()) == counts


@pytest.mark.parametrize(("name", "diameters"), [(BENZENES, (3.0, 3.0, 1.0)), (ELLIPSOIDS, (4.0, 4.0, 0.5))])
def test_columns(name: str, diameters: tuple[float, ...]) -> None:
    frames = read(name)
    assert len(frames) == 200
    for frame in frames:
        assert frame.pbc.all()
        np.testing.assert_allclose(np.linalg.norm(frame.arrays["c_q"], axis=1), 1.0, atol=ROUNDING)
        for axis, diameter in enumerate(diameters, start=1):
            assert (frame.arrays[f"c_diameter[{axis}]"] == diameter).all()


def test_volumes(benzenes: list[Any], ellipsoids: list[Any]) -> None:
    np.testing.assert_allclose([frame.get_volume() for frame in benzenes], 465.0, rtol=1e-6)
    particles = [len(frame) for frame in ellipsoids]
    assert set(particles) == {1, 2}
    per_particle = np.array([frame.get_volume() for frame in ellipsoids]) / particles
    np.testing.assert_allclose(per_particle, 194.0, rtol=1e-6)


def test_pairs_per_frame(benzenes: list[Any], ellipsoids: list[Any]) -> None:
    with_self = pairs_per_frame(benzenes[:50]) + 24
    assert 1690 < with_self.mean() < 1790
    assert 10.5 < pairs_per_frame(ellipsoids).mean() < 11.5


def test_ellipsoid_cells_are_narrower_than_the_cutoff(ellipsoids: list[Any]) -> None:
    heights = smallest_heights(ellipsoids)
    assert heights.min() >= 2.0
    assert heights.max() < CUTOFF
    assert np.ptp(heights) > 4.0


def test_nothing_overlaps(benzenes: list[Any], ellipsoids: list[Any]) -> None:
    molecules = np.repeat([0, 1], 12)
    assert min(shortest_contact(frame, molecules, 2.3) for frame in benzenes) >= 2.2
    assert min(shortest_contact(frame, np.arange(len(frame)), 2.1) for frame in ellipsoids) >= 2.0


def test_molecules_are_benzene_with_the_orientation_of_their_quaternion(benzenes: list[Any]) -> None:
    for frame in benzenes:
        for molecule in (frame[:12], frame[12:]):
            carbon, hydrogen = molecule.positions[:6], molecule.positions[6:]
            for ring, edge in ((carbon, 1.39), (hydrogen, 1.39 + 1.09)):
                edges = np.linalg.norm(np.roll(ring, -1, axis=0) - ring, axis=1)
                np.testing.assert_allclose(edges, edge, atol=2 * ROUNDING)
            np.testing.assert_allclose(np.linalg.norm(hydrogen - carbon, axis=1), 1.09, atol=2 * ROUNDING)
            (w, x, y, z), *_ = molecule.arrays["c_q"]
            assert np.ptp(molecule.arrays["c_q"], axis=0).max() == 0.0
            body_x = [1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)]
            normal = [2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)]
            from_center = molecule.positions - molecule.positions.mean(axis=0)
            np.testing.assert_allclose(from_center @ normal, 0.0, atol=20 * ROUNDING)
            np.testing.assert_allclose(from_center[0], np.multiply(1.39, body_x), atol=20 * ROUNDING)


def test_files_are_small() -> None:
    assert sum(path.stat().st_size for path in DATA.glob("*.xyz")) < 4_000_000
