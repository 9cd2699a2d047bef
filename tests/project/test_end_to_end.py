"""The slow tests: whole files through every backend, the wheel, and the benchmark suite as asv sees it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from anisoap_opt import BACKENDS, EllipsoidalDensityProjection
from benchmarks import workloads
from tests.tolerances import assert_close

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("system", workloads.SYSTEMS)
def test_backends_agree_on_the_study_systems(system: str) -> None:
    hypers, frames = workloads.hypers_of(system), workloads.system(system)
    prefix = 2 if system != "ellipsoids" else 30
    layout = {"types": sorted({int(t) for frame in frames for t in frame.numbers})}
    exact = EllipsoidalDensityProjection(**hypers, **layout, backend="reference").power_spectrum(frames[:prefix])
    for name, entry in BACKENDS.items():
        if name != "reference" and entry.installed:
            rows = EllipsoidalDensityProjection(**hypers, **layout, backend=name).power_spectrum(frames)
            assert rows.shape == (len(frames), exact.shape[1])
            assert np.isfinite(rows).all()
            assert_close(rows[:prefix], exact, 1e-10, name)


def test_the_wheel_holds_the_package_and_nothing_else(tmp_path: Path) -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    source = tmp_path / "source"  # a copy: a build in place would leave its folder, and stale files in the next wheel
    for name in tracked:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == {name for name in tracked if name.startswith("anisoap_opt/")}


def test_asv_finds_the_benchmarks() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "asv", "check", "--python=same"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
