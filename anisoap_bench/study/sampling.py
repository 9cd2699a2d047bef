"""Flame graphs by py-spy, of the computation without its imports; run as a program, what py-spy watches."""

from __future__ import annotations

import ctypes
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from html import escape
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole
from anisoap_bench.study.workload import Load, read_load
from benchmarks import measure
from benchmarks.environment import ROOT

RATE = 200
"""Samples a second."""
LONGEST = 600.0
"""Seconds after which a load that nobody stopped ends by itself."""
READY = "ready"
PR_SET_PTRACER = 0x59616D61  # from Linux's prctl.h


def run_py_spy(load: Load, suffix: str, logs: Path, seconds: int) -> str:
    """Write the flame graph of so many seconds: ``bench.svg`` for benzenes, else ``bench_SYSTEM.svg``.

    Raises
    ------
    CannotMeasure
        If py-spy isn't installed, or may not watch a process: macOS wants root, a container SYS_PTRACE.
    """
    py_spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if py_spy is None:
        raise CannotMeasure("--tool py-spy needs py-spy: pip install '.[bench]'")
    arguments = [str(load.path.resolve()), load.backend, str(len(load.frames)), json.dumps(load.hypers)]
    program = [sys.executable, "-m", "anisoap_bench.study.sampling", *arguments]
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "flame.svg"
        process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True)
        try:
            if process.stdout is None or process.stdout.readline().strip() != READY:
                raise CannotMeasure(f"the program to be watched failed: {load.title}")
            options = [f"--pid={process.pid}", f"--duration={seconds}", f"--rate={RATE}", "--function"]
            done = subprocess.run([py_spy, "record", *options, f"--output={drawn}"], capture_output=True, text=True)
        finally:
            process.kill()
            process.communicate()
        if done.returncode or not drawn.is_file():
            said = " ".join((done.stderr or done.stdout).split())
            raise CannotMeasure(f"py-spy could not watch a process (it may need root, or SYS_PTRACE); it said: {said}")
        svg = logs / f"bench{'' if load.system == 'benzenes' else f'_{load.system}'}{suffix}.svg"
        write_whole(svg, titled(drawn.read_text(), f"{load.title}: {seconds} s, {RATE} samples a second"))
    return f"{load.title}\nwrote {svg}"


def titled(svg: str, title: str) -> str:
    """The flame graph under this title, in place of the command line with its paths of this machine."""
    changed, count = re.subn(r'(<text id="title"[^>]*>)[^<]*', lambda found: found[1] + escape(title), svg)
    if count != 1:
        raise CannotMeasure("py-spy's flame graph has no title where one was expected")
    return changed.replace(f"{ROOT}/", "")


def watched(path: str, backend: str, count: str, hypers: str) -> None:
    """Say READY after a warm-up, and repeat the call until somebody ends this process."""
    load = read_load(Path(path), backend, int(count), hypers)
    load.calculator.power_spectrum(load.frames[:1])
    measure.pin_threads(1)  # once more than the environment did: the first call has loaded libraries
    if sys.platform == "linux":  # where only a parent may watch, let any process of this user do it
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
    print(READY, flush=True)
    repeat(load, LONGEST)


def repeat(load: Load, seconds: float) -> None:
    """What the flame graph shows."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        load.calculator.power_spectrum(load.frames)


if __name__ == "__main__":
    watched(*sys.argv[1:])
