"""Rows of `benchmarks.speed` about data sets in folders: time against reading alone, workers, memory.

Each function takes its sizes as arguments, so that tests can run it on small ones.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks import measure, workloads
from benchmarks.common import calculator
from benchmarks.speed_throughput import TINY, file_of
from benchmarks.speed_tools import BACKEND, ROOT, Row, best, in_turn


def stream_rows(num_frames: int = 1_000_000, rounds: int = 3) -> Iterator[Row]:
    """File to folder, against reading alone; and on two workers, against one."""
    with file_of(num_frames) as path:
        _into_folder(workloads.data_folder() / "ellipsoids.xyz", None)  # imports, compiled code
        times = in_turn(rounds, best(1, partial(_read, path)), best(1, partial(_into_folder, path, None)))
        ratio = np.median(times[1] / times[0])
        spread = ", ".join(f"{one:.2f}" for one in times[1] / times[0])
        what = f"file to folder, ellipsoids, {num_frames} frames, (6, None), one process, against iread"
        seconds = np.median(times, axis=1)
        yield what, f"{ratio:.2f}× ({spread}), {seconds[1]:.3g} s and {seconds[0]:.3g} s", "1.5×", ratio <= 1.5
        with _workers(1) as one, _workers(2) as two:
            calls = (best(1, partial(_into_folder, path, workers)) for workers in (one, two))
            times = in_turn(rounds, *calls)
        ratio = np.median(times[0] / times[1])
        spread = ", ".join(f"{one:.2f}" for one in times[0] / times[1])
        yield "the same, two workers of one thread against one", f"{ratio:.2f}× ({spread})", "1.8×", ratio >= 1.8


def stream_memory_rows(counts: tuple[int, int] = (100_000, 1_000_000)) -> Iterator[Row]:
    """Peak memory of a process that makes a folder of a file, imports included."""
    peaks = []
    for num_frames in counts:
        with file_of(num_frames) as path:
            command = [sys.executable, "-c", PEAK, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
            peaks.append(int(done.stdout))
        what = f"peak memory of a process, file to folder, ellipsoids, {num_frames} frames, (6, None)"
        yield what, f"{peaks[-1] / 1e6:.0f} MB", "400 MB", peaks[-1] <= 400e6
    ratio = max(peaks) / min(peaks)
    yield f"the same, {counts[1]} against {counts[0]} frames", f"{ratio:.2f}×", "1.1×", ratio <= 1.1


PEAK = """
import resource, sys
from pathlib import Path
from benchmarks import speed_streaming
speed_streaming.into_folder_pinned(Path(sys.argv[1]))
print(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def into_folder_pinned(path: Path) -> None:
    """Make a folder of a file, on one thread."""
    _one_thread()
    _into_folder(path, None)


def _read(path: Path) -> None:
    import anisoap_opt

    for _ in anisoap_opt.iread(path):
        pass


def _into_folder(path: Path, executor: Executor | None) -> None:
    from anisoap_opt.folder.run import describe_files
    from anisoap_opt.folder.source import Source

    folder = Path(tempfile.mkdtemp())
    try:
        describe_files([Source(str(path))], calculator(BACKEND, TINY), folder, executor=executor)
    finally:
        shutil.rmtree(folder)


def _workers(count: int) -> ProcessPoolExecutor:
    """Processes of one thread, which have loaded what they need."""
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_one_thread)
    _into_folder(workloads.data_folder() / "ellipsoids.xyz", pool)
    return pool


def _one_thread() -> None:
    import numba  # noqa: F401 - first, so that its threads are pinned too

    measure.pin_threads(1)
