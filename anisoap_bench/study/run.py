"""Time files with one backend: every sample, counts, memory and environment as one JSON document.

Without --out it is printed. Progress and warnings go to the standard error stream.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from tqdm import tqdm

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import check_writable, write_whole
from anisoap_bench.study.schema import VERSION
from anisoap_bench.study.workload import Load, add_data, add_hypers, counts, data_folder, read_load
from anisoap_bench.terminal import positive
from benchmarks import measure
from benchmarks.environment import disagreements, environment, thread_pools

UNITS = {"frame": "frames", "particle": "particles", "pair": "pairs", "n_squared": "n_squared"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study run``."""
    parser.add_argument("--files", nargs="+", required=True, metavar="FILE", help="names within the folder of --data")
    add_data(parser)
    parser.add_argument("--out", type=Path, help="JSON file; printed if not given")
    parser.add_argument("--backend", help="$ANISOAP_BACKEND, else the fastest one installed")
    parser.add_argument("--frames", type=positive, help="only the first ones of each file")
    parser.add_argument("--repeats", type=positive, default=7, help="timed calls of each file, 7 unless given")
    add_hypers(parser)
    parser.add_argument("--threads", type=positive, default=1, help="of every pool, 1 unless given")
    parser.add_argument("--origin", choices=("local", "chtc"), default="local", help="where this runs")
    parser.add_argument("--job", help="name of the cluster job")
    parser.add_argument("--repeat-index", type=int, help="which repeat of the job this is")


def main(options: argparse.Namespace) -> int:
    """Measure and write the document that ``schema.json`` describes; nothing is written unless all of it worked."""
    if options.out is not None:
        check_writable(options.out)
    measure.pin_threads(options.threads)
    folder, job = data_folder(options), {"id": options.job, "repeat": options.repeat_index}
    loads = [read_load(folder / name, options.backend, options.frames, options.hypers) for name in options.files]
    with tqdm(total=len(loads) * (options.repeats + 1), unit="call", disable=None) as bar:
        records = [measure_load(load, options.repeats, options.threads, bar.update) for load in loads]
    document = {
        "schema_version": VERSION,
        "origin": options.origin,
        "job": None if job == {"id": None, "repeat": None} else job,
        "backend": loads[0].backend,
        "repeats": options.repeats,
        "threads": {
            "asked": options.threads,
            "pools": thread_pools(),
            "disagreements": disagreements(options.threads),
        },
        "environment": environment(),
        "files": records,
    }
    for difference in document["threads"]["disagreements"]:
        print(f"warning: {difference}", file=sys.stderr)
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    if options.out is None:
        sys.stdout.write(text)
        return 0
    write_whole(options.out, text)
    print(f"{options.out}: {len(options.files)} files, backend {document['backend']}", file=sys.stderr)
    return 0


def measure_load(load: Load, repeats: int, threads: int, tick: Callable[[], Any]) -> dict[str, Any]:
    """One file: counts, samples, memory, conversions and checksum of one calculation."""

    def call() -> Any:
        return load.calculator.power_spectrum(load.frames)

    begin = time.perf_counter()
    try:
        descriptor = call()
    except (TypeError, ValueError) as error:  # such as types that are not in `types`
        raise CannotMeasure(f"{load.path.name}: {error}") from error
    warm_up = time.perf_counter() - begin
    measure.pin_threads(threads)  # once more: the warm-up may have loaded further libraries
    tick()
    gc.collect()  # so that no sample pays for what came before
    wall, cpu = [], []
    for _ in range(repeats):
        begin_cpu = time.process_time()
        wall.append(measure.seconds_of(call))
        cpu.append(time.process_time() - begin_cpu)
        tick()
    sizes = counts(load.frames, load.calculator)
    median = statistics.median(wall)
    method = "high-water mark of the resident set" if measure.reset_peak() else "tracemalloc"
    return {
        "file": load.path.name,
        "system": load.system,
        "hypers": load.hypers,
        **sizes,
        "warm_up_seconds": warm_up,
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "seconds_per": {unit: median / sizes[total] if sizes[total] else None for unit, total in UNITS.items()},
        "peak_memory": {"bytes": measure.peak_memory(call), "method": method},
        "conversion": conversion_times(call) if load.backend == "torch_mixed" else None,
        "output": fingerprint(descriptor),
    }


def conversion_times(call: Callable[[], Any]) -> dict[str, Any]:
    """Of one more call, with every ``torch.from_numpy`` ("in") and ``Tensor.numpy`` ("out") timed from outside.

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
        wall = measure.seconds_of(call)
    into, out = sum(seconds["in"]), sum(seconds["out"])
    calls = len(seconds["in"]) + len(seconds["out"])
    clock = statistics.median(-(time.perf_counter() - time.perf_counter()) for _ in range(1000))
    share = (into + out) / wall
    return {"seconds_in": into, "seconds_out": out, "calls": calls, "share": share, "clock_seconds": calls * clock}


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
