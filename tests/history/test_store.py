"""A history as asv's results, as text and as JSON."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from anisoap_bench.asv_files import read_results
from anisoap_bench.dashboard.tables import link
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.history.book import Book
from anisoap_bench.history.report import as_json, change_row, report
from anisoap_bench.history.store import RELATIVE, SECONDS, store
from tests.history.lines import commit, gap, measured, name
from tests.suite.asv_tools import commit as make_commit
from tests.suite.asv_tools import git, run, write_config, write_results

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


def test_asv_compares_what_is_stored(book: Book, tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    write_config(folder)
    renamed = {name(2): make_commit(folder, "old"), name(3): make_commit(folder, "new")}
    for before, after in renamed.items():
        book.of[after] = replace(book.of.pop(before), hash=after)
    for benchmark, pairs in book.pairs.items():
        ends = {(renamed.get(base, base), renamed.get(head, head)): both for (base, head), both in pairs.items()}
        book.pairs[benchmark] = defaultdict(list, ends)
    store(book, folder / ".asv" / "results", "m", folder)
    out = run("asv", "compare", *renamed.values(), "--machine", "m", folder=folder, home=tmp_path)
    marked = {line[2] for line in out.splitlines() if "relative_time('step')" in line}
    assert marked == {"+"}
    (line,) = [line for line in out.splitlines() if "track_seconds('quiet')" in line]
    assert not line.startswith("| +")


def test_what_is_measured_later_with_other_versions_has_another_environment(book: Book, tmp_path: Path) -> None:
    write_config(tmp_path)
    book.of[name(5)] = replace(book.of[name(5)], versions={"python": "3.12", "numpy": "2.5"})
    store(book, tmp_path / "results", "m", tmp_path)
    found = {one.commit: one.about for one in read_results(tmp_path / "results" / "m")}
    assert found[name(5)]["params"]["numpy"] == "2.5"
    assert found[name(4)]["params"]["numpy"] == "2.0"


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
    assert "6 does not build long story" in words
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


def test_times_that_are_none() -> None:
    for times in ([0.0, 1.0], [1.0, -1.0], [1.0, float("nan")]):
        with pytest.raises(CannotMeasure, match="not a positive number"):
            Book([{"base": "a", "head": "b", "values": {"b": times}, "at": 0}])


def test_a_commit_that_nobody_measured_may_be_the_one() -> None:
    book = Book([commit(0), commit(1), commit(5)])
    random = np.random.default_rng(0)
    for base, head, ratio in ((0, 1, 1.0), (1, 5, 1.3)):
        for noise in np.exp(0.01 * random.standard_normal(8)):
            book.take({"base": name(base), "head": name(head), "values": {"b": [1.0, ratio * noise]}, "at": 0})
    assert f"number 5 (or one after {name(1)[:10]})" in report(book)
    assert not json.loads(as_json(book))["changes"][0]["alone"]


def test_commits_that_are_no_more_on_the_branch_are_left_out(book: Book) -> None:
    numbers = {name(number): number for number in (0, 1, 2, 4, 5)}
    assert book.keep(numbers) == [name(3)]
    assert [one.hash for one in book.commits] == list(numbers)
    assert "number 3" not in report(book)


def test_other_benchmarks_are_added_to_what_a_commit_can_run() -> None:
    book = Book([commit(0, "a", asked="a"), commit(0, "b", asked="b")])
    assert book.benchmarks == ["a", "b"]
    assert book.of[name(0)].asked == {"a", "b"}
    book.count("a", name(0), name(1))
    assert not book.num_pairs


def test_a_subject_is_no_markdown() -> None:
    book = measured({"b": [1.0, 1.0, 1.3]}, 0.01)
    book.of[name(2)] = replace(book.of[name(2)], subject="a | b <b> @me")
    (line,) = [line for line in report(book).splitlines() if "a &#124; b" in line]
    assert line.count("|") == 6
    assert "<b>" not in line
    assert "@me" not in line


def test_rows_of_changes_are_plain_and_a_page_escapes_them_once() -> None:
    book = measured({"b": [1.0, 1.0, 1.3]}, 0.01)
    book.of[name(2)] = replace(book.of[name(2)], subject="a < b")
    (change,) = book.changes()
    where, *_ = change_row(book, change)
    assert where.endswith("a < b")
    assert "a &lt; b</a>" in link(where, "address")
