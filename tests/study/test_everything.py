"""``study all``: the order of its steps, what a failure leaves, and the whole of it on two frames."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from anisoap_bench.study import everything
from tests.study.runs import study


def test_backends_take_turns_and_reference_takes_fewer_frames() -> None:
    steps = everything.all_steps(["reference", "numpy_only", "numba"], Path("results"), quick=False)
    runs = [step for step in steps if step[0] == "run"]
    assert [step[2] for step in runs if "one_species.xyz" in step] == [
        "reference", "numpy_only", "numba", "numba", "numpy_only"
    ]  # fmt: skip
    assert [step[step.index("--frames") + 1] for step in runs if "--frames" in step] == ["4", "40"]
    outputs = [step[-1] for step in runs]
    assert len(set(outputs)) == len(outputs)
    assert set(outputs) < set(next(step for step in steps if step[0] == "aggregate"))


def test_failure_of_one_step_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = ("run", "--files", "nothing.xyz", "--out", str(tmp_path / "bad.json"))
    few = ("--frames", "1", "--repeats", "1", "--backend", "numpy_only")
    good = ("run", "--files", "ellipsoids.xyz", *few, "--out", str(tmp_path / "good.json"))
    monkeypatch.setattr(everything, "all_steps", lambda *arguments: [bad, good])
    assert study("all", "--out", str(tmp_path)) == 2
    assert (tmp_path / "good.json").is_file()
    assert not (tmp_path / "bad.json").exists()
    assert "failed: run --files nothing.xyz" in capsys.readouterr().err


@pytest.mark.parametrize(("code", "kept"), [(0, "now"), (1, "now"), (2, "before")])
def test_a_report_of_failed_checks_replaces_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, kept: str
) -> None:
    (tmp_path / "logs").mkdir()
    report = tmp_path / "logs" / "validation.txt"
    report.write_text("before")
    done = subprocess.CompletedProcess([], code, "now")
    monkeypatch.setattr(everything.subprocess, "run", lambda *_, **__: done)
    assert everything.run_step(("validate",), tmp_path) == code
    assert report.read_text() == kept


def test_readme_names_failed_steps_and_counts_frames(tmp_path: Path) -> None:
    assert "missing or older: scaling" in everything.readme(tmp_path, False, ["scaling"])
    assert "Failed" not in everything.readme(tmp_path, False, [])
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "combined_from_metrics.csv").write_text("backend,frames\nnumba,200\nnumba,40\n")
    assert "- Frames, numba: 40, 200" in everything.readme(tmp_path, False, [])


def test_unknown_backend_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert study("all", "--backends", "fortran") == 2
    assert "not installed: fortran" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("dot") is None, reason="the call graphs need graphviz")
@pytest.mark.skipif(sys.platform == "darwin", reason="py-spy needs root on macOS")
def test_whole_study_on_two_frames(tmp_path: Path) -> None:
    out = tmp_path / "results"
    assert study("all", "--quick", "--backends", "reference", "numpy_only", "numba", "--out", str(out)) == 0
    combined = pd.read_csv(out / "tables" / "combined_from_metrics.csv")
    assert len(combined) == 15
    assert combined["speedup_reference"].notna().all()
    for name in ("wall_time_by_system", "wall_time_vs_species", "scaling_vs_n", "peak_memory"):
        assert (out / "figures" / f"{name}.png").stat().st_size > 10_000
    assert (out / "figures" / "prof_benzenes_callgraph.png").is_file()
    flames = (out / "logs" / "bench.svg").read_text()
    ElementTree.fromstring(flames)
    assert "benzenes.xyz, 2 frames, backend numba" in flames
    assert "anisoap_opt/projection.py" in flames
    assert not [word for word in (str(everything.ROOT), str(Path(sys.executable).parent)) if word in flames]
    readme = (out / "README.md").read_text()
    assert "Quick run" in readme
    assert "worse than quadratic" in readme
    assert str(tmp_path) not in readme
