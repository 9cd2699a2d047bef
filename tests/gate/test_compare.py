"""Which benchmarks are compared, which are new, and which head has broken; what ends a run early loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate import compare, drive
from anisoap_bench.gate.build import Build
from anisoap_bench.gate.compare import sort_out
from anisoap_bench.gate.drive import Observation
from anisoap_bench.gate.result import FidelityCheck, GateResult
from tests.gate.builds import BASE, HEAD


def ran(*names: str, **errors: str) -> Observation:
    return Observation(dict.fromkeys(names, 1.0), errors=errors)


NOT_AS_NOW = "base cannot run it as head's files have it: TypeError: b"


@pytest.mark.parametrize(
    ("base", "head", "known", "new", "uncompared", "broken"),
    [
        (ran("a"), ran("a"), "a", [], {}, {}),
        (ran("a", b="ImportError: no b"), ran("a", "b"), "a", ["b (base: ImportError: no b)"], {}, {}),
        (ran("a", b="TypeError: b"), ran("a", "b"), "ab", [], {"b": NOT_AS_NOW}, {}),  # it ran before
        (ran("a"), ran("a"), "ab", [], {"b": "head's files have it no more"}, {}),
        (ran("a", b="-"), ran("a", b="skipped"), "ab", [], {"b": "runs with neither package; with head: skipped"}, {}),
        (ran("a", "b"), ran("a", b="TypeError"), "ab", [], {}, {"b": "base can run it, head cannot: TypeError"}),
        (ran("a", "b"), ran("a"), "", [], {}, {"b": "base can run it, with head it is not there"}),
    ],
    ids=["both", "new", "asks for more", "taken away", "neither", "broken", "not there"],
)
def test_what_is_compared_new_or_wrong(
    base: Observation, head: Observation, known: str, new: list[str], uncompared: dict[str, str], broken: dict[str, str]
) -> None:
    checks = [FidelityCheck(f"benchmark {name}", False, words) for name, words in broken.items()]
    assert sort_out(base, head, set(known)) == (frozenset({"a"}), new, uncompared, checks)


def test_what_takes_many_times_as_long_twice_needs_no_pairs() -> None:
    base, head = Observation({"a": 1.0, "b": 1.0, "c": 1.0}), Observation({"a": 50.0, "b": 50.0, "c": 1.5})
    asked = []

    def again(names: frozenset[str]) -> list[Observation]:
        asked.append(names)
        return [base, Observation({"a": 32.0, "b": 1.0})]  # the second of them was disturbed at first

    (one,) = compare.far_behind(base, head, ["a", "b", "c"], again)
    assert asked == [{"a", "b"}]
    assert (one.name, one.verdict, one.confirmed, one.pairs) == ("a", "slower", True, 2)
    assert (one.low, one.ratio, one.high) == (32.0, 40.0, 50.0)
    assert compare.far_behind(base, base, "abc", again) == ()
    assert len(asked) == 1


def test_what_fails_when_it_is_looked_at_again_is_left_to_pairs() -> None:
    base, head = Observation({"a": 1.0}), Observation({"a": 50.0})
    for gone in ([Observation(), head], [base, Observation()]):
        assert compare.far_behind(base, head, ["a"], lambda names, gone=gone: gone) == ()


@pytest.mark.parametrize("head", [ran("b"), ran()])
def test_nothing_in_common_is_not_passed_over(head: Observation) -> None:
    with pytest.raises(CannotMeasure, match="in common"):
        sort_out(ran(), head, {"b"})


@pytest.mark.parametrize("passed", [False, True])
def test_what_was_found_before_is_told_at_once(monkeypatch: pytest.MonkeyPatch, passed: bool) -> None:
    """A failed test stays failed, whatever ends the run early."""

    def fail(*args: object) -> None:
        raise CannotMeasure("a segfault")

    for name in ("export", "build", "prepare_suite"):
        monkeypatch.setattr(compare, name, lambda *args: Path())
    monkeypatch.setattr(compare.fidelity, "run_tests", lambda *args: FidelityCheck("tests", passed, "off by 1"))
    monkeypatch.setattr(compare.fidelity, "compare_descriptors", fail)
    started = GateResult("b" * 40, "c" * 40)
    steps = compare.compare_commits(started, Path(), Path(), dirty=False, core=None, deadline=0.0)
    found = next(steps)
    assert found.exit_code == (2 if passed else 1)
    assert found.fidelity[0].detail == "off by 1"
    with pytest.raises(CannotMeasure, match="segfault"):
        next(steps)


@pytest.mark.parametrize("failed", [[], ["base"], ["head"], ["base", "head"]])
def test_what_fails_is_tried_twice(monkeypatch: pytest.MonkeyPatch, failed: list[str]) -> None:
    """A full disk, for one, must not make a benchmark broken for good; what went well is not tried again."""
    good, bad = ran("a", "b"), ran("a", b="OSError: no space left on device")
    asked: list[list[str]] = []

    def observe(builds: Sequence[Build], *args: Path, **more: Any) -> list[Observation]:
        asked.append([build.name for build in builds])
        return [bad if build.name in failed and len(asked) == 1 else good for build in builds]

    monkeypatch.setattr(drive, "observe", observe)
    assert drive.warm_up([BASE, HEAD], Path(), core=None) == [good, good]
    assert asked == [["base", "head"], failed][: 2 if failed else 1]
