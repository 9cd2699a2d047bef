"""Versions: a benchmark that measures something else says so."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from asv_runner.discovery import disc_benchmarks

from benchmarks import common, stored_values, versions, workloads
from tests.suite.asv_tools import ROOT


def test_versions_file_is_of_this_code() -> None:
    now, before = versions.current(), versions.stored()
    advice = (
        "set a new `version` in these classes if they measure something else now; then python -m benchmarks.versions"
    )
    assert versions.unannounced(now, before) == [], advice
    assert now == before, "run python -m benchmarks.versions"


def test_every_benchmark_that_asv_finds_has_a_version_a_checksum_a_unit_and_names_of_parameters() -> None:
    known = {versions.name_of(one): one.version for one in versions.classes()}
    found = {benchmark.name: benchmark for benchmark in disc_benchmarks(str(ROOT / "benchmarks"))}
    assert {name.rsplit(".", 1)[0] for name in found} == set(known)
    for name, benchmark in found.items():
        assert benchmark.version == known[name.rsplit(".", 1)[0]]
        assert benchmark.version.isdecimal()
        assert len(benchmark.params) == len(benchmark.param_names), name
        assert not any(parameter.startswith("param") for parameter in benchmark.param_names), name
        assert benchmark.unit != "unit", name
        assert "/s" not in benchmark.unit, f"{name}: a speed falls when things get worse"


class Example(common.Measured):
    params = (("numpy_only",), (8,))
    param_names = ("backend", "N")
    version = "1"

    def work(self, backend: str, N: int) -> common.Work:
        return common.Work(backend, workloads.bulk(N, 1), workloads.HYPERS["(6, None)"])


def test_a_changed_workload_changes_the_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(target: object, name: str, value: object) -> bool:
        with monkeypatch.context() as patch:
            patch.setattr(target, name, value)
            return versions.checksum(Example) != before

    before = versions.checksum(Example)
    moved = [frame.copy() for frame in workloads.bulk(8, 1)]
    moved[0].positions[3, 1] += 1e-5
    assert changed(workloads, "bulk", lambda *_: moved)
    moved[0].positions[3, 1] += 1e-12 - 1e-5  # another machine's last bits
    assert not changed(workloads, "bulk", lambda *_: moved)
    size = {**workloads.HYPERS["(6, None)"], "cutoff_radius": 7.5}
    assert changed(workloads, "HYPERS", {"(6, None)": size})
    assert changed(Example, "params", (("numpy_only",), (8, 12)))
    assert not changed(Example, "params", (("numpy_only", "another"), (8,)))


def test_stored_values_and_the_hyperparameters_of_a_first_call_are_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import descriptors, starting

    before = {one: versions.checksum(one) for one in (descriptors.Expansion, starting.FirstCall)}
    stored = stored_values.stored()
    with monkeypatch.context() as patch:
        patch.setattr(stored_values, "stored", lambda: {name: 1.5 * values for name, values in stored.items()})
        assert versions.checksum(descriptors.Expansion) != before[descriptors.Expansion]
    monkeypatch.setitem(workloads.HYPERS["(6, None)"], "cutoff_radius", 7.5)
    assert versions.checksum(starting.FirstCall) != before[starting.FirstCall]


def test_a_change_without_a_version_is_found_and_not_written_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "versions.json"
    monkeypatch.setattr(versions, "FILE", file)
    monkeypatch.setattr(versions, "classes", lambda: iter([Example]))
    assert versions.main([]) == 0
    first = json.loads(file.read_text())
    monkeypatch.setitem(workloads.HYPERS["(6, None)"], "cutoff_radius", 7.5)
    assert versions.unannounced(versions.current(), first) == [versions.name_of(Example)]
    assert versions.main([]) == 1
    assert "new `version`" in capsys.readouterr().err
    assert json.loads(file.read_text()) == first
    monkeypatch.setattr(Example, "version", "2")
    assert versions.main([]) == 0


def test_comments_docstrings_and_layout_are_no_part_of_the_code() -> None:
    one = 'def f(x):\n    """Says é."""\n    return f"{x} # {x:>3}"  # why\n'
    two = 'def f(\n    x):\n    return f"{x} # {x:>3}"\n'
    assert versions.bare(ast.parse(one)) == versions.bare(ast.parse(two))
    assert versions.bare(ast.parse(one)) != versions.bare(ast.parse(two.replace(":>3", ":>4")))
