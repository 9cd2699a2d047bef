"""Benchmarks of how time and memory grow: with particles, with types, and with threads."""

from __future__ import annotations

from benchmarks import workloads
from benchmarks.backends import FAST, all_but
from benchmarks.common import Measured, Work


class BulkScaling(Measured):
    """`power_spectrum` of one frame at constant density: time and memory should grow as N."""

    params = (FAST, (100, 1000, 10_000))
    param_names = ("backend", "N")
    version = "1"

    def work(self, backend: str, N: int) -> Work:
        return Work(backend, workloads.bulk(N, 2), workloads.HYPERS["(6, None)"])

    time_power_spectrum = Measured.seconds
    track_peak_memory = Measured.peak_memory
    peakmem_power_spectrum = Measured.process_memory


class SpeciesScaling(Measured):
    """`power_spectrum` of the same 480 particles, with one, two or four types dealt out among them."""

    params = (FAST, (1, 2, 4))
    param_names = ("backend", "species")
    version = "1"

    def work(self, backend: str, species: int) -> Work:
        return Work(backend, workloads.bulk(480, species), workloads.HYPERS["(6, None)"])

    time_power_spectrum = Measured.seconds


class Threads(Measured):
    """`power_spectrum` of 2 000 particles on one and on two threads."""

    params = (all_but("reference", "numpy_only", "torch_mixed"), (1, 2))
    param_names = ("backend", "threads")
    version = "1"

    def work(self, backend: str, threads: int) -> Work:
        return Work(backend, workloads.bulk(2000, 2), workloads.HYPERS["(6, None)"], threads=threads)

    time_power_spectrum = Measured.seconds
