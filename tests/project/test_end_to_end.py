"""The slow tests: whole files through every backend, and the benchmark suite as asv sees it."""

from __future__ import annotations

import subprocess
import sys
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


def test_asv_finds_the_benchmarks() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "asv", "check", "--python=same"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
