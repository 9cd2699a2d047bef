"""Which benchmarks are compared, which are new, and which head has broken."""

from __future__ import annotations

import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.compare import sort_out
from anisoap_bench.gate.drive import Observation


def ran(*names: str, **errors: str) -> Observation:
    return Observation(dict.fromkeys(names, 1.0), errors=errors)


def test_what_both_can_run_is_compared() -> None:
    assert sort_out(ran("a", "b"), ran("a", "b")) == (frozenset({"a", "b"}), [], [])


def test_what_the_base_cannot_run_is_new_with_its_reason() -> None:
    names, new, broken = sort_out(ran("a", b="ImportError: no b"), ran("a", "b"))
    assert names == frozenset({"a"})
    assert new == ["b (base: ImportError: no b)"]
    assert not broken


def test_what_head_cannot_run_any_more_is_wrong() -> None:
    _, new, (check,) = sort_out(ran("a", "b"), ran("a", b="TypeError: b"))
    assert not new
    assert (check.name, check.passed) == ("benchmark b", False)
    assert "TypeError: b" in check.detail


def test_what_neither_can_run_is_not_passed_over() -> None:
    with pytest.raises(CannotMeasure, match="b runs with neither package"):
        sort_out(ran("a", b="skipped: no torch"), ran("a", b="skipped: no torch"))


def test_what_is_not_there_with_head_is_wrong() -> None:
    _, _, (check,) = sort_out(ran("a", "b"), ran("a"))
    assert (check.name, check.passed) == ("benchmark b", False)


def test_nothing_in_common_is_not_passed_over() -> None:
    with pytest.raises(CannotMeasure, match="in common"):
        sort_out(ran(), ran("b"))
    with pytest.raises(CannotMeasure, match="in common"):
        sort_out(ran(), ran())
