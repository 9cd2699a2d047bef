"""Measures: time, the memory of one call, pinned threads, and what machine this is."""

from __future__ import annotations

import ctypes
import gc
import os
import platform
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "TORCH_NUM_THREADS",
)


def pin_threads(count: int = 1) -> None:
    """Limit the thread pools of libraries already loaded and, by the environment, of those yet to come.

    Numba's variable is left alone, because it would cap the number for the whole life of the process. Where it is
    capped already, by that variable or by the cores that the process may use, Numba gets as many as there can be.
    """
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(count)))
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(count)
    if numba := sys.modules.get("numba"):
        numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))  # more would be an error
    with suppress(ImportError):
        from threadpoolctl import threadpool_limits

        threadpool_limits(count)


def seconds_of(call: Callable[[], Any]) -> float:
    """Wall time of one call in seconds."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def median_time(call: Callable[[], Any], *, min_repeats: int = 3, min_seconds: float = 0.5) -> float:
    """Median wall time of a call in seconds, after one call that is not counted."""
    call()
    times: list[float] = []
    while len(times) < min_repeats or sum(times) < min_seconds:
        times.append(seconds_of(call))
    return statistics.median(times)


def best_time(call: Callable[[], Any], repeats: int) -> float:
    """Shortest of several wall times of a call in seconds."""
    return min(seconds_of(call) for _ in range(repeats))


def in_turn(rounds: int, *measures: Callable[[], float]) -> Any:
    """Results of measures that take turns, as the machine's speed drifts: an array [measures, rounds]."""
    import numpy as np

    return np.array([[one() for one in measures] for _ in range(rounds)]).T


def peak_memory(call: Callable[[], Any], repeats: int = 1) -> int:
    """Bytes by which a call raises the memory of this process at its highest point, the smallest of several calls.

    On Linux the kernel's high-water mark of the resident set, reset before the call, after memory that earlier calls
    freed has been given back; elsewhere what tracemalloc sees, which is Python's and NumPy's allocations only.
    """
    return min(_peak_memory(call) for _ in range(repeats))


def _peak_memory(call: Callable[[], Any]) -> int:
    gc.collect()
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
    if not reset_peak():
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    before = of_status("VmRSS")
    result = call()
    peak = of_status("VmHWM") - before
    del result
    return max(peak, 0)


def reset_peak() -> bool:
    """Set the high-water mark of the resident set back to what is resident now; False where the system cannot."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def of_status(field: str) -> int:
    """Bytes that Linux tells of this process: VmRSS, what is resident, or VmHWM, the most that has been."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {field}")


def processor() -> str:
    """The processor's name, as the system tells it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def machine() -> str:
    """Processor, cores and operating system in a few words, without the host's name."""
    return f"{processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
