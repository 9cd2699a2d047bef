"""The one table of cases of asv, the gate and the history; ``python -m benchmarks.cases FILE`` writes their frames.

The gate writes the file once, from the head's files, and both packages read it: neither the parsing of text nor a
change of ``data/`` is part of what is compared. It copies this folder without the package, so nothing here may read
the package's source, as `benchmarks.backends` does, and only cases WITH_TORCH may load torch.
"""

from __future__ import annotations

import inspect
import os
import pickle
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import workloads
from benchmarks.common import Measured, Work, method_of
from benchmarks.linear_model import PASSES, SMOOTHING, LinearModel, passes
from benchmarks.stored_values import STORED_FRAMES

VARIABLE = "ANISOAP_GATE_INPUTS"
"""Names the file of frames; without it they are made here."""

# Bulk frames, COPIES of each, all different, by particles and types; one frame in random order; files of ``data/``.
COPIES = 30
BULK = {"bulk_1": (1, 1), "bulk_24": (24, 1), "bulk_192_4": (192, 4), "bulk_192": (192, 1)}
SHUFFLED = "shuffled_4000"
SYSTEMS = ("benzenes", "four_species", "ellipsoids")
FRAMES = (*BULK, SHUFFLED, *SYSTEMS)
NOT_THE_CENTRE = {"subtract_center_contribution": True}


class Case(NamedTuple):
    """A descriptor of the first `num_frames` frames of that name, `calls` times a round, which takes 20 ms or more."""

    backend: str
    size: str
    frames: str
    num_frames: int
    calls: int
    more: dict[str, Any] = {}  # hyperparameters beside those of the size
    method: str = "power_spectrum"  # of the calculator, or one of `benchmarks.linear_model.PASSES`
    stored: str = ""  # name of the stored values of the first frames, "" for none

    def work(self) -> Work:
        """What is measured."""
        frames, hypers = frames_of(self.frames)[: self.num_frames], {**workloads.HYPERS[self.size], **self.more}
        rows = STORED_FRAMES if self.stored in SYSTEMS else 1
        return Work(self.backend, frames, hypers, self.method, reference=self.stored, reference_frames=rows)


# One type in a dense bulk: nearly all of the time is the kernel's. Four types: a good part is the coupling. The
# bulk of few frames fits into a second-level cache: beyond it, times differed by ten per cent with the place of pages.
# One bulk in random order, as dynamics leaves it, and one call for one particle: little of their time is the kernel's.
COMPILED = {
    "kernel-numba-6": Case("numba", "(6, None)", "bulk_192", 8, 5, stored="power_spectrum, 1 types, N = 192"),
    "kernel-numba-9_6": Case("numba", "(9, 6)", "bulk_24", 28, 1, stored="power_spectrum, (9, 6), N = 24"),
    "kernel-numpy_only-6": Case("numpy_only", "(6, None)", "bulk_24", 26, 1, stored="power_spectrum, 1 types, N = 24"),
    "kernel-numpy_only-9_6": Case("numpy_only", "(9, 6)", "bulk_1", 24, 1),
    "power_spectrum-numba": Case("numba", "(6, None)", "bulk_192_4", 28, 1, stored="power_spectrum, 4 types, N = 192"),
    "benzenes-numba": Case("numba", "(6, None)", "benzenes", 200, 2, stored="benzenes"),
    "four_species-numba": Case("numba", "(6, None)", "four_species", 200, 1, stored="four_species"),
    "ellipsoids-numba": Case("numba", "(9, 6)", "ellipsoids", 200, 6, NOT_THE_CENTRE, stored="ellipsoids"),
    "shuffled-numba": Case("numba", "(6, None)", "shuffled_4000", 1, 2),
    "one_call-numba": Case("numba", "(6, None)", "ellipsoids", 1, 200, NOT_THE_CENTRE),
    "kernel-reference-6": Case("reference", "(6, None)", "bulk_1", 1, 1),
    "benzenes-numpy_only": Case("numpy_only", "(6, None)", "benzenes", 24, 1, stored="benzenes"),
    "ellipsoids-numpy_only": Case("numpy_only", "(9, 6)", "ellipsoids", 120, 1, NOT_THE_CENTRE, stored="ellipsoids"),
}
"""Cases of the compiled and the NumPy backend; in the gate, torch must not be loaded by any of them."""

WITH_TORCH = {
    "benzenes-torch_full": Case("torch_full", "(6, None)", "benzenes", 20, 1, stored="benzenes"),
    "expansion-numba": Case("numba", "(6, None)", "bulk_192_4", 4, 4, {}, "transform", "transform, 4 types, N = 192"),
    "forces-numba": Case("numba", "(6, None)", "bulk_192_4", 8, 1, SMOOTHING, method="forces"),
    "training-numba": Case("numba", "(9, 6)", "bulk_24", 4, 1, SMOOTHING, method="training"),
}
CASES = {**COMPILED, **WITH_TORCH}


class Cases(Measured):
    """One call of every case of the table, which is also what the gate and the history time."""

    params = (tuple(CASES),)
    param_names = ("case",)
    version = "1"

    @staticmethod
    def prepare(work: Work) -> Callable[[list[Any]], Any]:
        """What is called with the frames: a method of the calculator, or a pass of the linear model."""
        return passes(work) if work.method in PASSES else method_of(work)

    def work(self, case: str) -> Work:
        return CASES[case].work()

    @staticmethod
    def inputs() -> str:
        """What else its numbers depend on, see `benchmarks.versions`."""
        return inspect.getsource(LinearModel) + inspect.getsource(passes)

    time_call = Measured.seconds
    track_peak_memory = Measured.peak_memory
    track_error = Measured.error


def frames_of(name: str) -> list[Any]:
    """The frames of one of FRAMES, from the file that the environment names, else made here."""
    file = os.environ.get(VARIABLE)
    return _written(file)[name] if file else make(name)


@cache
def _written(file: str) -> dict[str, list[Any]]:
    return pickle.loads(Path(file).read_bytes())


@cache
def make(name: str) -> list[Any]:
    """The frames of one of FRAMES."""
    if name in BULK:
        return [workloads.bulk(*BULK[name], seed)[0] for seed in range(COPIES)]
    return workloads.bulk(4000, 2, shuffled=True) if name == SHUFFLED else workloads.system(name)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(pickle.dumps({name: make(name) for name in FRAMES}, pickle.HIGHEST_PROTOCOL))
