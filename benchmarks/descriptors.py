"""Benchmarks of the expansion and the power spectrum over backends, numbers of types and numbers of particles."""

from __future__ import annotations

from benchmarks import measure, workloads
from benchmarks.common import BACKENDS, calculator


class _Bulk:
    """One periodic frame of N particles, max_angular 6 with coupled n."""

    params = (BACKENDS, (1, 4), (24, 192))
    param_names = ("backend", "species", "N")
    number, repeat, warmup_time = 1, (1, 5, 2.0), 0.0
    timeout = 120

    def setup(self, backend: str, species: int, N: int) -> None:
        if backend == "reference" and N > 24:
            raise NotImplementedError("seconds a call, and its time per pair is known")
        self.calculator = calculator(backend, workloads.HYPERS["(6, None)"])
        self.frames = workloads.bulk(N, species)
        if backend != "reference":  # compile, fill caches
            self.call()

    def call(self) -> object:
        raise NotImplementedError


class Expansion(_Bulk):
    """`transform`, frames to TensorMap."""

    def call(self) -> object:
        return self.calculator.transform(self.frames)

    def time_transform(self, backend: str, species: int, N: int) -> None:
        self.call()

    def track_peak_memory(self, backend: str, species: int, N: int) -> int:
        return measure.peak_memory(self.call)

    track_peak_memory.unit = "bytes"


class PowerSpectrum(_Bulk):
    """`power_spectrum`, frames to array."""

    def call(self) -> object:
        return self.calculator.power_spectrum(self.frames)

    def time_power_spectrum(self, backend: str, species: int, N: int) -> None:
        self.call()

    def track_peak_memory(self, backend: str, species: int, N: int) -> int:
        return measure.peak_memory(self.call)

    track_peak_memory.unit = "bytes"


class Systems:
    """`power_spectrum` end to end on the files of ``data/``; `reference` on a prefix of the frames."""

    params = (workloads.SYSTEMS, BACKENDS)
    param_names = ("system", "backend")
    timeout = 300
    REFERENCE_FRAMES = 8

    def setup(self, system: str, backend: str) -> None:
        self.calculator = calculator(backend, workloads.hypers_of(system))
        frames = workloads.system(system)
        self.frames = frames[: self.REFERENCE_FRAMES] if backend == "reference" else frames

    def call(self) -> object:
        return self.calculator.power_spectrum(self.frames)

    def track_seconds_per_frame(self, system: str, backend: str) -> float:
        return measure.median_time(self.call) / len(self.frames)

    track_seconds_per_frame.unit = "s/frame"

    def track_peak_memory(self, system: str, backend: str) -> int:
        self.call()
        return measure.peak_memory(self.call)

    track_peak_memory.unit = "bytes"
