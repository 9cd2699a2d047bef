"""``study aggregate``: tables from documents with known times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from anisoap_bench.study.intervals import ratio_interval
from tests.study.runs import document, study, write

SLOW = [100.0, 102.0, 98.0, 101.0, 99.0, 103.0, 97.0]
FAST = [1.0, 1.02, 0.98, 1.01, 0.99, 1.03, 0.97]


def aggregate(folder: Path, *inputs: Path) -> int:
    arguments = ["--inputs", *map(str, inputs), "--out", str(folder / "tables" / "combined_from_metrics.csv")]
    return study("aggregate", *arguments)


def table(folder: Path, name: str) -> Any:
    return pd.read_csv(folder / "tables" / f"{name}.csv")


def row(combined: Any, **fields: Any) -> Any:
    for name, value in fields.items():
        combined = combined[combined[name] == value]
    assert len(combined) == 1
    return combined.iloc[0]


def test_tables_of_two_backends(tmp_path: Path) -> None:
    reference = write(tmp_path, "reference.json", document("reference", {"one_species": SLOW}))
    numpy_only = write(tmp_path, "numpy_only.json", document("numpy_only", {"one_species": FAST, "benzenes": FAST}))
    assert aggregate(tmp_path, reference, numpy_only) == 0
    combined = table(tmp_path, "combined_from_metrics")
    assert len(combined) == 3
    found = row(combined, backend="numpy_only", system="one_species")
    assert found["median_seconds"] == 1.0
    assert (found["low_seconds"], found["high_seconds"]) == (0.97, 1.03)
    assert found["seconds_per_n_squared"] == pytest.approx(1.0 / 5760)
    assert found["speedup_reference"] == pytest.approx(100.0)
    interval = ratio_interval(SLOW, FAST)
    assert (found["speedup_reference_low"], found["speedup_reference_high"]) == pytest.approx(interval)
    assert found["reference_basis"] == "frames"
    assert pd.isna(row(combined, system="benzenes")["speedup_reference"])
    assert len(table(tmp_path, "timings_local")) == 21
    assert len(table(tmp_path, "timings_chtc")) == 0
    summary = row(table(tmp_path, "summary_local"), backend="reference")
    assert (summary["median_seconds"], summary["mean_seconds"]) == (100.0, 100.0)
    assert summary["std_seconds"] == pytest.approx(2.1602469)


def test_fewer_frames_are_compared_by_the_pair(tmp_path: Path) -> None:
    few = write(tmp_path, "reference.json", document("reference", {"one_species": SLOW}, frames=2))
    fast = write(tmp_path, "numba.json", document("numba", {"one_species": FAST}, frames=200))
    assert aggregate(tmp_path, few, fast) == 0
    found = row(table(tmp_path, "combined_from_metrics"), backend="numba")
    assert found["speedup_reference"] == pytest.approx(100.0 * 100)
    assert (found["reference_frames"], found["reference_basis"]) == (2, "pairs")


def test_machines_are_not_mixed(tmp_path: Path) -> None:
    one = write(tmp_path, "one.json", document("reference", {"one_species": SLOW}, cpu="One"))
    two = write(tmp_path, "two.json", document("numpy_only", {"one_species": FAST}, cpu="Two"))
    assert aggregate(tmp_path, one, two) == 0
    combined = table(tmp_path, "combined_from_metrics")
    assert sorted(combined["machine"]) == ["One, 4 cores, Linux", "Two, 4 cores, Linux"]
    assert pd.isna(row(combined, backend="numpy_only")["speedup_reference"])


@pytest.mark.parametrize("change", ["threads", "commit", "hypers"])
def test_different_conditions_are_not_compared(tmp_path: Path, change: str) -> None:
    base, other = (document(name, {"one_species": FAST}) for name in ("reference", "numba"))
    if change == "threads":
        other["threads"]["asked"] = 2
    elif change == "commit":
        other["environment"]["git"]["commit"] = "1" * 40
    else:
        other["files"][0]["hypers"] = {"max_angular": 9}
    assert aggregate(tmp_path, write(tmp_path, "a.json", base), write(tmp_path, "b.json", other)) == 0
    assert pd.isna(row(table(tmp_path, "combined_from_metrics"), backend="numba")["speedup_reference"])


def test_cluster_jobs_go_to_their_own_table_and_are_pooled(tmp_path: Path) -> None:
    jobs = [
        write(
            tmp_path,
            f"job{k}.json",
            document("numba", {"one_species": [t]}, origin="chtc", job={"id": f"job{k}", "repeat": k}),
        )
        for k, t in enumerate(FAST)
    ]
    assert aggregate(tmp_path, *jobs) == 0
    rows = table(tmp_path, "timings_chtc")
    assert rows["job_repeat"].tolist() == list(range(7))
    assert rows["wall_seconds"].tolist() == FAST
    assert len(table(tmp_path, "timings_local")) == 0
    assert len(table(tmp_path, "summary_local")) == 0
    found = row(table(tmp_path, "combined_from_metrics"), origin="chtc")
    assert (found["repeats"], found["runs"], found["median_seconds"]) == (7, 7, 1.0)


def changed(**changes: Any) -> dict[str, Any]:
    """A document whose only file has these values."""
    found = document("numba", {"one_species": FAST})
    found["files"][0].update(changes)
    return found


GOOD = document("numba", {"one_species": FAST})
BAD = {
    "version 99": ({**GOOD, "schema_version": 99}, "$.schema_version: 1 was expected"),
    "version true": ({**GOOD, "schema_version": True}, "$.schema_version: 1 was expected"),
    "foreign": ({"benchmarks": []}, "no result of `study run`"),
    "list": ([1, 2], "is not of type 'object'"),
    "half": (json.dumps(GOOD)[:300], "no valid JSON"),
    "deep": ("[" * 200_000, "no valid JSON"),
    "NaN": (changed(wall_seconds=[float("nan"), *FAST[1:]]), "NaN is no number of JSON"),
    "negative time": (changed(wall_seconds=[-1.0, *FAST[1:]]), "$.files[0].wall_seconds[0]"),
    "lost time": (changed(wall_seconds=FAST[1:]), "lacks processor times"),
    "no time at all": (changed(wall_seconds=[0, *FAST[1:]]), "wall time of 0 s"),
    "no environment": ({k: v for k, v in GOOD.items() if k != "environment"}, "'environment' is a required property"),
}


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_named_and_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: Any, reason: str
) -> None:
    good, bad = write(tmp_path, "good.json", GOOD), write(tmp_path, "bad.json", content)
    assert aggregate(tmp_path, bad, good) == 1
    message = capsys.readouterr().err
    assert "bad.json" in message
    assert reason in message
    assert len(table(tmp_path, "combined_from_metrics")) == 1


def test_nothing_good_is_an_error_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert aggregate(tmp_path, tmp_path / "missing.json") == 2
    assert "missing.json" in capsys.readouterr().err
    assert not (tmp_path / "tables").exists()


def test_a_run_given_twice_counts_once(tmp_path: Path) -> None:
    good, copy = write(tmp_path, "good.json", GOOD), write(tmp_path, "copy.json", GOOD)
    assert aggregate(tmp_path, good, good, copy) == 0
    assert len(table(tmp_path, "timings_local")) == 7
