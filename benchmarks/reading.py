"""Benchmarks of reading a file: with ASE into frames, with this package into arrays, and on into features by blocks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import workloads
from benchmarks.common import SMALLEST_MEMORY, calculator, refuse_the_checkout
from benchmarks.measure import peak_memory, pin_threads


class Reading:
    """A file of 3000 frames of one or two ellipsoids: all of it by `ase.io.read` or `anisoap_opt.read`."""

    params = (("ase", "anisoap_opt"),)
    param_names = ("reader",)
    version = "1"
    number, rounds, repeat, warmup_time = 1, 1, (3, 7, 1.0), 0.0

    @classmethod
    def inputs(cls) -> bytes:
        return 15 * (workloads.data_folder() / "ellipsoids.xyz").read_bytes()

    def setup(self, reader: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.read = self.reader(reader)
        pin_threads()
        self.path = Path(self.folder.name) / "ellipsoids.xyz"
        self.path.write_bytes(self.inputs())
        self.read(self.path)  # imports, and a file that the system holds in memory

    def teardown(self, reader: str) -> None:
        self.folder.cleanup()

    def reader(self, name: str) -> Callable[[Path], Any]:
        """What reads all frames; NotImplementedError if this commit lacks it."""
        if name == "ase":
            import ase.io

            return lambda path: ase.io.read(path, ":")
        import anisoap_opt

        refuse_the_checkout()
        if not hasattr(anisoap_opt, "read"):
            raise NotImplementedError("this commit has no read")
        return anisoap_opt.read

    def time_read(self, reader: str) -> None:
        self.read(self.path)

    def track_peak_memory(self, reader: str) -> int:
        return max(peak_memory(lambda: self.read(self.path), 3), SMALLEST_MEMORY)

    track_peak_memory.unit = "bytes"


class Streaming:
    """A file of 3000 frames of one or two ellipsoids: all of it by `anisoap_opt.stream`, the features thrown away."""

    params = (("numpy_only", "numba"),)
    param_names = ("backend",)
    version = "1"
    number, rounds, repeat, warmup_time = 1, 1, (3, 7, 1.0), 0.0

    @classmethod
    def inputs(cls) -> bytes:
        return Reading.inputs()

    def setup(self, backend: str) -> None:
        import anisoap_opt

        self.folder = tempfile.TemporaryDirectory()
        refuse_the_checkout()
        if not hasattr(anisoap_opt, "stream"):
            raise NotImplementedError("this commit has no stream")
        hypers = {**workloads.HYPERS["(6, None)"], "subtract_center_contribution": True}
        self.calculator, self.stream = calculator(backend, hypers), anisoap_opt.stream
        self.path = Path(self.folder.name) / "ellipsoids.xyz"
        self.path.write_bytes(self.inputs())
        self.run()  # imports, compiled code

    def teardown(self, backend: str) -> None:
        self.folder.cleanup()

    def run(self) -> None:
        for _ in self.stream(self.path, self.calculator):
            pass

    def time_stream(self, backend: str) -> None:
        self.run()

    def track_peak_memory(self, backend: str) -> int:
        return max(peak_memory(self.run, 3), SMALLEST_MEMORY)

    track_peak_memory.unit = "bytes"
