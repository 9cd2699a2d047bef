"""Merging asv's results: which of two stays, what is left out, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anisoap_bench.asv_files import Results
from anisoap_bench.dashboard import load
from anisoap_bench.dashboard.merge import merge
from anisoap_bench.errors import CannotMeasure
from tests.dashboard import synthetic

HASHES = [f"{k:08x}{k:032x}" for k in range(1, synthetic.COMMITS + 1)]
NAME = "starting.Import.timeraw_import"
PAIRS = "history.Pairs.track_seconds"


def file_of(folder: Path, k: int, machine: str = "local") -> Path:
    return folder / machine / f"{HASHES[k][:8]}-env.json"


def results(folder: Path, k: int, machine: str = "local") -> dict[str, Any]:
    rows = json.loads(file_of(folder, k, machine).read_text())["results"]
    return {name: [cell for cell in row if cell is not None] for name, row in rows.items()}  # asv leaves out last ones


def change(folder: Path, k: int, column: int, value: object) -> None:
    """Put something else into NAME's row."""
    content = json.loads(file_of(folder, k).read_text())
    content["results"][NAME][column] = value
    synthetic.write(file_of(folder, k), content)


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """The tracked folder, with everything, and that of a later run of one benchmark at the last commit."""
    tracked, ordinary = tmp_path / "tracked", tmp_path / "ordinary"
    synthetic.write_results(tracked, "local", HASHES)
    synthetic.write_results(ordinary, "local", [""] * 11 + HASHES[-1:], names=[NAME], later=1000)
    return [tracked, ordinary]


def test_of_two_results_the_later_one_stays(tmp_path: Path, two: list[Path]) -> None:
    tracked, ordinary = two
    for order in (two, two[::-1]):
        merged = merge(order, set(HASHES), tmp_path / "merged")
        assert results(merged.folder, 11) == {**results(tracked, 11), NAME: results(ordinary, 11)[NAME]}
        assert results(merged.folder, 10) == results(tracked, 10)
        assert list(merged.machines) == ["local"]
        assert len(merged.commits) == synthetic.COMMITS
        assert set(merged.benchmarks) == set(synthetic.BENCHMARKS)


def test_machines_that_are_described_differently_are_refused(tmp_path: Path, two: list[Path]) -> None:
    synthetic.write(two[1] / "local" / "machine.json", {"machine": "local", "cpu": "another", "version": 1})
    with pytest.raises(CannotMeasure, match=r"ordinary/local/machine\.json is of another machine"):
        merge(two, set(HASHES), tmp_path / "merged")


def test_a_run_under_load_is_kept_apart_but_for_its_pairs(tmp_path: Path, two: list[Path]) -> None:
    synthetic.write_results(two[1], "local", [""] * 11 + HASHES[-1:], later=1000, busy=True)
    content, described = (json.loads(path.read_text()) for path in (file_of(two[1], 11), two[1] / "benchmarks.json"))
    content["results"][PAIRS] = [[1.0], [["'a'"]], "1", 0, 0.0]
    synthetic.write(file_of(two[1], 11), content)
    synthetic.write(two[1] / "benchmarks.json", {**described, PAIRS: {**described[NAME], "name": PAIRS}})
    merged = merge(two, set(HASHES), tmp_path / "merged")
    assert list(merged.machines) == ["local", "local (under load)"]
    assert set(results(merged.folder, 11, "local (under load)")) == set(synthetic.BENCHMARKS)
    assert set(results(merged.folder, 11)) == {*synthetic.BENCHMARKS, PAIRS}
    assert results(merged.folder, 11)[NAME] == results(two[0], 11)[NAME]
    assert list(merged.measured(NAME)) == ["local", "local (under load)"]


@pytest.mark.parametrize(("wide", "times", "loaded"), [(0, 10, False), (2, 10, True), (6, 10, True), (9, 9, False)])
def test_spreads_decide_if_there_are_enough(wide: int, times: int, loaded: bool) -> None:
    low = [0.4 if wide < 5 else 0.9] * wide + [0.95] * (times - wide)  # two far apart, or more than half a little
    row = {"result": [1.0] * times, "stats_q_25": low, "stats_q_75": [1.0] * times}
    assert (load.LOADED in load.kept_apart(Results("", {}, {"a": row}))) == loaded
    assert load.spread(Results("", {}, {"a": {**row, "stats_q_25": row["stats_q_75"]}})) is None  # of single samples


def test_commits_of_other_branches_are_left_out(tmp_path: Path, two: list[Path]) -> None:
    merged = merge(two, set(HASHES[:5]), tmp_path / "merged")
    assert set(merged.commits) == set(HASHES[:5])


def test_the_version_measured_last_is_shown(tmp_path: Path, two: list[Path]) -> None:
    change(two[1], 11, 2, "2")
    synthetic.write(two[1] / "benchmarks.json", {NAME: synthetic.describe(NAME, "2"), "version": 2})
    for order in (two, two[::-1]):
        merged = merge(order, set(HASHES), tmp_path / "merged")
        assert merged.benchmarks[NAME]["version"] == "2"
        assert NAME in results(merged.folder, 11)
        assert NAME not in results(merged.folder, 10)  # of the old version, which asv would not show


@pytest.mark.parametrize("nothing", [None, [None], [float("nan")]], ids=repr)
def test_what_failed_or_was_skipped_is_no_result(tmp_path: Path, nothing: object) -> None:
    synthetic.write_results(tmp_path / "tracked", "local", HASHES[:1], names=[NAME])
    change(tmp_path / "tracked", 0, 0, nothing)
    with pytest.raises(
        CannotMeasure, match="no results of this branch in .*tracked: run `make bench` or `make history`"
    ):
        merge([tmp_path / "tracked"], set(HASHES), tmp_path / "merged")


def test_without_results(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="no results of this branch in .*a or .*b: run"):
        merge([tmp_path / "a", tmp_path / "b"], set(HASHES), tmp_path / "merged")
    synthetic.write_results(tmp_path / "a", "local", HASHES[:3])
    with pytest.raises(CannotMeasure, match="no results of this branch"):
        merge([tmp_path / "a", tmp_path / "b"], set(), tmp_path / "merged")


ROW_OF_NONE = '{"commit_hash": "", "env_name": "", "date": 0, "params": {}, "result_columns": [], "results": {"a": []}}'


@pytest.mark.parametrize("text", ["", "[]", '{"date": 3}', "\xff", ROW_OF_NONE, None])
def test_a_broken_file_is_named(two: list[Path], tmp_path: Path, text: str | None) -> None:
    path = file_of(two[0], 0) if text is not None else two[0] / "benchmarks.json"
    path.unlink()
    if text is not None:
        path.write_text(text, encoding="latin-1")
    with pytest.raises(CannotMeasure, match=path.name):
        merge(two, set(HASHES), tmp_path / "merged")


@pytest.mark.parametrize("description", [{}, {"machine": "../elsewhere"}])
def test_results_of_a_machine_under_another_name_are_refused(
    two: list[Path], tmp_path: Path, description: dict[str, str]
) -> None:
    synthetic.write(two[0] / "local" / "machine.json", description)
    with pytest.raises(CannotMeasure, match=r"machine\.json"):
        merge(two, set(HASHES), tmp_path / "merged")
    assert not (tmp_path / "elsewhere").exists()
