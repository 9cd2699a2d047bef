"""The measurement behind ``study run``: one record a file."""

from __future__ import annotations

import gc
import hashlib
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.study import workload
from anisoap_bench.study.conversions import conversion_times
from anisoap_opt import EllipsoidalDensityProjection
from benchmarks import measure, workloads
from benchmarks.environment import disagreements, environment, thread_pools

SCHEMA_VERSION = 1


def measure_files(
    files: list[str],
    *,
    folder: str = "",
    backend: str | None = None,
    threads: int = 1,
    repeats: int = 7,
    frames: int | None = None,
    hypers: str | None = None,
) -> dict[str, Any]:
    """Time `power_spectrum` of each file in turn; the document that ``schema.json`` describes.

    Parameters
    ----------
    files : list of str
        Names within `folder`; "" is ``$DATA_ROOT``, else ``data``.
    backend, hypers : str, optional
        As the options of the command.
    threads, repeats : int
    frames : int, optional
        How many of each file, from its beginning.

    Raises
    ------
    CannotMeasure
        If a file, a frame, the backend or the hyperparameters cannot be used; all are looked at before any is timed.
    """
    place = Path(folder) if folder else workloads.data_folder()
    loaded = [(Path(name), workload.read_frames(place / name, frames)) for name in files]
    chosen = [workload.hypers_for(path.stem, hypers) for path, _ in loaded]
    calculators = [make_calculator(backend, one) for one in chosen]
    for (path, read), calculator in zip(loaded, calculators, strict=True):
        workload.check_frames(path, read, calculator)
    records = []
    with tqdm(total=len(files) * (repeats + 1), unit="call", disable=None) as bar:
        for (path, read), used, calculator in zip(loaded, chosen, calculators, strict=True):
            bar.set_description(f"{calculator.backend} {path.stem}")
            try:
                record = measure_one(calculator, read, repeats, threads, lambda: bar.update(1))
            except (TypeError, ValueError) as error:  # such as types that are not in `types`
                raise CannotMeasure(f"{path.name}: {error}") from error
            records.append({"file": path.name, "system": path.stem, "hypers": used, **record})
    return {
        "schema_version": SCHEMA_VERSION,
        "origin": "local",
        "job": None,
        "backend": calculators[0].backend,
        "repeats": repeats,
        "threads": {"asked": threads, "pools": thread_pools(), "disagreements": disagreements(threads)},
        "environment": environment(),
        "files": records,
    }


def make_calculator(backend: str | None, hypers: dict[str, Any]) -> Any:
    """The calculator, or CannotMeasure in its own words."""
    try:
        return EllipsoidalDensityProjection(**hypers, backend=backend)
    except (TypeError, ValueError, NotImplementedError, ModuleNotFoundError) as error:
        raise CannotMeasure(str(error)) from error


def measure_one(
    calculator: Any, frames: list[Any], repeats: int, threads: int, tick: Callable[[], Any] = lambda: None
) -> dict[str, Any]:
    """Counts, samples, memory, conversions and checksum of one calculation."""

    def call() -> Any:
        return calculator.power_spectrum(frames)

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
    sizes = workload.counts(frames, calculator)
    median = statistics.median(wall)
    return {
        **sizes,
        "warm_up_seconds": warm_up,
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "seconds_per": {
            "frame": median / sizes["frames"],
            "particle": median / sizes["particles"],
            "pair": median / sizes["pairs"] if sizes["pairs"] else None,
            "n_squared": median / sizes["n_squared"],
        },
        "peak_memory": {"bytes": measure.peak_memory(call), "method": memory_method()},
        "conversion": conversion_times(call) if calculator.backend == "torch_mixed" else None,
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
