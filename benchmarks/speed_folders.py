"""Rows of `benchmarks.speed` about data sets in folders, which processes of their own make."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks import measure, workloads
from benchmarks.common import calculator
from benchmarks.speed_tools import BACKEND, WITHOUT_CENTER, Row, file_of, ratio


def stream_rows(num_frames: int = 1_000_000, rounds: int = 3) -> Iterator[Row]:
    """File to folder, against reading alone; and two shards on a core each, against one."""
    import anisoap_opt

    def read() -> None:
        for _ in anisoap_opt.iread(path):
            pass

    def into_folder() -> None:
        with tempfile.TemporaryDirectory() as folder:
            describe(path, folder)

    with file_of(num_frames) as path:
        what = f"file to folder, ellipsoids, {num_frames} frames, (6, None), one process, against iread"
        yield ratio(what, into_folder, read, most=1.5, rounds=rounds, repeats=1, unit="s")
        one, two = measure.in_turn(rounds, lambda: shards(path, 1)[0], lambda: shards(path, 2)[0])
        found = np.median(one / two)
        yield "the same, two shards on a core each against one", f"{found:.2f}×", "1.8×", bool(found >= 1.8)


def stream_memory_rows(counts: tuple[int, int] = (100_000, 1_000_000)) -> Iterator[Row]:
    """Peak memory of a process that makes a folder of a file, imports included."""
    peaks = []
    for num_frames in counts:
        with file_of(num_frames) as path:
            peaks.append(shards(path, 1)[1])
        what = f"peak memory of a process, file to folder, ellipsoids, {num_frames} frames, (6, None)"
        yield what, f"{peaks[-1] / 1e6:.0f} MB", "400 MB", peaks[-1] <= 400e6
    found = max(peaks) / min(peaks)
    yield f"the same, {counts[1]} against {counts[0]} frames", f"{found:.2f}×", "1.1×", found <= 1.1


def describe(path: Path, folder: str, number: int = 0, of: int = 1) -> None:
    """Compute one shard of a file."""
    from anisoap_opt.folder.run import describe_files
    from anisoap_opt.folder.source import Source

    made = calculator(BACKEND, {**workloads.HYPERS["(6, None)"], **WITHOUT_CENTER})
    describe_files([Source(str(path))], made, Path(folder), shard=(number, of))


def shards(path: Path, of: int) -> tuple[float, int]:
    """Seconds from when the first of so many processes begins to compute to the end of the last; the largest memory."""
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(of, get_context("spawn")) as pool:
        found = list(pool.map(shard, [path] * of, [folder] * of, range(of), [of] * of))
    begins, ends, peaks = zip(*found, strict=True)
    return max(ends) - min(begins), max(peaks)


def shard(path: Path, folder: str, number: int, of: int) -> tuple[float, float, int]:
    """Be a process of `shards`, on a core and a thread of its own: begin and end of the calculation, peak memory."""
    import numba  # noqa: F401 - first, so that its threads are there

    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})
    measure.pin_threads(1)
    with tempfile.TemporaryDirectory() as other:
        describe(workloads.data_folder() / "ellipsoids.xyz", other)  # imports, compiled code
    begin = time.time()
    describe(path, folder, number, of)
    return begin, time.time(), measure.of_status("VmHWM")
