"""Time that `torch_mixed` spends on turning arrays into tensors and back."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def timed_conversions() -> Iterator[dict[str, list[float]]]:
    """Times every ``torch.from_numpy`` ("in") and ``Tensor.numpy`` ("out") of this process from outside."""
    import torch

    seconds: dict[str, list[float]] = {"in": [], "out": []}

    def timed(function: Callable[..., Any], way: str) -> Callable[..., Any]:
        def call(*values: Any, **options: Any) -> Any:
            begin = time.perf_counter()
            converted = function(*values, **options)
            seconds[way].append(time.perf_counter() - begin)
            return converted

        return call

    with (
        patch.object(torch, "from_numpy", timed(torch.from_numpy, "in")),
        patch.object(torch.Tensor, "numpy", timed(torch.Tensor.numpy, "out")),
    ):
        yield seconds


def conversion_times(call: Callable[[], Any]) -> dict[str, Any]:
    """One more call with its conversions timed: seconds in and out, number of calls, and their share of the call.

    ``clock_seconds`` is about what reading the clock adds to the two sums.
    """
    with timed_conversions() as seconds:
        begin = time.perf_counter()
        call()
        wall = time.perf_counter() - begin
    calls = len(seconds["in"]) + len(seconds["out"])
    clock = statistics.median(-(time.perf_counter() - time.perf_counter()) for _ in range(1000))
    return {
        "seconds_in": sum(seconds["in"]),
        "seconds_out": sum(seconds["out"]),
        "calls": calls,
        "share": (sum(seconds["in"]) + sum(seconds["out"])) / wall,
        "clock_seconds": calls * clock,
    }
