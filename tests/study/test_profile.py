"""Profiles: what they count, what they write, and what they say when a tool is missing."""

from __future__ import annotations

import gzip
import json
import os
import pstats
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.study import callgraph, profile, sampling, torch_trace
from anisoap_bench.study.functions import Profile, profile_call
from anisoap_bench.study.workload import read_load
from anisoap_opt import BACKENDS
from benchmarks import workloads
from benchmarks.environment import ROOT
from tests.study.runs import study

BENZENES = workloads.data_folder() / "benzenes.xyz"


@pytest.fixture(scope="module")
def reference() -> Profile:
    """`reference` on one frame of ellipsoids, at a small size of basis."""
    path = workloads.data_folder() / "ellipsoids.xyz"
    return profile_call(read_load(path, "reference", 2, '{"max_angular": 3, "max_radial": 2}'))


def test_einsum_is_called_once_for_every_pair_and_l(reference: Profile) -> None:
    calls, share = reference.einsum
    of_kernel = sum(
        callers[1]
        for (_, _, name), (*_, edges) in reference.stats.items()
        for (file, _, _), callers in edges.items()
        if name == "einsum" and file == "anisoap_opt/kernels/reference.py"
    )
    assert of_kernel == 4 * reference.pairs
    assert calls >= of_kernel
    assert 0 < share < 1


def test_the_report_counts_calls_of_einsum_and_ranks_by_own_time() -> None:
    loaded = read_load(BENZENES, "reference", 1)
    stats = {
        ("numpy/einsumfunc.py", 1, "einsum"): (700, 700, 1.0, 3.0, {}),
        ("~", 0, "<built-in method c_einsum>"): (700, 700, 2.0, 2.0, {}),
        ("anisoap_opt/moments.py", 5, "moments"): (1, 1, 1.0, 1.0, {}),
    }
    report = Profile(loaded, stats, 0.5, 0.25, 100).report()
    assert "np.einsum: 50.0% of the time; 700 calls of 2.86e+03 µs, 7 a pair" in report
    assert report.index("c_einsum") < report.index("moments.py:5")


def test_nothing_is_imported_in_the_profiled_call() -> None:
    found = profile_call(read_load(BENZENES, "numpy_only", 2))
    assert "anisoap_opt/kernels/numpy_only.py" in found.report()
    assert not any("_bootstrap_external" in file for file, _, _ in found.stats)


def test_paths_start_at_the_package(reference: Profile) -> None:
    files = {file for file, _, _ in reference.stats}
    assert "anisoap_opt/kernels/reference.py" in files
    assert any(file.startswith("numpy/") for file in files)
    callers = {file for numbers in reference.stats.values() for file, _, _ in numbers[4]}
    assert not [file for file in files | callers if os.path.isabs(file)]
    assert callgraph.relative_path(str(ROOT / "benchmarks" / "measure.py")) == "benchmarks/measure.py"
    assert callgraph.relative_path("/somewhere/else/module.py") == "module.py"
    assert callgraph.relative_path("~") == "~"


def test_nothing_is_lost_without_the_paths(reference: Profile, tmp_path: Path) -> None:
    path = tmp_path / "a.prof"
    callgraph.write_profile(path, reference.stats)
    read = pstats.Stats(str(path))
    assert read.total_tt == pytest.approx(reference.seconds)  # type: ignore[attr-defined]
    assert read.stats == reference.stats  # type: ignore[attr-defined]
    assert str(ROOT).encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("options", "suffix", "frames"),
    [
        ((), "", 200),
        (("--backend", "reference"), "_reference", 4),
        (("--backend", "reference", "--frames", "7"), "_reference", 7),
    ],
)
def test_names_say_the_frames_and_the_backend_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], suffix: str, frames: int
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(profile, "run_cprofile", lambda *words: asked.extend(words))
    assert study("profile", *options) == 0
    load, found, *_ = asked
    assert (found, len(load.frames)) == (suffix, frames)


@pytest.mark.slow
def test_cprofile_writes_profile_report_and_call_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = ["--logs", str(tmp_path / "logs"), "--figures", str(tmp_path / "figures")]
    assert study("profile", "--backend", "reference", "--frames", "1", *folders) == 0
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {
        "prof_benzenes_1_reference.prof", "prof_benzenes_1_reference.txt"
    }  # fmt: skip
    png = tmp_path / "figures" / "prof_benzenes_callgraph_reference.png"
    assert png.read_bytes().startswith(b"\x89PNG")
    assert 10_000 < png.stat().st_size < 1_000_000
    assert (tmp_path / "logs" / "prof_benzenes_1_reference.txt").read_text() in capsys.readouterr().out


def test_the_call_graph_needs_dot(reference: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.prof"
    callgraph.write_profile(path, reference.stats)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotMeasure, match="graphviz"):
        callgraph.draw(path, tmp_path / "a.png", "title")
    assert not (tmp_path / "a.png").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "darwin" and os.geteuid() != 0, reason="py-spy needs root on macOS")
def test_py_spy_draws_the_computation_only(tmp_path: Path) -> None:
    folder = ["--logs", str(tmp_path)]
    arguments = ["--tool", "py-spy", "--seconds", "1", "--backend", "numpy_only", "--frames", "20"]
    assert study("profile", *arguments, *folder) == 0
    text = (tmp_path / "bench_numpy_only.svg").read_text()
    ElementTree.fromstring(text)
    assert "benzenes.xyz, 20 frames, backend numpy_only" in text
    assert "anisoap_opt/kernels/numpy_only.py" in text
    assert "_bootstrap_external" not in text
    assert str(ROOT) not in text
    assert str(Path(sys.executable).parent) not in text


def test_py_spy_that_may_not_watch_is_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refusing = tmp_path / "py-spy"
    refusing.write_text(
        "#!/bin/sh\necho 'Permission Denied: try running again with elevated permissions' >&2\nexit 1\n"
    )
    refusing.chmod(0o755)
    monkeypatch.setattr(sampling.shutil, "which", lambda *_, **__: str(refusing))
    arguments = ["--tool", "py-spy", "--backend", "numpy_only", "--frames", "1", "--logs", str(tmp_path / "logs")]
    assert study("profile", *arguments) == 2
    assert "Permission Denied" in capsys.readouterr().err
    assert not (tmp_path / "logs").exists()
    monkeypatch.setattr(sampling.shutil, "which", lambda *_, **__: None)
    assert study("profile", *arguments) == 2
    assert "pip install" in capsys.readouterr().err


def test_the_title_replaces_the_command_line() -> None:
    drawn = f'<svg><text id="title" x="5">py-spy record {ROOT}/a</text><title>f ({ROOT}/b.py:1)</title></svg>'
    expected = '<svg><text id="title" x="5">a &lt; b</text><title>f (b.py:1)</title></svg>'
    assert sampling.titled(drawn, "a < b") == expected
    with pytest.raises(CannotMeasure, match="title"):
        sampling.titled("<svg/>", "a")


@pytest.mark.slow
@pytest.mark.skipif(not BACKENDS["torch_full"].installed, reason="torch is not installed")
@pytest.mark.parametrize("backend", ["torch_full", "torch_mixed"])
def test_torch_traces_operators(backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["profile", "--tool", "torch", "--backend", backend, "--frames", "1", "--logs", str(tmp_path)]
    assert study(*arguments) == 0
    written = tmp_path / f"torch_benzenes_{backend}.json"
    names = {event.get("name") for event in json.loads(written.read_text())["traceEvents"]}
    assert "aten::mm" in names
    assert written.stat().st_size <= torch_trace.LARGEST
    assert not [name for name in names if name and str(ROOT) in name]
    monkeypatch.setattr(torch_trace, "LARGEST", 100)
    assert study(*arguments) == 0
    assert json.loads(gzip.decompress((tmp_path / f"{written.name}.gz").read_bytes()))["traceEvents"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tool", "torch", "--backend", "numpy_only"], "torch_mixed or torch_full"),
        (["--files", "absent.xyz"], "no such file"),
    ],
)
def test_what_cannot_be_profiled(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--logs", str(tmp_path / "logs"), "--figures", str(tmp_path / "figures")]
    assert study("profile", *arguments, *folders) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
