"""Benchmarks of what comes before the kernel: checking frames, finding neighbours; of single calls.

Checks and search are no public functions, so both are measured through `power_spectrum` with a basis of one function,
max_angular 0, for which the kernel has next to nothing to do.
"""

from __future__ import annotations

from typing import Any

from benchmarks import workloads
from benchmarks.backends import all_but
from benchmarks.common import Measured, Work

ONE_FUNCTION: dict[str, Any] = {**workloads.HYPERS["(6, None)"], "max_angular": 0, "max_radial": 0}
SEARCHES = all_but("reference", "torch_mixed", "torch_full")
"""Without those that use the neighbour search of `numpy_only`."""


class NeighborList(Measured):
    """One frame of N particles at constant density: about two thirds to nine tenths of the time are the search's."""

    params = (SEARCHES, (2000,))
    param_names = ("backend", "N")
    version = "1"

    def work(self, backend: str, N: int) -> Work:
        return Work(backend, workloads.bulk(N, 1), ONE_FUNCTION)

    time_power_spectrum = Measured.seconds
    track_peak_memory = Measured.peak_memory


class FrameValidation(Measured):
    """A thousand frames without a single pair: more than half of the time goes into checking and stacking them."""

    params = (SEARCHES,)
    param_names = ("backend",)
    version = "1"

    def work(self, backend: str) -> Work:
        hypers = {**ONE_FUNCTION, "subtract_center_contribution": True}
        return Work(backend, workloads.single_particles(1000), hypers, units=1000)

    track_seconds_per_frame = Measured.seconds_per_frame


class OneCall(Measured):
    """One call for one frame of one or two particles, as in Monte Carlo: what a call costs that computes little."""

    params = (SEARCHES, (1, 2))
    param_names = ("backend", "particles")
    version = "1"

    def work(self, backend: str, particles: int) -> Work:
        frame = next(one for one in workloads.system("ellipsoids") if len(one) == particles)
        hypers = {**workloads.HYPERS["(6, None)"], "subtract_center_contribution": True}
        return Work(backend, [frame], hypers)

    time_power_spectrum = Measured.seconds
