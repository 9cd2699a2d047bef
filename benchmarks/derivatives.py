"""Benchmarks of derivatives: a linear model's energy, its forces and torques, and a step of training on them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from benchmarks import workloads
from benchmarks.backends import FAST
from benchmarks.common import Measured, Work, calculator
from benchmarks.linear_model import PASSES, SMOOTHING, LinearModel


def passes(work: Work) -> Callable[[list[Any]], Any]:
    """A function that takes frames, makes their tensors when it first sees them, and runs one of PASSES."""
    calculator(work.backend, work.hypers, work.threads)  # pins threads, and skips where something is absent
    try:
        import anisoap_opt.nn  # noqa: F401
    except ModuleNotFoundError as error:
        raise NotImplementedError("this commit, or this environment, has no torch module") from error
    models: dict[int, LinearModel] = {}

    def run(frames: list[Any]) -> Any:
        if id(frames) not in models:
            models[id(frames)] = LinearModel(work.backend, work.hypers, frames)
        return getattr(models[id(frames)], work.method)()

    return run


class Derivatives(Measured):
    """Passes of the torch module: 192 particles of two types, max_angular 6 with coupled n, smooth cutoff."""

    params = (FAST, PASSES)
    param_names = ("backend", "pass")
    version = "1"
    prepare = staticmethod(passes)

    def work(self, backend: str, name: str) -> Work:
        return Work(backend, workloads.bulk(192, 2), {**workloads.HYPERS["(6, None)"], **SMOOTHING}, name)

    @staticmethod
    def inputs() -> str:
        """What else its numbers depend on, see `benchmarks.versions`."""
        return inspect.getsource(LinearModel) + inspect.getsource(passes)

    time_pass = Measured.seconds
    track_peak_memory = Measured.peak_memory
