"""Benchmarks of the compiled and the NumPy backend; in the gate, torch must not be loaded by any of them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.benchmarks.inputs import Call, Frames

NOT_THE_CENTRE = {"subtract_center_contribution": True}


@dataclass(frozen=True)
class Case:
    """A power spectrum: the first `count` frames of that name, `calls` times a round, which takes 20 ms or more."""

    group: str
    backend: str
    size: str
    frames: str
    count: int
    calls: int
    more: dict[str, Any] = field(default_factory=dict)


# One type in a dense bulk: nearly all of the time is the kernel's. Four types: a good part is the coupling. The
# bulk of few frames fits into a second-level cache: beyond it, times differed by ten per cent with the place of pages.
CASES = {
    "kernel-numba-6": Case("kernel", "numba", "(6, None)", "bulk_192", 8, 5),
    "kernel-numba-9_6": Case("kernel", "numba", "(9, 6)", "bulk_24", 28, 1),
    "kernel-numpy_only-6": Case("kernel", "numpy_only", "(6, None)", "bulk_24", 26, 1),
    "kernel-numpy_only-9_6": Case("kernel", "numpy_only", "(9, 6)", "bulk_1", 24, 1),
    "power_spectrum-numba": Case("power spectrum", "numba", "(6, None)", "bulk_192_4", 28, 1),
    "benzenes-numba": Case("systems", "numba", "(6, None)", "benzenes", 200, 2),
    "four_species-numba": Case("systems", "numba", "(6, None)", "four_species", 200, 1),
    "ellipsoids-numba": Case("systems", "numba", "(9, 6)", "ellipsoids", 200, 6, NOT_THE_CENTRE),
    "benzenes-numpy_only": Case("systems", "numpy_only", "(6, None)", "benzenes", 24, 1),
    "ellipsoids-numpy_only": Case("systems", "numpy_only", "(9, 6)", "ellipsoids", 120, 1, NOT_THE_CENTRE),
}


@pytest.mark.parametrize("name", CASES)
def test_power_spectrum(name: str, frames: Frames, benchmark: Any, make_calculator: Call, timed: Call) -> None:
    case = CASES[name]
    benchmark.group = case.group
    calculator = make_calculator(case.size, case.backend, **case.more)
    chosen = frames[case.frames][: case.count]
    features = timed(
        lambda: calculator.power_spectrum(chosen),
        calls=case.calls,
        backend=case.backend,
        size=case.size,
        frames=len(chosen),
        particles=sum(map(len, chosen)),
    )
    assert features.shape[0] == len(chosen)
    assert np.isfinite(features).all()


@pytest.mark.parametrize("name", ["import"])
def test_import(name: str, benchmark: Any, timed: Call) -> None:
    benchmark.group = name
    command = [sys.executable, "-c", "import anisoap_opt"]
    timed(lambda: subprocess.run(command, check=True), calls=1)
