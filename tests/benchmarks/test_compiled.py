"""Benchmarks of the compiled and the NumPy backend; in the gate, torch must not be loaded by any of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks import cases


@pytest.mark.parametrize("name", cases.COMPILED)
def test_descriptor(name: str, run_case: Callable[[str], None]) -> None:
    run_case(name)


@pytest.mark.parametrize("name", ["import"])
def test_import(name: str, benchmark: Any, timed: Callable[..., Any]) -> None:
    benchmark.group = name
    command = [sys.executable, "-c", "import anisoap_opt"]
    timed(lambda: subprocess.run(command, check=True), calls=1)
