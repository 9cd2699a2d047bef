"""Jobs of Slurm and HTCondor as workers of a Dask cluster."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs pip install 'anisoap_opt[cluster]'")
import dask.config

from anisoap_opt.folder.cluster import job_cluster, on_cluster
from tests.folder.small_run import contents, describe


@pytest.mark.parametrize("queue", ["slurm", "htcondor"])
def test_no_queue_here(queue: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(FileNotFoundError, match=r"there is no (sbatch|condor_submit) here"),
        on_cluster(queue, 1) as one,
    ):
        describe(tmp_path / "out", executor=one)


def test_nothing_is_started_where_nothing_is_left_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    describe(tmp_path / "out")
    monkeypatch.setenv("PATH", str(tmp_path))  # there is no sbatch
    with on_cluster("slurm", 1) as blocks:
        assert describe(tmp_path / "out", executor=blocks).before == 10


@pytest.mark.skipif(sys.platform != "linux", reason="the htcondor package is for Linux only")
def test_htcondor_jobs_by_its_own_parser() -> None:
    import htcondor2

    with (
        dask.config.set({"jobqueue.htcondor.job-extra-directives": {"+WantFlocking": "true"}}),
        job_cluster("htcondor") as jobs,
    ):
        description = htcondor2.Submit(jobs.job_script())
    arguments = description.expand("Arguments")
    assert f"{sys.executable} -m distributed.cli.dask_worker tcp://" in arguments
    assert "--nthreads 1 --memory-limit 1.86GiB --nanny" in arguments
    assert description["MY.DaskWorkerCores"] == "1"
    assert description["RequestCpus"] == "MY.DaskWorkerCores"
    assert description["MY.DaskWorkerMemory"] == str(2 * 10**9)
    assert description["MY.WantFlocking"] == "true"


def test_a_job_of_many_cores_has_as_many_workers() -> None:
    with dask.config.set({"jobqueue.slurm.cores": 4, "jobqueue.slurm.memory": "8GB"}), job_cluster("slurm") as jobs:
        script = jobs.job_script()
    assert "#SBATCH --cpus-per-task=4" in script
    assert "--nthreads 1 --memory-limit 1.86GiB --nworkers 4" in script


@pytest.mark.slow
@pytest.mark.usefixtures("slurm")
def test_jobs_of_slurm(tmp_path: Path, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where Slurm writes what the jobs say
    with on_cluster("slurm", 2) as blocks:
        describe(tmp_path / "out", executor=blocks, in_flight=blocks.in_flight)
    assert contents(tmp_path / "out") == undisturbed
    queue = subprocess.run(["squeue", "--noheader"], capture_output=True, text=True, check=True).stdout
    assert all(" CG " in line for line in queue.splitlines())  # none but those that are ending


@pytest.mark.slow
@pytest.mark.usefixtures("slurm")
def test_slurm_says_why_it_takes_no_job(tmp_path: Path) -> None:
    message = "slurm takes no job: sbatch: error: .*invalid partition specified: nonsense"
    with (
        dask.config.set({"jobqueue.slurm.queue": "nonsense"}),
        pytest.raises(OSError, match=message),
        on_cluster("slurm", 2) as blocks,
    ):
        describe(tmp_path / "out", executor=blocks)
