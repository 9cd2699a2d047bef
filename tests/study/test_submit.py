"""What goes to an HTCondor pool: parsed by HTCondor's own parser, and one job run as the pool would run it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.study import submit
from benchmarks import workloads
from benchmarks.backends import BACKENDS
from benchmarks.environment import environment
from tests.study.runs import study

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command writes, with two jobs of each system and backend."""
    folder = tmp_path_factory.mktemp("submit")
    assert study("submit", "--repeats", "2", "--out", str(folder)) == 0
    return folder


@pytest.fixture
def description(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The submit description, as HTCondor reads it; there is none for macOS."""
    if sys.platform != "linux":
        pytest.skip("the htcondor package is for Linux only")
    import htcondor2

    monkeypatch.chdir(folder)  # a submit description's paths start where it is submitted
    return htcondor2.Submit((folder / "anisoap.sub").read_text())


@pytest.fixture
def archive(folder: Path) -> bytes:
    return (folder / "project.tar.gz").read_bytes()


def test_the_tracked_files_are_copied_into_another_folder(folder: Path) -> None:
    for name in ("anisoap.sub", "run_job.sh", "README.md"):
        assert (ROOT / "submit" / name).read_text() == (folder / name).read_text()
    assert os.access(folder / "run_job.sh", os.X_OK)


def test_there_is_one_job_for_every_system_backend_and_repeat(description: Any) -> None:
    expected = [(s, b, str(r)) for s in workloads.SYSTEMS for b in BACKENDS for r in range(2)]
    assert [(job["system"], job["backend"], job["repeat"]) for job in description.itemdata()] == expected
    tracked = (ROOT / "submit" / "jobs.txt").read_text().split()
    assert tracked == [word for s in workloads.SYSTEMS for b in BACKENDS for r in range(3) for word in (s, b, str(r))]


def test_every_job_asks_for_one_processor_and_names_its_own_files(description: Any) -> None:
    own: dict[str, set[str]] = {"transfer_output_files": set(), "output": set(), "error": set(), "arguments": set()}
    jobs = list(description.itemdata())
    for job in jobs:
        description.update(job)
        stem = "_".join(job.values())
        assert description.expand("arguments").split()[:3] == list(job.values())
        assert description.expand("transfer_output_files") == f"metrics_{stem}.json"
        assert description.expand("request_cpus") == "1"
        for key, values in own.items():
            values.add(description.expand(key))
    assert {key: len(values) for key, values in own.items()} == dict.fromkeys(own, len(jobs))


def test_inputs_requirements_and_retries(description: Any) -> None:
    wanted = {
        "executable": "run_job.sh",
        "transfer_input_files": "project.tar.gz, environment.tar.gz",
        "should_transfer_files": "YES",
        "when_to_transfer_output": "ON_SUCCESS",
        "success_exit_code": "0",
        "max_retries": "3",
        "retry_until": "2",
        "universe": "vanilla",
    }
    assert {key: description.expand(key) for key in wanted} == wanted
    for key in ("request_memory", "request_disk", "log"):
        assert description.expand(key), key


def test_policies_are_expressions_that_do_what_they_say(description: Any) -> None:
    import classad2

    def value(key: str, **attributes: Any) -> Any:
        return classad2.ClassAd({**attributes, "it": classad2.ExprTree(description.expand(key))}).eval("it")

    assert value("requirements", OpSys="LINUX", Arch="X86_64") is True
    assert value("requirements", OpSys="macOS", Arch="X86_64") is False
    assert value("requirements", OpSys="LINUX", Arch="aarch64") is False
    assert value("periodic_hold", JobStatus=2, JobCurrentStartDate=0) is True
    assert value("periodic_hold", JobStatus=2, JobCurrentStartDate=2**31 + 2**30) is False
    assert value("periodic_hold", JobStatus=1) is False  # idle, not started yet
    assert value("periodic_release", NumJobStarts=1, HoldReasonCode=13) is True
    assert value("periodic_release", NumJobStarts=4, HoldReasonCode=13) is False
    assert value("periodic_release", NumJobStarts=1, HoldReasonCode=1) is False  # held by its owner


def test_the_archive_holds_what_a_job_runs(archive: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        names = set(packed.getnames())
        commit = json.load(packed.extractfile("commit.json"))  # type: ignore[arg-type]
    assert {"scripts/run_benchmarks.py", "benchmarks/workloads.py", "anisoap_opt/kernels/numba/kernel.py"} <= names
    assert {name for name in names if name.startswith("data/")} == {f"data/{one}.xyz" for one in workloads.SYSTEMS}
    assert not [name for name in names if "__pycache__" in name or name.startswith(("/", ".."))]
    assert set(commit) == {"commit", "dirty"}


def test_missing_data_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_ROOT", str(tmp_path))
    with pytest.raises(CannotMeasure, match=r"no such file.*benzenes\.xyz"):
        submit.pack(tmp_path / "project.tar.gz")


def run_job(scratch: Path, archive: bytes, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A job in an empty folder, with what is transferred to it and next to nothing in its environment."""
    scratch.mkdir(exist_ok=True)
    (scratch / "project.tar.gz").write_bytes(archive)
    shutil.copy(ROOT / "submit" / "run_job.sh", scratch)
    few = {"ANISOAP_FRAMES": "1", "ANISOAP_REPEATS": "2", "ANISOAP_PYTHON": sys.executable}
    clean = {"PATH": "/usr/bin:/bin", "_CONDOR_SCRATCH_DIR": str(scratch), **few, **variables}
    command = [str(scratch / "run_job.sh"), *arguments]
    return subprocess.run(command, cwd=scratch, env=clean, capture_output=True, text=True)


@pytest.mark.slow
def test_a_job_measures_with_the_python_that_is_sent_along_and_is_aggregated(archive: bytes, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    python = f'#!/bin/sh\necho "the one sent along"\nexec {sys.executable} "$@"\n'.encode()
    with tarfile.open(scratch / "environment.tar.gz", "w:gz") as packed:
        entry = tarfile.TarInfo("bin/python")
        entry.size, entry.mode = len(python), 0o755
        packed.addfile(entry, io.BytesIO(python))
    done = run_job(scratch, archive, "benzenes", "numpy_only", "2", "17.4", ANISOAP_PYTHON="/nowhere/python")
    assert done.returncode == 0, done.stderr
    assert "the one sent along" in done.stdout
    assert f"{scratch}/project/anisoap_opt/__init__.py" in done.stdout  # not what is installed where the test runs
    metrics = scratch / "metrics_benzenes_numpy_only_2.json"
    document = json.loads(metrics.read_text())
    assert document["origin"] == "chtc"
    assert document["job"] == {"id": "17.4", "repeat": 2}
    assert document["environment"]["git"] == environment()["git"]
    assert document["threads"]["disagreements"] == []
    assert document["files"][0]["system"] == "benzenes"
    assert len(document["files"][0]["wall_seconds"]) == 2

    tables = tmp_path / "tables"
    combined = tables / "combined_from_metrics.csv"
    assert study("aggregate", "--inputs", str(metrics), "--out", str(combined)) == 0
    rows = (tables / "timings_chtc.csv").read_text().splitlines()
    assert len(rows) == 3  # a header and two repeats
    assert all("benzenes" in row and "numpy_only" in row and "17.4" in row for row in rows[1:])


def test_a_job_that_cannot_measure_keeps_its_exit_code(archive: bytes, tmp_path: Path) -> None:
    done = run_job(tmp_path / "scratch", archive, "five_species", "numpy_only", "0")
    assert done.returncode == 2
    assert "five_species.xyz" in done.stderr
    assert not list((tmp_path / "scratch").glob("metrics_*"))


def test_a_job_whose_transfer_was_cut_short_is_tried_again(archive: bytes, tmp_path: Path) -> None:
    done = run_job(tmp_path / "scratch", archive[:1000], "benzenes", "numpy_only", "0")
    assert done.returncode not in (0, 2)  # 2 would keep HTCondor from trying another machine


def test_a_job_without_a_python_fails(archive: bytes, tmp_path: Path) -> None:
    done = run_job(tmp_path / "scratch", archive, "benzenes", "numpy_only", "0", ANISOAP_PYTHON="/nowhere/python")
    assert done.returncode not in (0, 2)  # 2 would keep HTCondor from trying another machine
