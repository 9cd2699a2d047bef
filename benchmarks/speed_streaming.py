"""Rows of `benchmarks.speed` about data sets in folders: time against reading alone, shards, memory.

Each function takes its sizes as arguments, so that tests can run it on small ones.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import measure, workloads
from benchmarks.common import calculator
from benchmarks.speed_throughput import TINY, file_of
from benchmarks.speed_tools import BACKEND, ROOT, Row, best, in_turn


def stream_rows(num_frames: int = 1_000_000, rounds: int = 3) -> Iterator[Row]:
    """File to folder, against reading alone; and two shards on a core each, against one."""
    with file_of(num_frames) as path:
        into_folder(workloads.data_folder() / "ellipsoids.xyz")  # imports, compiled code
        times = in_turn(rounds, best(1, partial(_read, path)), best(1, partial(into_folder, path)))
        ratio = np.median(times[1] / times[0])
        spread = ", ".join(f"{one:.2f}" for one in times[1] / times[0])
        what = f"file to folder, ellipsoids, {num_frames} frames, (6, None), one process, against iread"
        seconds = np.median(times, axis=1)
        yield what, f"{ratio:.2f}× ({spread}), {seconds[1]:.3g} s and {seconds[0]:.3g} s", "1.5×", ratio <= 1.5
        one, two = in_turn(rounds, partial(_seconds_of_shards, path, 1), partial(_seconds_of_shards, path, 2))
        ratio = np.median(one / two)
        spread = ", ".join(f"{ratio:.2f}" for ratio in one / two)
        yield "the same, two shards on a core each against one", f"{ratio:.2f}× ({spread})", "1.8×", ratio >= 1.8


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
import re, resource, sys
from pathlib import Path
from benchmarks import speed_streaming
speed_streaming.one_thread()
speed_streaming.into_folder(Path(sys.argv[1]))
status = Path("/proc/self/status")  # where it is there: the other one begins with the peak of the parent
peak = re.search(r"VmHWM:\\s*(\\d+)", status.read_text())[1] if status.exists() else None
print(1024 * int(peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
"""
SHARD = """
import os, sys
from pathlib import Path
from benchmarks import speed_streaming, workloads
path, folder, number, of = sys.argv[1:]
if hasattr(os, "sched_setaffinity"):
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[int(number) % len(cores)]})
speed_streaming.one_thread()
speed_streaming.into_folder(workloads.data_folder() / "ellipsoids.xyz")  # imports, compiled code
print("ready", flush=True)
sys.stdin.readline()
speed_streaming.shard_into_folder(Path(path), Path(folder), int(number), int(of))
"""


def into_folder(path: Path) -> None:
    """Make a folder of a file, and throw it away."""
    with tempfile.TemporaryDirectory() as folder:
        shard_into_folder(path, Path(folder), 0, 1)


def shard_into_folder(path: Path, folder: Path, number: int, of: int) -> None:
    """Compute one shard of a file."""
    from anisoap_opt.folder.run import describe_files
    from anisoap_opt.folder.source import Source

    describe_files([Source(str(path))], calculator(BACKEND, TINY), folder, shard=(number, of))


def one_thread() -> None:
    """Pin the threads of this process, Numba's too."""
    import numba  # noqa: F401 - first, so that its threads are there

    measure.pin_threads(1)


def _seconds_of_shards(path: Path, of: int) -> float:
    """Time of so many processes, each with one core and one shard, from when all are ready until the last has ended."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        arguments = [sys.executable, "-c", SHARD, str(path), folder]
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [*arguments, str(number), str(of)],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(of)
        ]
        for one in processes:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        begin = time.perf_counter()
        for one in processes:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        for one in processes:
            one.wait()
        if any(one.returncode for one in processes):
            raise RuntimeError("a shard failed")
        return time.perf_counter() - begin


def _read(path: Path) -> None:
    import anisoap_opt

    for _ in anisoap_opt.iread(path):
        pass
