"""Every file of examples/ runs, small, and says of itself what it is there to show."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from anisoap_opt import EllipsoidalDensityProjection

pytest.importorskip("torch")
pytest.importorskip("matplotlib")

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = {
    "crystal_energies.py": ["--frames", "400", "--out", "energies.png"],
    "dimer.py": ["--angles", "7", "--out", "dimer.png"],
    "front_page.py": ["--out", "front.png"],
    "rigid_body_nve.py": ["--steps", "40", "--particles", "8", "--equilibration", "50"],
    "soap_of_peers.py": ["--out", "soap.json"],
}


def run(name: str, folder: Path) -> str:
    """What an example prints, run in a folder of its own."""
    command = [sys.executable, str(ROOT / "examples" / name), *ARGUMENTS[name]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_here() -> None:
    assert {path.name for path in (ROOT / "examples").glob("*.py")} == set(ARGUMENTS)


def test_a_dimer(tmp_path: Path) -> None:
    errors = re.findall(r"differs by (\S+) of the largest", run("dimer.py", tmp_path))
    assert len(errors) == 2
    assert all(float(error) < 1e-6 for error in errors)
    assert (tmp_path / "dimer.png").read_bytes().startswith(b"\x89PNG")


def test_rigid_bodies_at_constant_energy(tmp_path: Path) -> None:
    said = run("rigid_body_nve.py", tmp_path)
    fluctuations = [float(one) for one in re.findall(r"fluctuation +(\S+) of the mean kinetic energy", said)]
    assert len(fluctuations) == 2
    assert 1e-8 < fluctuations[1] < fluctuations[0] < 1e-3
    (ratio,) = re.findall(r"Half the step, (\S+) times less fluctuation", said)
    assert 3.5 < float(ratio) < 4.5


@pytest.mark.slow
def test_the_drawing_of_the_front_page(tmp_path: Path) -> None:
    run("front_page.py", tmp_path)
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")


def test_the_density_that_is_drawn_is_the_density(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sum over the basis comes near the sum of Gaussians where the basis is large."""
    monkeypatch.syspath_prepend(ROOT / "examples")
    import front_page

    crystal = front_page.part(front_page.herringbone(1), slice(3))
    points = np.random.default_rng(0).normal(size=(200, 3))
    exact, found = front_page.density(crystal, points), []
    for size in (2, 5, 8):
        calculator = EllipsoidalDensityProjection(
            size, "gto", 6.0, radial_gaussian_width=1.5, max_radial=size, basis_tol=1e-3, backend="numpy_only"
        )
        error = front_page.expanded_density(calculator, crystal, points) - exact
        found.append(np.linalg.norm(error) / np.linalg.norm(exact))
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.02


@pytest.mark.slow
def test_features_of_other_codes_are_those_that_are_kept(tmp_path: Path) -> None:
    pytest.importorskip("featomic")
    pytest.importorskip("dscribe")
    run("soap_of_peers.py", tmp_path)
    kept = json.loads((ROOT / "examples" / "gallery" / "soap_of_peers.json").read_text())
    found = json.loads((tmp_path / "soap.json").read_text())
    ours = "featomic, our radial functions"
    np.testing.assert_allclose(found[ours], kept[ours], rtol=0, atol=1e-8 * np.abs(kept[ours]).max())
    for code, cosines in kept["cosines"].items():
        np.testing.assert_allclose(found["cosines"][code], cosines, rtol=0, atol=1e-6)


@pytest.mark.slow
def test_energies_of_crystals(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    errors = dict(re.findall(r"^(\w+): RMSE \S+, MAE ([\d.]+)", run("crystal_energies.py", tmp_path), re.MULTILINE))
    assert list(errors) == ["mean", "spheres", "ellipsoids"]
    assert float(errors["ellipsoids"]) < 0.9 * float(errors["spheres"]) < 0.8 * float(errors["mean"])
    assert (tmp_path / "energies.png").read_bytes().startswith(b"\x89PNG")
