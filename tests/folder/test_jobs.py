"""Jobs of a data set: HTCondor's by its own parser and as a pool would run them, Slurm's by a Slurm of one node."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anisoap_opt

ROOT = Path(__file__).resolve().parents[2]
JOBS = ROOT / "submit" / "dataset"
ELLIPSOIDS = ROOT / "data" / "ellipsoids.xyz"
PAGE = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")


@pytest.fixture
def described() -> Any:
    """The submit description as HTCondor reads it; there is none for macOS."""
    if sys.platform != "linux":
        pytest.skip("the htcondor package is for Linux only")
    import htcondor2

    return lambda edit=lambda text: text: htcondor2.Submit(edit((JOBS / "describe.sub").read_text()))


def expanded(description: Any, *names: str) -> list[list[str]]:
    """What some lines say in each job."""
    jobs = []
    for number, job in enumerate(description.itemdata() or range(int(description.expand("shards")))):
        description.update(job if isinstance(job, dict) else {"Process": str(number)})
        jobs.append([description.expand(name) for name in names])
    return jobs


def test_there_is_one_job_for_every_shard(described: Any) -> None:
    description = described(lambda text: text.replace("frames = frames.xyz", "frames = /home/me/water.xyz.gz"))
    assert description.getQArgs() == "$(shards)"
    jobs = expanded(description, "arguments", "transfer_output_files", "output", "error")
    assert [job[0] for job in jobs] == [
        f"{k} 16 water.xyz.gz --max-angular 6 --cutoff-radius 7.0 --radial-gaussian-width 1.5" for k in range(16)
    ]
    assert [job[1:] for job in jobs] == [[f"part-{k}", f"describe_{k}.out", f"describe_{k}.err"] for k in range(16)]
    wanted = {
        "executable": "describe.sh",
        "transfer_input_files": "/home/me/water.xyz.gz, environment.tar.gz",
        "should_transfer_files": "YES",
        "when_to_transfer_output": "ON_SUCCESS",
        "success_exit_code": "0",
        "retry_until": "2",
        "request_cpus": "1",
        "universe": "vanilla",
    }
    assert {key: description.expand(key) for key in wanted} == wanted


def test_some_of_the_jobs_again(described: Any) -> None:
    (line,) = re.findall(r"^# Some of them again: (queue .*)$", (JOBS / "describe.sub").read_text(), re.MULTILINE)
    assert f"`{line}`" in PAGE
    description = described(lambda text: text.replace("queue $(shards)", line))
    assert expanded(description, "shard", "transfer_output_files") == [["3", "part-3"], ["7", "part-7"]]
    assert description.expand("arguments").startswith("7 16 frames.xyz --max-angular")


def run_job(scratch: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A job in an empty folder, with what is transferred to it and next to nothing in its environment."""
    scratch.mkdir()
    for path in (JOBS / "describe.sh", ELLIPSOIDS):
        shutil.copy(path, scratch)
    program = "from anisoap_opt.cli import app; app()"
    sent = f"#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -c '{program}' \"$@\"\n".encode()
    with tarfile.open(scratch / "environment.tar.gz", "w:gz") as packed:
        entry = tarfile.TarInfo("bin/anisoap-opt")
        entry.size, entry.mode = len(sent), 0o755
        packed.addfile(entry, io.BytesIO(sent))
    clean = {"PATH": "/usr/bin:/bin", "_CONDOR_SCRATCH_DIR": str(scratch)}
    command = [str(scratch / "describe.sh"), *arguments]
    return subprocess.run(command, cwd=scratch, env=clean, capture_output=True, text=True)


@pytest.mark.slow
def test_the_folders_that_come_back_make_one(tmp_path: Path) -> None:
    parts = []
    for shard in ("0", "1"):
        scratch = tmp_path / f"scratch-{shard}"
        done = run_job(scratch, shard, "2", "ellipsoids.xyz", "--backend", "numpy_only", "--frames-per-block", "30")
        assert done.returncode == 0, done.stderr
        parts.append(shutil.move(scratch / f"part-{shard}", tmp_path))
        shutil.rmtree(scratch)
    merged = subprocess.run(
        [sys.executable, "-c", "from anisoap_opt.cli import app; app()", "merge", *parts, "--out", tmp_path / "all"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert merged.returncode == 0, merged.stderr
    assert "200 frames" in merged.stdout
    assert "in 7 blocks, complete" in merged.stdout


@pytest.mark.slow
def test_a_job_of_bad_input_has_an_exit_code_that_ends_its_tries(tmp_path: Path) -> None:
    done = run_job(tmp_path / "scratch", "0", "2", "ellipsoids.xyz", "--cutoff-radius", "-1")
    assert done.returncode == 2
    assert "cutoff_radius" in done.stderr


@pytest.mark.slow
def test_a_job_whose_transfer_was_cut_short_is_tried_again(tmp_path: Path) -> None:
    shell = (JOBS / "describe.sh").read_text()
    (tmp_path / "describe.sh").write_text(shell)
    (tmp_path / "environment.tar.gz").write_bytes(b"\x1f\x8b")
    done = subprocess.run(["bash", "describe.sh", "0", "2", "f.xyz"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode not in (0, 2)  # 2 would keep HTCondor from trying another machine


@pytest.mark.slow
@pytest.mark.usefixtures("slurm")
def test_the_array_job_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (commands,) = re.findall(r"^## Slurm\n.*?^```bash\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert "--array" in commands
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANISOAP_BACKEND", "numpy_only")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    shutil.copy(ELLIPSOIDS, "frames.xyz")
    shutil.copy(JOBS / "describe.slurm", tmp_path)
    frames = "frames.xyz --frames-per-block 30"
    subprocess.run(["bash", "-ec", commands.replace("frames.xyz", frames)], check=True)
    while subprocess.run(["squeue", "--noheader"], capture_output=True, text=True, check=True).stdout:
        time.sleep(0.5)
    said = {path.name: path.read_text() for path in tmp_path.glob("slurm-*.out")}
    assert len(said) == 5
    assert sum("in 2 blocks, shard" in text for text in said.values()) == 3  # and one of a single block
    assert any("200 frames" in text and "in 7 blocks, complete" in text for text in said.values())
    whole = anisoap_opt.EllipsoidalDensityProjection(6, "gto", 7.0, radial_gaussian_width=1.5, backend="numpy_only")
    np.testing.assert_array_equal(anisoap_opt.open("features"), whole.power_spectrum(anisoap_opt.read("frames.xyz")))
