"""Benchmarks of single precision, with the error that it costs."""

from __future__ import annotations

from benchmarks import workloads
from benchmarks.backends import FAST
from benchmarks.common import Measured, Work


class Float32(Measured):
    """`power_spectrum` in float32, at both sizes of basis: its error is part of the bargain."""

    params = (FAST, ("(6, None)", "(9, 6)"))
    param_names = ("backend", "size")
    version = "1"

    def work(self, backend: str, size: str) -> Work:
        hypers = {**workloads.HYPERS[size], "dtype": "float32"}
        return Work(backend, workloads.bulk(24, 1), hypers, reference=f"power_spectrum, {size}, N = 24")

    time_power_spectrum = Measured.seconds
    track_peak_memory = Measured.peak_memory
    track_error = Measured.error
