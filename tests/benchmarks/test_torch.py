"""Benchmarks that load torch: its backend, and the expansion, which metatensor holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.benchmarks.inputs import Call, Frames


@pytest.mark.parametrize("name", ["benzenes-torch_full"])
def test_power_spectrum(name: str, frames: Frames, benchmark: Any, make_calculator: Call, timed: Call) -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    benchmark.group = "systems"
    calculator = make_calculator("(6, None)", "torch_full")
    chosen = frames["benzenes"][:20]
    features = timed(lambda: calculator.power_spectrum(chosen), calls=1, backend="torch_full", frames=len(chosen))
    assert np.isfinite(features).all()


@pytest.mark.parametrize("name", ["expansion-numba"])
def test_transform(name: str, frames: Frames, benchmark: Any, make_calculator: Call, timed: Call) -> None:
    benchmark.group = "expansion"
    calculator = make_calculator("(6, None)", "numba")
    chosen = frames["bulk_192_4"][:4]  # more do not fit into the cache: see test_compiled.py
    expansion = timed(lambda: calculator.transform(chosen), calls=4, backend="numba", frames=len(chosen))
    assert all(np.isfinite(block.values).all() for block in expansion.blocks())
