"""The measurements for a GPU run to their end on a CPU, at sizes for a test, with every part measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import gpu, gpu_figure
from benchmarks.gpu import Report

pytest.importorskip("warp")
pytest.importorskip("numba")


def test_every_part_is_measured_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "gpu.json"
    monkeypatch.setattr(sys, "argv", ["gpu", "--device", "cpu", "--tiny", "--out", str(out)])
    gpu.main()
    parts = json.loads(out.read_text())
    assert [name for name, found in parts.items() if "error" in found or "skipped" in found] == []
    assert sum(max(found.get("pairs/s", 0), found.get("coefficients", 0)) > 0 for found in parts.values()) == 20
    shown = gpu_figure.numbers(parts)
    assert shown in capsys.readouterr().out
    assert shown.count("bulk 64 (6, None)") == 4
    assert "–" not in shown
    gpu_figure.draw(parts, tmp_path / "gpu.png")
    assert (tmp_path / "gpu.png").stat().st_size > 10_000


def test_the_page_has_the_numbers_of_the_results() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs/gpu.md").read_text()
    assert page == gpu_figure.page(page, json.loads((root / "results/gpu/h200.json").read_text()))


def test_a_case_without_pairs_is_left_out_of_the_tables() -> None:
    parts = json.loads((Path(__file__).parents[2] / "results/gpu/h200.json").read_text())
    parts["pairs: benzenes (6, None)"] = {"skipped": "1 s left, 2 s expected"}
    shown = gpu_figure.numbers(parts)
    assert "benzenes" not in shown
    assert "ellipsoids (9, 6)" in shown


def test_a_part_that_fails_loses_nothing(tmp_path: Path) -> None:
    report = Report(tmp_path / "report.json", seconds=10)
    report.part("good", lambda: 1)
    report.part("bad", lambda: 1 / 0)
    report.end = 0
    report.part("late", lambda: 1)
    parts = json.loads((tmp_path / "report.json").read_text())
    assert parts["good"] == 1
    assert "ZeroDivisionError" in parts["bad"]["error"]
    assert "skipped" in parts["late"]
