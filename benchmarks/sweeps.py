"""Benchmarks of a sweep: many sets of hyperparameters for the same frames."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from benchmarks import workloads
from benchmarks.backends import FAST
from benchmarks.common import Measured, Work, calculator

GRID = {"cutoff_radius": [4.0, 5.5, 7.0], "max_angular": [3, 6], "max_radial": [None, 2]}


def sweep(work: Work) -> Callable[[list[Any]], Any]:
    """A function that takes frames and computes all sets, one after the other; asv skips where there is no sweep."""
    import anisoap_opt

    calculator(work.backend, workloads.HYPERS["(6, None)"], work.threads)  # pins threads, and skips what is absent
    if not hasattr(anisoap_opt, "sweep"):
        raise NotImplementedError("this commit has no sweep")

    def run(frames: list[Any]) -> None:
        for _ in anisoap_opt.sweep(frames, **work.hypers, backend=work.backend):
            pass

    return run


class Sweeps(Measured):
    """Three cutoffs and four sizes of GTOs for 20 frames of benzenes: 12 sets."""

    params = (FAST,)
    param_names = ("backend",)
    version = "1"
    prepare = staticmethod(sweep)

    def work(self, backend: str) -> Work:
        return Work(backend, workloads.system("benzenes")[:20], {**workloads.HYPERS["(6, None)"], **GRID}, "sweep")

    @staticmethod
    def inputs() -> str:
        """What else its numbers depend on, see `benchmarks.versions`."""
        return inspect.getsource(sweep)

    time_sweep = Measured.seconds
    track_peak_memory = Measured.peak_memory
