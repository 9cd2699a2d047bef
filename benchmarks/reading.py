"""Benchmarks of reading a file: with ASE into frames, with this package into arrays, and on into features by blocks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import workloads
from benchmarks.common import SMALLEST_MEMORY, calculator, refuse_the_checkout
from benchmarks.measure import peak_memory, pin_threads


class FromFile:
    """What is done with a file of 3000 frames of one or two ellipsoids; `does` gives it, once a process."""

    number, rounds, repeat, warmup_time = 1, 1, (3, 7, 1.0), 0.0

    @classmethod
    def inputs(cls) -> bytes:
        return 15 * (workloads.data_folder() / "ellipsoids.xyz").read_bytes()

    def setup(self, name: str) -> None:
        refuse_the_checkout()
        does = self.does(name)
        pin_threads()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "ellipsoids.xyz"
        path.write_bytes(self.inputs())
        self.run = lambda: does(path)
        self.run()  # imports, compiled code, and a file that the system holds in memory

    def teardown(self, name: str) -> None:
        self.folder.cleanup()

    def seconds(self, name: str) -> None:
        self.run()

    def peak_memory(self, name: str) -> int:
        return max(peak_memory(self.run, 3), SMALLEST_MEMORY)

    peak_memory.unit = "bytes"

    @staticmethod
    def function_of_package(name: str) -> Callable[..., Any]:
        """A public function; NotImplementedError if this commit lacks it."""
        import anisoap_opt

        if not hasattr(anisoap_opt, name):
            raise NotImplementedError(f"this commit has no {name}")
        return getattr(anisoap_opt, name)


class Reading(FromFile):
    """All of the file by `ase.io.read` or `anisoap_opt.read`."""

    params = (("ase", "anisoap_opt"),)
    param_names = ("reader",)
    version = "1"

    def does(self, reader: str) -> Callable[[Path], Any]:
        if reader == "anisoap_opt":
            return self.function_of_package("read")
        import ase.io

        return lambda path: ase.io.read(path, ":")

    time_read = FromFile.seconds
    track_peak_memory = FromFile.peak_memory


class Streaming(FromFile):
    """All of the file by `anisoap_opt.stream`, the features thrown away."""

    params = (("numpy_only", "numba"),)
    param_names = ("backend",)
    version = "1"

    def does(self, backend: str) -> Callable[[Path], Any]:
        stream = self.function_of_package("stream")
        made = calculator(backend, {**workloads.HYPERS["(6, None)"], "subtract_center_contribution": True})

        def run(path: Path) -> None:
            for _ in stream(path, made):
                pass

        return run

    time_stream = FromFile.seconds
    track_peak_memory = FromFile.peak_memory
