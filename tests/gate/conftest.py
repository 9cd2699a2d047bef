"""What tests of measured processes share."""

from __future__ import annotations

from pathlib import Path

import pytest

from anisoap_bench.gate.suite import prepare_suite
from tests.gate.small_repository import repository, sources


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Small benchmarks, of `anisoap_opt.work` and others."""
    return prepare_suite(sources(tmp_path / "files"), tmp_path / "suite")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A small repository, whose gate takes seconds."""
    return repository(tmp_path / "repository")
