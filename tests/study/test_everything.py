"""``study all``: the order of its steps, what a failure leaves, and the whole of it on two frames."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from anisoap_bench.study import everything
from anisoap_bench.study.everything import Step, all_steps
from anisoap_bench.study.summary import results_readme
from tests.study.runs import study


def test_backends_take_turns_and_reference_takes_fewer_frames() -> None:
    steps = all_steps(["reference", "numpy_only", "numba"], Path("results"), 2, quick=False)
    runs = [step for step in steps if step.arguments[0] == "run"]
    order = [step.arguments[2] for step in runs if "one_species.xyz" in step.arguments]
    assert order == ["reference", "numpy_only", "numba", "numba", "numpy_only"]
    assert [step.title for step in runs][:3] == [
        "run reference, species, 4 frames",
        "run reference, ellipsoids, 40 frames",
        "run numpy_only, species",
    ]
    outputs = [step.arguments[-1] for step in runs]
    assert len(set(outputs)) == len(outputs)
    aggregate = next(step for step in steps if step.arguments[0] == "aggregate")
    assert set(outputs) < set(aggregate.arguments)


def test_failure_of_one_step_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = Step("bad run", ("run", "--files", "nothing.xyz", "--out", str(tmp_path / "bad.json")))
    good = Step(
        "good run",
        ("run", "--files", "ellipsoids.xyz", "--frames", "1", "--repeats", "1", "--backend", "numpy_only", "--out")
        + (str(tmp_path / "good.json"),),
    )
    monkeypatch.setattr(everything, "all_steps", lambda *arguments: [bad, good])
    assert study("all", "--out", str(tmp_path)) == 2
    assert (tmp_path / "good.json").is_file()
    assert not (tmp_path / "bad.json").exists()
    assert "failed: bad run" in capsys.readouterr().err


def test_interrupt_keeps_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(step: Step, out: Path) -> tuple[int, float]:
        if step.title == "second":
            raise KeyboardInterrupt
        return 0, 1.0

    monkeypatch.setattr(everything, "all_steps", lambda *arguments: [Step("first", ()), Step("second", ())])
    monkeypatch.setattr(everything, "run_step", interrupted)
    assert study("all", "--out", str(tmp_path)) == 2
    assert "1 finished steps" in capsys.readouterr().err


@pytest.mark.parametrize(("code", "kept"), [(0, "now"), (1, "now"), (2, "before")])
def test_a_report_of_failed_checks_replaces_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, kept: str
) -> None:
    (tmp_path / "logs").mkdir()
    report = tmp_path / "logs" / "validation.txt"
    report.write_text("before")
    done = subprocess.CompletedProcess([], code, "now")
    monkeypatch.setattr(everything.subprocess, "run", lambda *_, **__: done)
    assert everything.run_step(Step("validate", ("validate",), "validation.txt"), tmp_path)[0] == code
    assert report.read_text() == kept


def test_readme_names_failed_steps_and_counts_frames(tmp_path: Path) -> None:
    assert "missing or older: scaling" in results_readme(tmp_path, False, ["scaling"])
    assert "Failed" not in results_readme(tmp_path, False)
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "combined_from_metrics.csv").write_text("backend,frames\nnumba,200\nnumba,40\n")
    assert "- Frames, numba: 40, 200" in results_readme(tmp_path, False)


def test_unknown_backend_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert study("all", "--backends", "fortran") == 2
    assert "not installed: fortran" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("dot") is None, reason="the call graphs need graphviz")
def test_whole_study_on_two_frames(tmp_path: Path) -> None:
    out = tmp_path / "results"
    assert study("all", "--quick", "--backends", "reference", "numpy_only", "numba", "--out", str(out)) == 0
    combined = pd.read_csv(out / "tables" / "combined_from_metrics.csv")
    assert len(combined) == 15
    assert combined["speedup_reference"].notna().all()
    for name in ("wall_time_by_system", "wall_time_vs_species", "scaling_vs_n", "peak_memory", "stage_breakdown"):
        assert (out / "figures" / f"{name}.png").stat().st_size > 10_000
    assert (out / "figures" / "prof_benzenes_callgraph.png").is_file()
    assert (out / "logs" / "bench.svg").is_file()
    readme = (out / "README.md").read_text()
    assert "Quick run" in readme
    assert "worse than quadratic" in readme
    assert str(tmp_path) not in readme
