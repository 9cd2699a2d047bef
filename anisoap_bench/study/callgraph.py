"""cProfile's statistics without this machine's paths, and the call graph drawn from them."""

from __future__ import annotations

import cProfile
import marshal
import pstats
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole
from benchmarks.environment import ROOT

Function = tuple[str, int, str]  # file, line, name


def statistics_of(profile: cProfile.Profile) -> dict[Function, tuple[Any, ...]]:
    """What `pstats` holds, with file names from the package's folder on: numpy/_core/einsumfunc.py.

    Returns
    -------
    dict
        (file, line, name) → (primitive calls, calls, own seconds, seconds with callees, callers).
    """

    def relative(function: Function) -> Function:
        return relative_path(function[0]), *function[1:]

    stats: dict[Function, tuple[Any, ...]] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    return {
        relative(function): (*numbers, {relative(caller): edge for caller, edge in callers.items()})
        for function, (*numbers, callers) in stats.items()
    }


def relative_path(file: str) -> str:
    """A path below the checkout or a folder of ``sys.path``, without that folder; others as they are."""
    path = Path(file)
    if not path.is_absolute():
        return file
    folders = [folder for folder in (ROOT, *map(Path, sys.path)) if folder.is_absolute() and folder in path.parents]
    if not folders:
        return path.name
    return str(path.relative_to(max(folders, key=lambda folder: len(folder.parts))))


def write_profile(path: Path, stats: dict[Function, tuple[Any, ...]]) -> None:
    """Write statistics in the format of ``python -m cProfile -o``, which `pstats` and gprof2dot read."""
    write_whole(path, marshal.dumps(stats))


def draw(profile: Path, png: Path, title: str) -> None:
    """Draw the call graph of a profile, the title above it; CannotMeasure if gprof2dot or graphviz is missing or fails.

    Functions below 2 %, and calls below 1 % of the time are left out.
    """
    with tempfile.TemporaryDirectory() as folder:
        graph, drawing = Path(folder) / "graph.dot", Path(folder) / "graph.png"
        options = ["--format=pstats", "--node-thres=2", "--edge-thres=1", "--wrap", "--show-samples"]
        command = [sys.executable, "-m", "gprof2dot", *options, f"--output={graph}", str(profile)]
        _call(command, "gprof2dot: pip install '.[bench]'")
        label = title.replace("\\", "\\\\").replace('"', '\\"')
        text = graph.read_text().replace("digraph {", f'digraph {{\n\tgraph [label="{label}", labelloc=t];', 1)
        text = re.sub(r'( -> .*, label=")([^"]*)\\n', r"\1  \2\\n  ", text)  # else thick arrows cover the first digits
        graph.write_text(text)
        _call(["dot", "-Tpng", "-Gdpi=80", "-Gfontsize=16", f"-o{drawing}", str(graph)], "graphviz, which brings dot")
        write_whole(png, drawing.read_bytes())


def _call(command: list[str], needs: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise CannotMeasure(f"the call graph needs {needs}") from error
    if done.returncode:
        raise CannotMeasure(f"the call graph needs {needs}; it said: {done.stderr.strip()}")
