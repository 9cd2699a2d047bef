"""Fixtures of the tests of folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.folder.commands import NUM
from tests.folder.inputs import some_frames, write_frames


@pytest.fixture
def frames_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``frames.xyz``, in the folder that the test works in."""
    monkeypatch.chdir(tmp_path)
    return write_frames(tmp_path / "frames.xyz", some_frames(NUM))
