"""Flame graphs by py-spy, of the computation without its imports."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole
from anisoap_bench.study.load import READY
from anisoap_bench.study.profile import Load
from benchmarks.environment import ROOT

RATE = 200
"""Samples a second."""
LONGEST = 600.0
"""Seconds after which a load that nobody stopped ends by itself."""


def run_py_spy(load: Load, path: Path, logs: Path, seconds: int) -> str:
    """Write the flame graph of repeated calls: ``bench.svg`` for benzenes, else ``bench_SYSTEM.svg``.

    Parameters
    ----------
    load : Load
    path : pathlib.Path
        File with the frames.
    logs : pathlib.Path
        Folder of the flame graph.
    seconds : int
        How long to watch.

    Raises
    ------
    CannotMeasure
        If py-spy isn't installed, or may not watch a process: macOS wants root, a container SYS_PTRACE.
    """
    py_spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if py_spy is None:
        raise CannotMeasure("--tool py-spy needs py-spy: pip install '.[bench]'")
    arguments = [str(path.resolve()), load.backend, str(len(load.frames)), json.dumps(load.hypers), str(LONGEST)]
    program = [sys.executable, "-m", "anisoap_bench.study.load", *arguments]
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
        svg = logs / f"bench{'' if load.system == 'benzenes' else f'_{load.system}'}{load.suffix}.svg"
        write_whole(svg, titled(drawn.read_text(), f"{load.title}: {seconds} s, {RATE} samples a second"))
    return f"{load.title}\nwrote {svg}"


def titled(svg: str, title: str) -> str:
    """The flame graph under this title, in place of the command line with its paths of this machine."""
    changed, count = re.subn(r'(<text id="title"[^>]*>)[^<]*', lambda found: found[1] + escape(title), svg)
    if count != 1:
        raise CannotMeasure("py-spy's flame graph has no title where one was expected")
    return changed.replace(f"{ROOT}/", "")
