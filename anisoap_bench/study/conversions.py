"""Time that `torch_mixed` spends on turning arrays into tensors and back."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Conversions:
    """Sums over the conversions of one calculation: seconds from NumPy to Torch, seconds back, and calls."""

    seconds_in: float = 0.0
    seconds_out: float = 0.0
    calls: int = 0


@contextmanager
def timed_conversions() -> Iterator[Conversions]:
    """While active, every ``torch.from_numpy`` and ``Tensor.numpy`` of this process is timed from outside."""
    import torch

    total = Conversions()
    from_numpy, to_numpy = torch.from_numpy, torch.Tensor.numpy
    inherited = "numpy" not in vars(torch.Tensor)

    def timed_in(array: Any) -> Any:
        begin = time.perf_counter()
        tensor = from_numpy(array)
        total.seconds_in += time.perf_counter() - begin
        total.calls += 1
        return tensor

    def timed_out(tensor: Any, **options: Any) -> Any:
        begin = time.perf_counter()
        array = to_numpy(tensor, **options)
        total.seconds_out += time.perf_counter() - begin
        total.calls += 1
        return array

    setattr(torch, "from_numpy", timed_in)  # noqa: B010 - mypy knows both as functions that can't be assigned
    setattr(torch.Tensor, "numpy", timed_out)  # noqa: B010
    try:
        yield total
    finally:
        setattr(torch, "from_numpy", from_numpy)  # noqa: B010
        if inherited:
            delattr(torch.Tensor, "numpy")
        else:
            setattr(torch.Tensor, "numpy", to_numpy)  # noqa: B010


def conversion_times(call: Callable[[], Any]) -> dict[str, Any]:
    """One more call with its conversions timed: seconds in and out, number of calls, and their share of the call.

    ``clock_seconds`` is about what reading the clock adds to the two sums.
    """
    with timed_conversions() as total:
        begin = time.perf_counter()
        call()
        wall = time.perf_counter() - begin
    return {
        "seconds_in": total.seconds_in,
        "seconds_out": total.seconds_out,
        "calls": total.calls,
        "share": (total.seconds_in + total.seconds_out) / wall,
        "clock_seconds": total.calls * _clock_seconds(),
    }


def _clock_seconds() -> float:
    """Median of what two readings of the clock are apart."""
    return statistics.median(-(time.perf_counter() - time.perf_counter()) for _ in range(1000))
