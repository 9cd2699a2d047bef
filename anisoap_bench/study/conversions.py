"""Time that `torch_mixed` spends on turning arrays into tensors and back."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from benchmarks.measure import seconds_of


def conversion_times(call: Callable[[], Any]) -> dict[str, Any]:
    """One more call, with every ``torch.from_numpy`` ("in") and ``Tensor.numpy`` ("out") timed from outside.

    Seconds in and out, number of calls, and their share of the call. ``clock_seconds`` is about what reading the clock
    adds to the two sums.
    """
    import torch

    seconds: dict[str, list[float]] = {"in": [], "out": []}

    def timed(function: Callable[..., Any], way: str) -> Callable[..., Any]:
        def convert(*values: Any, **options: Any) -> Any:
            begin = time.perf_counter()
            converted = function(*values, **options)
            seconds[way].append(time.perf_counter() - begin)
            return converted

        return convert

    with (
        patch.object(torch, "from_numpy", timed(torch.from_numpy, "in")),
        patch.object(torch.Tensor, "numpy", timed(torch.Tensor.numpy, "out")),
    ):
        wall = seconds_of(call)
    into, out = sum(seconds["in"]), sum(seconds["out"])
    calls = len(seconds["in"]) + len(seconds["out"])
    clock = statistics.median(-(time.perf_counter() - time.perf_counter()) for _ in range(1000))
    return {
        "seconds_in": into,
        "seconds_out": out,
        "calls": calls,
        "share": (into + out) / wall,
        "clock_seconds": calls * clock,
    }
