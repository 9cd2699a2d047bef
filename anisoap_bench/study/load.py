"""A process for a sampler to watch: one call of `power_spectrum`, again and again, after a warm-up."""

from __future__ import annotations

import ctypes
import json
import sys
import time
from pathlib import Path
from typing import Any

from anisoap_bench.study.workload import read_frames
from anisoap_opt import EllipsoidalDensityProjection
from benchmarks import measure

READY = "ready"
PR_SET_PTRACER = 0x59616D61  # from Linux's prctl.h


def main(arguments: list[str]) -> None:
    """Say READY and repeat the call for so many seconds.

    Parameters
    ----------
    arguments : list of str
        Path, backend, frames, constructor's arguments as JSON, seconds.
    """
    path, backend, count, hypers, seconds = arguments
    frames = read_frames(Path(path), int(count))
    calculator = EllipsoidalDensityProjection(**json.loads(hypers), backend=backend)
    calculator.power_spectrum(frames[:1])
    measure.pin_threads(1)  # once more than the environment did: the first call has loaded libraries
    if sys.platform == "linux":  # where only a parent may watch, let any process of this user do it
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
    print(READY, flush=True)
    repeat(calculator, frames, float(seconds))


def repeat(calculator: EllipsoidalDensityProjection, frames: list[Any], seconds: float) -> None:
    """What the flame graph shows."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        calculator.power_spectrum(frames)


if __name__ == "__main__":
    main(sys.argv[1:])
