"""The validation finds what it is there to find: each kind of wrong descriptor fails its own check, and only that."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anisoap_bench.study import validate
from anisoap_bench.study.validate import FAIL, PASS
from benchmarks import workloads
from tests.study.runs import study
from tests.tolerances import FLOAT32_BOUNDS

REFERENCE = ("reference: rtol 1e-06, atol 1e-08", "reference: largest difference")
INVARIANCES = ("rotation", "translation", "order of particles", "sign of quaternions", "periodic images")
right = validate.descriptor


def failed(monkeypatch: pytest.MonkeyPatch, wrong: Callable[..., Any], system: str = "benzenes") -> set[str]:
    """Checks of numpy_only that fail when this takes the place of its descriptor."""
    frames = workloads.system(system)[:2]
    types = sorted({int(number) for frame in frames for number in frame.numbers})
    expected = right("numpy_only", {**workloads.hypers_of(system), "types": types}, frames)
    monkeypatch.setattr(validate, "descriptor", wrong)
    checks = validate.check_backend("numpy_only", system, frames, expected)
    assert {result for *_, result in checks} <= {PASS, FAIL}
    return {check for check, *_, result in checks if result == FAIL}


@pytest.mark.parametrize("system", ["benzenes", "ellipsoids"])
def test_a_right_descriptor_passes(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    assert failed(monkeypatch, right, system) == set()


def shifted_by(quantity: Callable[[Any], float]) -> Callable[..., Any]:
    """A descriptor that a quantity of the frame leaks into."""

    def wrong(backend: str, hypers: Any, frames: Any, dtype: str = "float64") -> Any:
        values = right(backend, hypers, frames, dtype)
        leak = np.array([[quantity(frame)] for frame in frames])
        return (values * (1 + 1e-8 * leak)).astype(dtype)

    return wrong


@pytest.mark.parametrize(
    ("quantity", "caught"),
    [
        (lambda frame: frame.arrays["c_q"].sum(), {"rotation", "sign of quaternions"}),
        (lambda frame: frame.cell.array[1, 0], {"rotation"}),
        (lambda frame: frame.get_distance(0, 1), {"order of particles", "periodic images"}),
        (lambda frame: frame.positions[:, 0].mean(), {"rotation", "translation", "periodic images"}),
    ],
    ids=["quaternion", "cell", "distance", "position"],
)
def test_what_must_not_matter_is_caught(
    monkeypatch: pytest.MonkeyPatch, quantity: Callable[[Any], float], caught: set[str]
) -> None:
    assert failed(monkeypatch, shifted_by(quantity)) & set(INVARIANCES) == caught


def bad_float32(backend: str, hypers: Any, frames: Any, dtype: str = "float64") -> Any:
    values = right(backend, hypers, frames, dtype)
    return values if dtype == "float64" else (values * 1.0001).astype(dtype)


SHAPE = "shape and dtype: features"


@pytest.mark.parametrize(
    ("wrong", "caught"),
    [
        (shifted_by(lambda frame: 0.1), {REFERENCE[1]}),
        (shifted_by(lambda frame: 1e3), {*REFERENCE}),
        (shifted_by(lambda frame: np.nan), {SHAPE, *INVARIANCES, *REFERENCE, "float32"}),
        (lambda *arguments: right(*arguments)[:, 1:], {SHAPE, *REFERENCE}),
        (lambda *arguments: 0 * right(*arguments), {SHAPE, *INVARIANCES, *REFERENCE, "float32"}),
        (lambda *arguments: right(*arguments[:3]).astype(">f8"), {SHAPE, "float32"}),
        (bad_float32, {"float32"}),
    ],
    ids=["ninth digit", "fifth digit", "no number", "features", "zeros", "dtype", "float32"],
)
def test_a_wrong_descriptor_fails_its_own_checks(
    monkeypatch: pytest.MonkeyPatch, wrong: Callable[..., Any], caught: set[str]
) -> None:
    with np.errstate(invalid="ignore"):
        assert failed(monkeypatch, wrong) == caught


def test_the_bounds_of_float32_are_those_of_the_tests() -> None:
    power_spectra = {str((angular, radial)): bounds[0] for (angular, radial), bounds in FLOAT32_BOUNDS.items()}
    assert {size: power_spectra[size] for size in validate.FLOAT32_LIMITS} == validate.FLOAT32_LIMITS
    assert set(validate.FLOAT32_LIMITS) == set(workloads.HYPERS)


def test_the_changes_are_changes() -> None:
    """Each variant differs from the frame that it comes from, or its check would prove nothing."""
    frames = workloads.system("ellipsoids")[:8]
    for name, changed in validate.variants(frames).items():
        different = [
            not (np.allclose(a.positions, b.positions) and np.allclose(a.arrays["c_q"], b.arrays["c_q"]))
            for a, b in zip(changed, frames, strict=True)
        ]
        expected = {"order of particles": sum(len(frame) > 1 for frame in frames), "sign of quaternions": 4}
        assert sum(different) >= expected.get(name, 8), name


def test_the_number_of_features_is_counted_by_hand() -> None:
    """n_l = 2, 1, 1 for l = 0, 1, 2 and two types: 2 · (4² + 2² + 2²); n_l = 3 for l = 0, 1 and one type: 9 + 9."""
    assert validate.num_features({"max_angular": 2}, 2) == 48
    assert validate.num_features({"max_angular": 1, "max_radial": 2}, 1) == 18


def test_the_command_prints_and_writes_all_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "validation.csv"
    assert study("validate", "--frames", "1", "--backend", "numpy_only", "--out", str(out)) == 0
    printed = capsys.readouterr().out
    assert "0 failed" in printed
    with out.open() as stream:
        rows = list(csv.DictReader(stream))
    assert {row["system"] for row in rows} == set(workloads.SYSTEMS)
    assert {row["backend"] for row in rows} == {"numpy_only"}
    assert {row["result"] for row in rows} == {PASS}
    assert {row["check"] for row in rows} == {
        "shape and dtype: features", *INVARIANCES, *REFERENCE, "float32"
    }  # fmt: skip


def test_a_failed_check_is_exit_code_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    bad = ("rotation", "numba", "benzenes", 1e-3, 1e-10, FAIL)
    monkeypatch.setattr(validate, "validate", lambda *_: [bad])
    assert study("validate") == 1
    assert "FAIL  rotation, numba, benzenes: 0.001, limit 1e-10" in capsys.readouterr().out


def test_a_backend_that_is_not_there_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert study("validate", "--backend", "fortran") == 2
    assert "not installed: fortran" in capsys.readouterr().err


def test_missing_data_is_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert study("validate", "--data", str(tmp_path)) == 2
    assert "no such file" in capsys.readouterr().err
