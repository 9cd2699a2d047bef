"""Which benchmarks are compared, which are new, and which head has broken."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import compare
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.compare import sort_out
from anisoap_bench.gate.drive import Observation
from anisoap_bench.gate.result import Check, GateResult


def ran(*names: str, **errors: str) -> Observation:
    return Observation(dict.fromkeys(names, 1.0), errors=errors)


def test_what_both_can_run_is_compared() -> None:
    assert sort_out(ran("a", "b"), ran("a", "b"), {"a", "b"}) == (frozenset({"a", "b"}), [], {}, [])


def test_what_the_base_cannot_run_is_new_with_its_reason() -> None:
    names, new, uncompared, broken = sort_out(ran("a", b="ImportError: no b"), ran("a", "b"), {"a"})
    assert names == frozenset({"a"})
    assert new == ["b (base: ImportError: no b)"]
    assert not uncompared
    assert not broken


def test_what_base_has_in_its_own_files_is_not_new() -> None:
    """It ran before head's files asked for what base lacks."""
    names, new, uncompared, broken = sort_out(ran("a", b="TypeError: b"), ran("a", "b"), {"a", "b"})
    assert names == frozenset({"a"})
    assert uncompared == {"b": "base cannot run it as head's files have it: TypeError: b"}
    assert not new
    assert not broken


def test_what_head_took_away_is_not_compared() -> None:
    *_, uncompared, broken = sort_out(ran("a"), ran("a"), {"a", "b"})
    assert uncompared == {"b": "head's files have it no more"}
    assert not broken


def test_what_head_cannot_run_any_more_is_wrong() -> None:
    _, new, uncompared, (check,) = sort_out(ran("a", "b"), ran("a", b="TypeError: b"), {"a", "b"})
    assert not new
    assert not uncompared
    assert (check.name, check.passed) == ("benchmark b", False)
    assert "TypeError: b" in check.detail


def test_what_neither_can_run_is_not_passed_over() -> None:
    names, new, uncompared, broken = sort_out(ran("a", b="no torch"), ran("a", b="skipped: no torch"), {"a", "b"})
    assert names == frozenset({"a"})
    assert uncompared == {"b": "runs with neither package; with head: skipped: no torch"}
    assert not new
    assert not broken


def results(monkeypatch: pytest.MonkeyPatch, tests: Check, comparing: Exception | None = None) -> GateResult:
    """A run whose descriptors cannot be compared."""

    def fail(*args: object) -> None:
        raise comparing or AssertionError

    for module, name, value in (
        *((compare, each, lambda *args: Path()) for each in ("export", "build")),
        (compare, "prepare_suite", lambda *args: Path()),
        (compare.fidelity, "run_tests", lambda *args: tests),
        (compare.fidelity, "compare_descriptors", fail),
    ):
        monkeypatch.setattr(module, name, value)
    started = GateResult("b" * 40, "c" * 40)
    return compare.compare_commits(
        started, Path(), Path(), dirty=False, core=None, only="", deadline=0.0, say=lambda words: None
    )


@pytest.mark.parametrize("error", [CannotMeasure("a segfault"), OSError("no space"), KeyboardInterrupt()])
def test_what_ends_a_run_early_loses_nothing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """A failed test stays failed."""
    found = results(monkeypatch, Check("tests of fidelity", False, "off by 1"), error)
    assert found.exit_code == 1
    assert found.wrong[0].detail == "off by 1"
    assert str(error) in (found.message or "")
    found = results(monkeypatch, Check("tests of fidelity", True), error)
    assert found.exit_code == 2


@pytest.mark.parametrize("failed", [[], ["base"], ["head"], ["base", "head"]])
def test_what_fails_is_tried_twice(monkeypatch: pytest.MonkeyPatch, failed: list[str]) -> None:
    """A full disk, for one, must not make a benchmark broken for good; what went well is not tried again."""
    good, bad = ran("a", "b"), ran("a", b="OSError: no space left on device")
    asked: list[list[str]] = []

    def warm_up(builds: Sequence[Build], *args: Path, **more: Any) -> list[Observation]:
        asked.append([build.name for build in builds])
        return [bad if build.name in failed and len(asked) == 1 else good for build in builds]

    monkeypatch.setattr(compare.drive, "warm_up", warm_up)
    builds = [Build(name, Path(), "abc") for name in ("base", "head")]
    assert compare._warm_up(builds, Path(), None, "") == [good, good]
    assert asked == [["base", "head"], failed][: 2 if failed else 1]


def test_what_is_not_there_with_head_is_wrong() -> None:
    *_, (check,) = sort_out(ran("a", "b"), ran("a"), set())
    assert (check.name, check.passed) == ("benchmark b", False)


def test_nothing_in_common_is_not_passed_over() -> None:
    with pytest.raises(CannotMeasure, match="in common"):
        sort_out(ran(), ran("b"), set())
    with pytest.raises(CannotMeasure, match="in common"):
        sort_out(ran(), ran(), {"b"})
