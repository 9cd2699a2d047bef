"""Fixtures of the tests of folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.folder.commands import NUM
from tests.folder.inputs import some_frames, write_frames
from tests.folder.one_node_slurm import CannotStart, one_node_slurm
from tests.folder.small_run import contents, describe


@pytest.fixture
def frames_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``frames.xyz``, in the folder that the test works in."""
    monkeypatch.chdir(tmp_path)
    return write_frames(tmp_path / "frames.xyz", some_frames(NUM))


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The folder that one process makes of the small run."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    describe(out)
    return contents(out)


@pytest.fixture(scope="session")
def _slurm_configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with ExitStack() as running:
        try:
            configuration = running.enter_context(one_node_slurm(tmp_path_factory.mktemp("slurm")))
        except CannotStart as error:
            pytest.skip(str(error))
        yield configuration


@pytest.fixture
def slurm(_slurm_configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Slurm of one node with two processors; sbatch and its kind talk to this one, and to no other."""
    for name in [name for name in os.environ if name.startswith(("SLURM_", "SBATCH_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SLURM_CONF", str(_slurm_configuration))
