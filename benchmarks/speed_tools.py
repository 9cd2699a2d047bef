"""What the rows of `benchmarks.speed` share: ratios of calls that take turns, and files of tiny cells."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure
from benchmarks.measure import in_turn

BACKEND = "numba"
FRAMES = 6826
ROOT = Path(__file__).resolve().parent.parent
WITHOUT_CENTER = {"subtract_center_contribution": True}
Row = tuple[str, str, str, bool]  # what, measured, target, pass
Call = Callable[[], Any]
TIMES = {"s": 1.0, "ms": 1e3, "µs": 1e6}


def best(repeats: int, call: Callable[..., Any], *arguments: Any) -> Callable[[], float]:
    """A measure for `in_turn`: the shortest of several times of a call."""
    return partial(measure.best_time, partial(call, *arguments), repeats)


def ratio(
    what: str,
    above: Call,
    below: Call,
    *,
    least: float | None = None,
    most: float | None = None,
    rounds: int = 5,
    repeats: int = 3,
    work: tuple[int, int] = (1, 1),
    unit: str = "",
) -> Row:
    """A row: how many times longer one call takes than the other, for as much work.

    Parameters
    ----------
    what : str
    above, below : callable
        Each is called once before, and then they take turns; the shortest of `repeats` times of a turn counts.
    least, most : float, optional
        The target: one of the two.
    work : tuple of int
        How much each call does, such as its frames.
    unit : str
        For the time of what is the subject, `below` if the ratio is a speed-up, of one piece of `work`: "µs a frame".
    """
    for call in (above, below):
        call()
    times = in_turn(rounds, best(repeats, above), best(repeats, below)) / np.array(work)[:, None]
    found = float(np.median(times[0] / times[1]))
    measured = f"{found:.2f}×" if found < 10 else f"{found:.0f}×"
    if unit:
        measured += f", {TIMES[unit.split()[0]] * np.median(times[1 if most is None else 0]):.3g} {unit}"
    if most is None:
        return what, measured, f"{least:g}×", found >= (least or 0)
    return what, measured, f"{most:g}×", found <= most


def threads_ratio(what: str, target: float, timed: Callable[[int], float], rounds: int = 5) -> Row:
    """A row: how many times faster two threads are than one; `timed` takes their number and gives seconds."""
    import numba

    if numba.config.NUMBA_NUM_THREADS < 2:
        return what, "not measured: one core, or NUMBA_NUM_THREADS=1", f"{target}×", False
    one, two = in_turn(rounds + 1, partial(timed, 1), partial(timed, 2))[:, 1:]
    measure.pin_threads(1)
    found = float(np.median(one / two))
    return what, f"{found:.2f}×", f"{target}×", found >= target


def on_threads(count: int, call: Call) -> float:
    """Seconds of a call on so many of Numba's and Torch's threads."""
    measure.pin_threads(count)
    return measure.best_time(call, 2)


@cache
def ellipsoids_text(num_frames: int) -> bytes:
    """Extended XYZ of frames of tiny cells, made once a process by the generator in ``data/``."""
    with tempfile.TemporaryDirectory() as folder:
        generator = ROOT / "data" / "create_ellipsoids.py"
        command = [sys.executable, str(generator), "--frames", str(num_frames), "--out", folder]
        subprocess.run(command, check=True, capture_output=True)
        return (Path(folder) / "ellipsoids.xyz").read_bytes()


@contextmanager
def file_of(num_frames: int, generated: int = 10_000) -> Iterator[Path]:
    """A file of `ellipsoids`: so many frames, the first `generated` ones again and again."""
    generated = min(num_frames, generated)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ellipsoids.xyz"
        with path.open("wb") as file:
            for _ in range(num_frames // generated):
                file.write(ellipsoids_text(generated))
        yield path


@cache
def ellipsoids() -> list[Any]:
    """FRAMES generated frames, as ASE reads them."""
    import ase.io

    with file_of(FRAMES) as path:
        return ase.io.read(path, ":")
