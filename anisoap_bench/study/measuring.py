"""The measurement behind ``study run``: one record a file."""

from __future__ import annotations

import gc
import hashlib
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from tqdm import tqdm

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.study.conversions import conversion_times
from anisoap_bench.study.schema import VERSION
from anisoap_bench.study.workload import Load, counts
from benchmarks import measure
from benchmarks.environment import disagreements, environment, thread_pools


def measure_loads(loads: list[Load], *, threads: int, repeats: int) -> dict[str, Any]:
    """Time `power_spectrum` of each file in turn; the document that ``schema.json`` describes."""
    records = []
    with tqdm(total=len(loads) * (repeats + 1), unit="call", disable=None) as bar:
        for load in loads:
            bar.set_description(f"{load.backend} {load.system}")
            try:
                record = measure_load(load, repeats, threads, bar.update)
            except (TypeError, ValueError) as error:  # such as types that are not in `types`
                raise CannotMeasure(f"{load.path.name}: {error}") from error
            records.append({"file": load.path.name, "system": load.system, "hypers": load.hypers, **record})
    return {
        "schema_version": VERSION,
        "origin": "local",
        "job": None,
        "backend": loads[0].backend,
        "repeats": repeats,
        "threads": {"asked": threads, "pools": thread_pools(), "disagreements": disagreements(threads)},
        "environment": environment(),
        "files": records,
    }


def measure_load(load: Load, repeats: int, threads: int, tick: Callable[[], Any]) -> dict[str, Any]:
    """Counts, samples, memory, conversions and checksum of one calculation."""

    def call() -> Any:
        return load.calculator.power_spectrum(load.frames)

    warm_up, _, descriptor = timed(call)
    measure.pin_threads(threads)  # once more: the warm-up may have loaded further libraries
    tick()
    gc.collect()  # so that no sample pays for what came before
    wall, cpu = [], []
    for _ in range(repeats):
        seconds, processor_seconds, descriptor = timed(call)
        wall.append(seconds)
        cpu.append(processor_seconds)
        tick()
    sizes = counts(load.frames, load.calculator)
    median = statistics.median(wall)
    units = {"frame": "frames", "particle": "particles", "pair": "pairs", "n_squared": "n_squared"}
    return {
        **sizes,
        "warm_up_seconds": warm_up,
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "seconds_per": {unit: median / sizes[total] if sizes[total] else None for unit, total in units.items()},
        "peak_memory": {"bytes": measure.peak_memory(call), "method": memory_method()},
        "conversion": conversion_times(call) if load.backend == "torch_mixed" else None,
        "output": fingerprint(descriptor),
    }


def timed(call: Callable[[], Any]) -> tuple[float, float, Any]:
    """Wall and processor seconds of a call, and its result."""
    begin, begin_cpu = time.perf_counter(), time.process_time()
    result = call()
    return time.perf_counter() - begin, time.process_time() - begin_cpu, result


def memory_method() -> str:
    """How `measure.peak_memory` measures here."""
    if measure.reset_peak():
        return "resident set: high-water mark, reset before one more call, less what was resident before it"
    return "tracemalloc: allocations of Python and NumPy during one more call"


def fingerprint(descriptor: Any) -> dict[str, Any]:
    """Shape, dtype and checksums of a descriptor.

    ``sha256`` is of its values as little-endian float64, row after row: equal for the same machine and versions. Other
    machines add up in another order; ``sum``, ``norm`` and ``largest`` are compared with a tolerance.
    """
    values = np.ascontiguousarray(descriptor, dtype="<f8")
    return {
        "shape": list(values.shape),
        "dtype": str(np.asarray(descriptor).dtype),
        "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
        "sum": float(values.sum()),
        "norm": float(np.linalg.norm(values)),
        "largest": float(np.abs(values).max()),
    }
