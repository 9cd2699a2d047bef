"""What all benchmark classes share: skipping, warm-up, threads, and what is measured.

asv takes every public class with a method called ``time_…``, ``track_…`` or ``peakmem_…`` for a benchmark, a base class
too. So `Measured` gives its quantities plain names, and a benchmark class lists those that it wants::

    class PowerSpectrum(Measured):
        time_power_spectrum = Measured.seconds
        track_peak_memory = Measured.peak_memory
        track_error = Measured.error
"""

from __future__ import annotations

import importlib
import inspect
import math
import os
import sys
import sysconfig
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import measure, stored_values, workloads

SMALLEST_ERROR = 1e-12
"""Smaller errors are not told apart: rounding moves them by factors, which would look like steps of the history."""
SMALLEST_MEMORY = 1 << 20
"""Bytes; Linux counts a process's pages in batches, so that less than about a megabyte is not resolved."""

if sys.platform == "linux" and sys.argv[1:2] == ["run_server"]:
    # asv's fork server: what takes long to load is loaded once, here, and every benchmark's process starts with it.
    # Neither importing nor reading starts a thread, so that forking is safe; other systems' libraries are less patient.
    for slow in ("ase.io", "numba", "torch", "metatensor"):
        with suppress(ImportError):
            importlib.import_module(slow)
    for name in workloads.SYSTEMS:
        with suppress(OSError):  # the benchmark says it
            workloads.system(name)


@dataclass(frozen=True)
class Work:
    """What a benchmark does for one combination of its parameters."""

    backend: str
    frames: list[Any]
    hypers: dict[str, Any]  # the calculator's other arguments
    method: str = "power_spectrum"
    call: dict[str, Any] = field(default_factory=dict)  # the method's arguments beside the frames
    units: float = 1.0  # pairs or frames in one call, for a quantity per pair or per frame
    threads: int = 1
    reference: str = ""  # name of the stored values that the result is compared with, "" for none
    reference_frames: int = 1  # how many of the frames those values are for


def calculator(backend: str, hypers: dict[str, Any], threads: int = 1) -> Any:
    """An `EllipsoidalDensityProjection` on pinned threads, or NotImplementedError (asv: skip) if this commit lacks it.

    Only what is absent is skipped: a class, a backend, an argument, a dtype. A constructor that breaks
    for another reason fails, so that a broken commit does not pass for an old one.
    """
    import anisoap_opt

    if not hasattr(anisoap_opt, "EllipsoidalDensityProjection"):
        raise NotImplementedError("this commit has no calculator")
    made = anisoap_opt.EllipsoidalDensityProjection
    _require_arguments(made, {"backend", *hypers})
    if backend not in anisoap_opt.BACKENDS:
        raise NotImplementedError(f"this commit has no backend {backend}")
    entry = anisoap_opt.BACKENDS[backend]
    if not entry.installed:
        raise NotImplementedError(f"backend {backend} needs {entry.needs}, which is not installed")
    if (dtype := hypers.get("dtype", "float64")) not in entry.dtypes:
        raise NotImplementedError(f"backend {backend} does not compute in {dtype}")
    if backend == "numba":
        import numba  # first, else its threads would be there only after they were pinned

        if threads > numba.config.NUMBA_NUM_THREADS:
            raise NotImplementedError(f"{threads} threads, but Numba may use {numba.config.NUMBA_NUM_THREADS}")
    measure.pin_threads(threads)
    return made(**hypers, backend=backend)


def method_of(work: Work) -> Callable[[list[Any]], Any]:
    """What to call with frames; NotImplementedError if this commit lacks it."""
    method = getattr(calculator(work.backend, work.hypers, work.threads), work.method)
    _require_arguments(method, set(work.call))
    return partial(method, **work.call)


def _require_arguments(called: Callable[..., Any], names: set[str]) -> None:
    if missing := sorted(names - set(inspect.signature(called).parameters)):
        raise NotImplementedError(f"this commit's {called.__name__} has no argument {', '.join(missing)}")


def refuse_the_checkout() -> None:
    """RuntimeError if asv built an environment for a commit, but another copy of the package would be measured.

    With the flat layout a process that has the checkout on its path imports the checkout. An environment that exists
    already (``asv run -E existing``, ``--python=same``) is the user's choice.
    """
    if os.environ.get("ASV") != "true" or os.environ.get("ASV_ENV_TYPE") == "existing":
        return
    import anisoap_opt

    found = Path(anisoap_opt.__file__).resolve()
    installed = Path(sysconfig.get_path("purelib")).resolve()
    if not found.is_relative_to(installed):
        raise RuntimeError(f"anisoap_opt comes from {found.parent}, not from the wheel installed in {installed}")


class Measured:
    """Policy and quantities of all benchmarks; a subclass gives `params`, `param_names`, `version` and `work`.

    Every quantity rises when things get worse, because asv looks for upward steps only. One process measures one
    quantity of one combination of parameters, ``repeat`` times after a warm-up; more processes would tell more about
    the spread between them, but take the time of other benchmarks.
    """

    number, rounds, warmup_time, min_run_count = 1, 1, 0.0, 2
    repeat = (3, 15, 0.4)  # at least, at most, seconds
    timeout = 120
    run: Callable[[], object]
    prepare = staticmethod(method_of)  # from a `Work` to what is called with its frames

    def work(self, *values: Any) -> Work:
        """What is measured for these parameters; NotImplementedError if nothing is."""
        raise NotImplementedError

    def setup(self, *values: Any) -> None:
        """Make the calculator and warm it up: imports, compiled code and caches, once a process.

        asv calls this again before every sample.
        """
        if self.__dict__.get("_ready") == values:
            return
        refuse_the_checkout()
        self._work = work = self.work(*values)
        self._method = self.prepare(work)
        self.run = partial(self._method, work.frames)
        if work.backend != "reference":  # has no caches, and takes long
            self.run()
        self._ready = values

    def seconds(self, *values: Any) -> None:
        """Time of one call; for ``time_…``."""
        self.run()

    def process_memory(self, *values: Any) -> None:
        """One call, after which asv reads the peak of the whole process, imports included; for ``peakmem_…``."""
        self.run()

    def seconds_per_pair(self, *values: Any) -> float:
        """Median time of a call over its pairs."""
        return measure.median_time(self.run) / self._work.units

    def seconds_per_frame(self, *values: Any) -> float:
        """Median time of a call over its frames."""
        return self.seconds_per_pair()

    def peak_memory(self, *values: Any) -> int:
        """Bytes that a call adds at its highest point, the smallest of three calls, at least SMALLEST_MEMORY."""
        return max(SMALLEST_MEMORY, measure.peak_memory(self.run, repeats=3))

    def error(self, *values: Any) -> float:
        """Largest deviation from stored values, relative to the largest value of a block, at least SMALLEST_ERROR.

        Not a number where no values are stored: asv has nothing to show then. It skips only what a setup refuses.
        """
        if not self._work.reference:
            return math.nan
        found = stored_values.blocks(self._method(self._work.frames[: self._work.reference_frames]))
        return max(SMALLEST_ERROR, stored_values.largest_error(found, self._work.reference))

    seconds_per_pair.unit = "s/pair"
    seconds_per_frame.unit = "s/frame"
    peak_memory.unit = "bytes"
    error.unit = "largest relative error"
