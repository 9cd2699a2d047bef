"""What the rows of `benchmarks.speed` share: measures that take turns, and generated frames of tiny cells."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure

BACKEND = "numba"
FRAMES = 6826
ROOT = Path(__file__).resolve().parent.parent
WITHOUT_CENTER = {"subtract_center_contribution": True}
Row = tuple[str, str, str, bool]  # what, measured, target, pass


def in_turn(rounds: int, *measures: Callable[[], float]) -> np.ndarray:
    """Results of measures that take turns, as the machine's speed drifts, [measures, rounds]."""
    return np.array([[one() for one in measures] for _ in range(rounds)]).T


def best(repeats: int, call: Callable[..., Any], *arguments: Any) -> Callable[[], float]:
    """A measure for `in_turn`: the shortest of several times of a call."""
    return partial(measure.best_time, partial(call, *arguments), repeats)


@cache
def ellipsoids_text(num_frames: int = FRAMES) -> bytes:
    """Extended XYZ of frames of tiny cells, made once a process by the generator in ``data/``."""
    with tempfile.TemporaryDirectory() as folder:
        generator = ROOT / "data" / "create_ellipsoids.py"
        command = [sys.executable, str(generator), "--frames", str(num_frames), "--out", folder]
        subprocess.run(command, check=True, capture_output=True)
        return (Path(folder) / "ellipsoids.xyz").read_bytes()


@cache
def ellipsoids() -> list[Any]:
    """The FRAMES generated frames, as ASE reads them."""
    import ase.io

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ellipsoids.xyz"
        path.write_bytes(ellipsoids_text())
        return ase.io.read(path, ":")
