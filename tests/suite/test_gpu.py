"""The measurements for a GPU run to their end on a CPU, at sizes for a test, with every part measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import gpu, gpu_figure, gpu_tuning
from benchmarks.gpu_report import Report

pytest.importorskip("warp")
pytest.importorskip("numba")


def read_by_figure(parts: dict[str, Any], tmp_path: Path) -> None:
    """Every number of a run is found again by the script that shows them."""
    page = gpu_figure.page(f"{gpu_figure.BEGIN}{gpu_figure.END}", parts)
    assert page.count("bulk 64 (6, None)") == 4
    assert "–" not in page
    gpu_figure.draw(parts, tmp_path / "gpu.png")
    assert (tmp_path / "gpu.png").stat().st_size > 10_000


@pytest.mark.parametrize(("module", "rates"), [(gpu, 20), (gpu_tuning, 7)], ids=["gpu", "gpu_tuning"])
def test_every_part_is_measured(
    module: Any, rates: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "gpu.json"
    monkeypatch.setattr(sys, "argv", ["gpu", "--device", "cpu", "--tiny", "--out", str(out)])
    module.main()
    parts = json.loads(out.read_text())
    parts = {name: found for name, found in parts.items() if isinstance(found, dict)}  # a trace is a list
    assert [name for name, found in parts.items() if "error" in found or "skipped" in found] == []
    assert sum(max(found.get("pairs/s", 0), found.get("coefficients", 0)) > 0 for found in parts.values()) == rates
    assert "bulk 64 (6, None)" in capsys.readouterr().out
    if module is gpu:
        read_by_figure(json.loads(out.read_text()), tmp_path)


def test_the_page_has_the_numbers_of_the_results() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs/gpu.md").read_text()
    assert page == gpu_figure.page(page, json.loads((root / "results/gpu/h200.json").read_text()))


def test_a_part_that_fails_loses_nothing(tmp_path: Path) -> None:
    report = Report(tmp_path / "report.json", seconds=10)
    report.part("good", lambda: 1)
    report.part("bad", lambda: 1 / 0)
    report.part("long", lambda: 1, expected=20)
    parts = json.loads((tmp_path / "report.json").read_text())
    assert parts["good"] == 1
    assert "ZeroDivisionError" in parts["bad"]["error"]
    assert "skipped" in parts["long"]
