"""The Slurm that the tests start: it runs jobs, and nothing of it is left behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.folder import one_node_slurm
from tests.folder.one_node_slurm import CannotStart


def running(mark: str) -> list[str]:
    """Command lines that contain a text; a process that has ended has none."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it ended meanwhile
    return [line for line in lines if mark in line]


@pytest.mark.slow
def test_nothing_is_left_even_of_a_job_that_hangs_in_a_test_that_fails(tmp_path: Path) -> None:
    mark = f"sleep 1{os.getpid()}"
    with pytest.raises(ZeroDivisionError), one_node_slurm.one_node_slurm(tmp_path) as configuration:  # noqa: PT012
        environment = {**os.environ, "SLURM_CONF": str(configuration)}
        out = tmp_path / "job.out"
        wrapped = f"echo started > {tmp_path}/started; {mark}"
        subprocess.run(["sbatch", "--quiet", f"--output={out}", f"--wrap={wrapped}"], env=environment, check=True)
        one_node_slurm.wait((tmp_path / "started").exists, tmp_path)
        assert running(mark)
        assert running(str(tmp_path))
        raise ZeroDivisionError
    assert not running(mark)
    assert not running(str(tmp_path))


def test_a_missing_program_is_a_reason_to_skip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_node_slurm, "PROGRAMS", ("slurmctld-of-nobody",))
    with (
        pytest.raises(CannotStart, match="no slurmctld-of-nobody here.*slurm-wlm"),
        one_node_slurm.one_node_slurm(tmp_path),
    ):
        pass
