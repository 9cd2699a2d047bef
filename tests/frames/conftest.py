"""Fixtures of tests that read files."""

from __future__ import annotations

import logging
from typing import Any

import pytest


@pytest.fixture
def by_ase(caplog: pytest.LogCaptureFixture) -> Any:
    """Whether a file was left to ASE."""
    caplog.set_level(logging.DEBUG, "anisoap_opt")
    return lambda: any("is left to ASE" in record.message for record in caplog.records)
