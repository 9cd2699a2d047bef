"""Profiles: what they count, what they write, and what they say when a tool is missing."""

from __future__ import annotations

import gzip
import json
import os
import pstats
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.study import profile
from anisoap_opt import BACKENDS
from benchmarks.environment import ROOT
from tests.study.runs import study


def test_calls_of_einsum_are_counted_by_the_pair() -> None:
    stats = {
        ("einsumfunc.py", 1, "einsum"): (700, 700, 1.0, 3.0, {}),
        ("~", 0, "<built-in method c_einsum>"): (700, 700, 2.0, 2.0, {}),
    }
    assert profile.einsum(stats, 4.0, 100) == "np.einsum: 50.0% of the time; 700 calls of 2.86e+03 µs, 7 a pair"
    assert profile.einsum({}, 4.0, 100) == "np.einsum: no call"


def test_profile_report_and_call_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("dot") is None:
        pytest.skip("the call graph needs graphviz")
    logs, figures = tmp_path / "logs", tmp_path / "figures"
    few = ["--files", "ellipsoids.xyz", "--frames", "2", "--hypers", '{"max_angular": 3, "max_radial": 2}']
    assert study("profile", "--backend", "reference", *few, "--logs", str(logs), "--figures", str(figures)) == 0
    assert {path.name for path in logs.iterdir()} == {
        "prof_ellipsoids_2_reference.prof", "prof_ellipsoids_2_reference.txt"
    }  # fmt: skip
    written = logs / "prof_ellipsoids_2_reference.prof"
    stats = pstats.Stats(str(written)).stats  # type: ignore[attr-defined]
    of_kernel = sum(
        callers[1]
        for (_, _, name), (*_, edges) in stats.items()
        for (file, _, _), callers in edges.items()
        if name == "einsum" and file == "reference.py"
    )
    report = written.with_suffix(".txt").read_text()
    pairs = int(re.search(r"^(\d+) pairs in", report, re.MULTILINE)[1])  # type: ignore[index]
    assert of_kernel == 4 * pairs  # one for each l
    assert report in capsys.readouterr().out
    files = {file for file, _, _ in stats} | {file for *_, edges in stats.values() for file, _, _ in edges}
    assert not [file for file in files if os.sep in file]
    assert not any(name == "_load_unlocked" for _, _, name in stats)  # nothing is imported in the profiled call
    assert (figures / "prof_ellipsoids_callgraph_reference.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "suffix", "frames"),
    [
        ((), "", 200),
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


def test_a_program_that_is_missing_or_fails_is_named() -> None:
    with pytest.raises(CannotMeasure, match="this needs graphviz$"):
        profile.output(["/nowhere/dot"], "graphviz")
    with pytest.raises(CannotMeasure, match="this needs root; it said: Permission Denied"):
        profile.output(["sh", "-c", "echo Permission Denied >&2; exit 1"], "root")


@pytest.mark.slow
@pytest.mark.skipif(not BACKENDS["torch_full"].installed, reason="torch is not installed")
def test_torch_traces_operators(tmp_path: Path) -> None:
    assert study("profile", "--tool", "torch", "--frames", "1", "--logs", str(tmp_path)) == 0
    written = gzip.decompress((tmp_path / "torch_benzenes_torch_full.json.gz").read_bytes())
    names = {event.get("name") for event in json.loads(written)["traceEvents"]}
    assert "aten::mm" in names
    assert not [name for name in names if name and str(ROOT) in name]


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
