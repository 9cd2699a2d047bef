"""Benchmarks of derivatives: a linear model's energy, its forces and torques, and a step of training on them."""

from __future__ import annotations

import inspect

from benchmarks import workloads
from benchmarks.backends import FAST
from benchmarks.common import Measured, Work
from benchmarks.linear_model import PASSES, SMOOTHING, LinearModel, passes


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
