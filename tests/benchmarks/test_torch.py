"""Benchmarks that load torch: its backend, and the expansion, which metatensor holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks import cases


@pytest.mark.parametrize("name", cases.WITH_TORCH)
def test_descriptor(name: str, run_case: Callable[[str], None]) -> None:
    run_case(name)
