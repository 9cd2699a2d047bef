"""What counts as the same numbers, and what as wrong ones."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import descriptors, fidelity
from anisoap_bench.gate.fidelity import FLOAT32, compare
from anisoap_bench.gate.process import Finished
from tests.gate.builds import BASE, HEAD
from tests.gate.small_repository import write
from tests.tolerances import FLOAT32_BOUNDS

NAME = "numba float64 6 benzenes power spectrum"
NAME32 = "numba float32 9_6 benzenes power spectrum"
VALUES = np.array([[1e3, -2.0, 0.0, 1e-3]])


def problem(before: Any, after: Any, name: str = NAME) -> str:
    """What is wrong with one array; empty if it passes."""
    (check,), new = compare({name: before}, {name: after}, {})
    assert not new
    assert check.name == "descriptors " + " ".join(name.split()[:2])
    return "" if check.passed else check.detail


@pytest.mark.parametrize("after", [VALUES, VALUES * (1 + 1e-12)])
def test_the_same_passes(after: Any) -> None:
    assert not problem(VALUES, after.copy())
    assert not problem(0 * VALUES, 0 * VALUES)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (VALUES * (1 + 1e-9), "of the largest value"),
        (VALUES * 2, "of the largest value"),
        # Below 1e-10 of the largest value, but above rtol 1e-6 and atol 1e-8 of its own.
        (VALUES + [[0, 0, 0, 5e-8]], "rtol"),
        (np.where(VALUES == 0, np.nan, VALUES), "not finite"),
        (np.where(VALUES == 0, np.inf, VALUES), "not finite"),
        (VALUES[:, :2], "became"),
        (VALUES.astype(np.float32), "became"),
    ],
)
def test_what_is_wrong(after: Any, words: str) -> None:
    assert words in problem(VALUES, after)


@pytest.mark.parametrize("name", [NAME, NAME32])
def test_a_value_of_the_base_that_is_not_finite_hides_no_other(name: str) -> None:
    dtype = name.split()[1]
    before = np.array([np.nan, 1.0, 2.0], dtype)
    assert not problem(before, np.array([5, 1, 2], dtype), name)
    assert "largest" in problem(before, np.array([5, 1, 4], dtype), name)


def test_float32_may_differ_by_its_rounding_and_not_more() -> None:
    before = VALUES.astype(np.float32)
    allowed = FLOAT32["9_6", "power spectrum"]
    assert not problem(before, (VALUES * (1 + 0.5 * allowed)).astype(np.float32), NAME32)
    assert "largest" in problem(before, (VALUES * (1 + 2 * allowed)).astype(np.float32), NAME32)


def test_what_only_the_base_computes_is_wrong_with_its_reason() -> None:
    checks, new = compare({NAME: VALUES, NAME32: VALUES}, {NAME32: VALUES}, {"numba float64 6 benzenes": "no numba"})
    assert [check.passed for check in checks] == [False, True]
    assert "no numba" in checks[0].detail
    assert not new


def test_what_only_head_computes_is_new() -> None:
    checks, new = compare({NAME: VALUES}, {NAME: VALUES, NAME32: VALUES}, {})
    assert [check.passed for check in checks] == [True]
    assert new == [NAME32]


CASE = "numba float64 6 bulk_1"


def described(monkeypatch: pytest.MonkeyPatch, base: Any, head: Any) -> Any:
    """What comes of these arrays and errors of both builds."""
    monkeypatch.setattr(fidelity, "describe", lambda *args: (base, head))
    return fidelity.compare_descriptors(BASE, HEAD, Path())


def test_what_neither_computes_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor what a backend of head's own cannot compute; what base can compute is wrong instead."""
    base = dict.fromkeys([NAME, f"{CASE} expansion", f"{CASE} power spectrum"], VALUES)
    errors = {"b 2": "still no b", CASE: "worse"}
    (check,), new, missing = described(monkeypatch, (base, {}), ({NAME: VALUES}, errors))
    assert (new, missing) == ([], {"descriptors b 2": "still no b"})
    assert "worse" in check.detail


def test_what_base_fails_at_is_not_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has that backend, and nobody has compared its numbers with head's."""
    head = dict.fromkeys([NAME, f"{CASE} expansion", "jax float64 6 bulk_1 expansion"], VALUES)
    (check,), new, missing = described(monkeypatch, ({NAME: VALUES}, {CASE: "MemoryError"}), (head, {}))
    assert check.passed
    assert new == ["jax float64 6 bulk_1 expansion"]
    assert missing == {f"descriptors {CASE}": "base cannot compute it: MemoryError"}


def test_a_base_that_fails_at_everything_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotMeasure, match=f"{CASE}.*no such keyword"):
        described(monkeypatch, ({}, {CASE: "no such keyword"}), ({NAME: VALUES}, {}))


def test_nothing_in_common_cannot_be_compared() -> None:
    with pytest.raises(CannotMeasure, match="in common"):
        compare({NAME32: VALUES}, {NAME: VALUES}, {})


@pytest.mark.parametrize(
    ("code", "output", "problem"),
    [
        (0, ".s\n1 passed, 1 skipped in 0.01s", ""),
        (0, "ss\n2 skipped in 0.01s", "no test of fidelity ran: 2 skipped"),
        # Python ends with 1 after an exception, as pytest does after a failed test.
        (1, "Traceback\nMemoryError", "did not end"),
        (1, "", "did not end"),
        (3, "the wrong package", "did not run"),
    ],
)
def test_tests_have_to_run_and_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, output: str, problem: str
) -> None:
    write(tmp_path, {"source/tests/__init__.py": "", "suite/worker.py": ""})
    monkeypatch.setattr(fidelity, "run", lambda *args, **more: Finished(code, output))
    with pytest.raises(CannotMeasure, match=problem) if problem else nullcontext():
        assert fidelity.run_tests(HEAD, tmp_path / "suite", tmp_path / "source").passed


def test_one_check_for_each_backend_names_what_is_wrong() -> None:
    names = [f"numba float64 6 {system} expansion" for system in ("benzenes", "ellipsoids")]
    base = dict.fromkeys([*names, "reference float64 6 benzenes expansion"], VALUES)
    checks, _ = compare(base, {**base, names[1]: 2 * VALUES}, {})
    assert {check.name: check.passed for check in checks} == {
        "descriptors numba float64": False,
        "descriptors reference float64": True,
    }
    assert "ellipsoids" in checks[0].detail
    assert "benzenes" not in checks[0].detail


def test_every_backend_dtype_and_input_is_compared() -> None:
    from anisoap_opt import BACKENDS
    from benchmarks import cases

    found = list(descriptors.cases(BACKENDS))
    assert {case[:2] for case in found} == {(name, dtype) for name, entry in BACKENDS.items() for dtype in entry.dtypes}
    for backend in BACKENDS:
        sizes = {size for name, _, size, _, _ in found if name == backend}
        assert sizes == set(descriptors.SIZES)
    fast = {name for backend, _, _, name, _ in found if backend != "reference"}
    assert fast == {*cases.BULK, *cases.SYSTEMS}


def test_float32_may_differ_twice_as_much_as_it_may_be_wrong() -> None:
    for (size, _), (power, expansion) in zip(descriptors.SIZES.items(), FLOAT32_BOUNDS.values(), strict=False):
        assert power < FLOAT32[size, "power spectrum"] < 2.2 * power
        assert expansion < FLOAT32[size, "expansion"] < 2.2 * expansion
