"""Every backend against values that AniSOAP itself computed; see ``tests/data/README.md``."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.io import read

from anisoap_opt import EllipsoidalDensityProjection
from tests.tolerances import TOLERANCES, assert_close

DATA = Path(__file__).parents[1] / "data"
CASES = json.loads((DATA / "index.json").read_text())
RTOL = TOLERANCES["float64"].reference

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
orthonormal_cases = pytest.mark.parametrize(
    "case", [case for case in CASES if case["normalize"]], ids=lambda case: case["case"]
)
mean_cases = pytest.mark.parametrize(
    "case",
    [case for case in CASES if case["normalize"] and case["case"] != "ragged_gto_l4"],
    ids=lambda case: case["case"],
)


@cache
def stored(name: str) -> dict[str, Any]:
    with np.load(DATA / name) as values:
        return dict(values)


def blocks_of(case: dict[str, Any], kind: str) -> list[tuple[list[int], Any, Any]]:
    """(key, samples, values) of every stored block."""
    values = stored(case["values"])
    count = sum(name.startswith(f"{kind}/") and name.endswith("/key") for name in values)
    assert count
    return [
        (values[f"{kind}/{k}/key"].tolist(), values[f"{kind}/{k}/samples"], values[f"{kind}/{k}/values"])
        for k in range(count)
    ]


def calculator_and_frames(case: dict[str, Any], backend: str) -> tuple[EllipsoidalDensityProjection, list[Any]]:
    return EllipsoidalDensityProjection(**case["hypers"], backend=backend), read(DATA / case["frames"], ":")


def assert_same_blocks(descriptor: Any, expected: list[tuple[list[int], Any, Any]]) -> None:
    assert sorted(descriptor.keys.values.tolist()) == sorted(key for key, _, _ in expected)
    for key, samples, values in expected:
        block = descriptor.block(dict(zip(descriptor.keys.names, key, strict=True)))
        np.testing.assert_array_equal(block.samples.values, samples)
        assert_close(block.values, values.reshape(block.values.shape), RTOL, f"block {key}")


@every_case
def test_expansion(case: dict[str, Any], backend: str) -> None:
    projection, frames = calculator_and_frames(case, backend)
    expansion = projection.transform(frames, normalize=case["normalize"])
    assert expansion.keys.names == ["types_center", "angular_channel"]
    assert_same_blocks(expansion, blocks_of(case, "expansion"))


@orthonormal_cases
def test_power_spectrum_of_every_center(case: dict[str, Any], backend: str) -> None:
    projection, frames = calculator_and_frames(case, backend)
    power = projection.power_spectrum(frames, mean_over_samples=False)
    assert power.keys.names == ["order_nu", "angular_channel", "types_center"]
    expected = [([2, 0, *key], samples, values) for key, samples, values in blocks_of(case, "power")]
    assert_same_blocks(power, expected)


@mean_cases
def test_mean_over_the_centers_of_a_frame(case: dict[str, Any], backend: str) -> None:
    projection, frames = calculator_and_frames(case, backend)
    mean = projection.power_spectrum(frames)
    expected = stored(case["values"])["power_mean"]
    assert mean.shape[0] == len(frames)
    assert mean.ndim == 2
    assert_close(mean, expected.reshape(mean.shape), RTOL, "power_mean")
