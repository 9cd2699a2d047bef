"""A history as asv's results, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from anisoap_bench.asv_files import read_results
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.history.book import Book
from anisoap_bench.history.report import as_json, report
from anisoap_bench.history.store import RELATIVE, SECONDS, store
from tests.history.lines import commit, gap, measured, name
from tests.suite.asv_tools import write_config, write_results

TIMES = {"quiet": [2.0] * 6, "step": [1.0, 1.0, 1.0, 1.2, 1.2, 1.2]}


@pytest.fixture
def book() -> Book:
    book = measured(TIMES, 0.005)
    book.take({"of": name(5), "amounts": {"step": {"peak memory": 5e6, "torch operations": 7, "error": 0.0}}, "at": 0})
    book.take({"change": name(3), "benchmark": "step", "why": "slower: neighbours, +40 % [38, 42]", "at": 0})
    return book


def test_asv_finds_levels_with_their_intervals_and_absolute_numbers(book: Book, tmp_path: Path) -> None:
    write_config(tmp_path)
    store(book, tmp_path / "results", "m", tmp_path)
    found = {one.commit: one for one in read_results(tmp_path / "results" / "m")}
    assert sorted(found) == [name(number) for number in range(6)]
    levels, row = found[name(5)].numbers(RELATIVE), found[name(5)].rows[RELATIVE]
    assert levels["step",] == pytest.approx(1.2, rel=0.01)
    assert row["stats_ci_99_a"][1] < 1.2 < row["stats_ci_99_b"][1]
    assert found[name(0)].numbers(RELATIVE)["quiet",] == 1.0
    assert found[name(2)].numbers(SECONDS)["quiet",] == pytest.approx(2.0, rel=0.01)
    assert found[name(5)].numbers("history.Pairs.track_peak_memory") == {("step",): 5e6}
    assert found[name(5)].numbers("history.Pairs.track_error") == {("step",): 1e-12}
    described = json.loads((tmp_path / "results" / "benchmarks.json").read_text())
    assert described[RELATIVE]["params"] == [["'quiet'", "'step'"]]
    assert {*described[RELATIVE]} >= {"name", "type", "unit", "version", "param_names", "code", "timeout"}


def test_what_asv_measured_stays(book: Book, tmp_path: Path) -> None:
    write_config(tmp_path)
    store(book, tmp_path / "results", "m", tmp_path)
    path = next((tmp_path / "results" / "m").glob(f"{name(5)[:8]}*"))
    other = write_results(tmp_path / "results", "m", name(5), {"Other.time": [[1.0], [], "1", 5, 0.1]})
    other.replace(path)
    store(book, tmp_path / "results", "m", tmp_path)
    (one,) = [one for one in read_results(tmp_path / "results" / "m") if one.commit == name(5)]
    assert {"Other.time", RELATIVE} < set(one.rows)


def test_the_report_names_commit_size_and_reason(book: Book) -> None:
    book.take(gap(6))
    words = report(book)
    (line,) = [line for line in words.splitlines() if "slower: neighbours" in line]
    assert f"{name(3)[:10]} number 3" in line
    assert "| step" in line
    assert "- 06060606060606060606"[:12] in words
    assert "6 does not build" in words
    assert "long story" not in words
    found = json.loads(as_json(book))
    (change,) = found["changes"]
    assert (change["commit"], change["after"], change["benchmark"]) == (name(3), name(2), "step")
    assert change["low"] < 1.2 < change["high"]
    assert [one["commit"] for one in found["levels"]["quiet"]] == [name(number) for number in range(6)]


def test_a_change_beside_a_gap_is_of_one_of_several() -> None:
    book = Book([commit(0), commit(1), gap(2), commit(3)])
    random = np.random.default_rng(0)
    for base, head, ratio in ((0, 1, 1.0), (1, 3, 1.3)):
        for noise in np.exp(0.01 * random.standard_normal(8)):
            book.take({"base": name(base), "head": name(head), "values": {"b": [1.0, ratio * noise]}, "at": 0})
    assert f"number 3 (or one after {name(1)[:10]})" in report(book)


def test_lines_that_are_of_no_history() -> None:
    with pytest.raises(CannotMeasure, match="no line of a history"):
        Book([{"gap": 5, "why": "of a bisection"}])
    with pytest.raises(CannotMeasure, match="no line of a history"):
        Book([{"base": "a", "head": "b", "values": {"b": [1.0]}, "at": 0}])
