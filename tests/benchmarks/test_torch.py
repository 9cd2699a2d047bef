"""Benchmarks that load torch: its backend, and the expansion, which metatensor holds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.benchmarks import cases


@pytest.mark.parametrize("name", cases.WITH_TORCH)
def test_descriptor(name: str, run_case: Callable[..., None]) -> None:
    with suppress(ImportError):
        import torch

        torch.set_num_threads(1)
    run_case(cases.WITH_TORCH[name])
