"""Frames and calculators of the gate's benchmarks; ``python -m tests.benchmarks.inputs FILE`` writes the frames.

The gate writes the file once, from the head's files, and both packages read it: neither the parsing of text nor a
change of ``data/`` is part of what is compared.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from benchmarks import linear_model, workloads

if TYPE_CHECKING:
    from tests.benchmarks.cases import Case

Frames: TypeAlias = dict[str, list[Any]]
VARIABLE = "ANISOAP_GATE_INPUTS"
"""Names the file of frames; without it they are made here."""

COPIES = 30
"""Frames of each kind of bulk, all different."""

# Bulk frames: particles and types of each.
BULK = {"bulk_1": (1, 1), "bulk_24": (24, 1), "bulk_192_4": (192, 4), "bulk_192": (192, 1)}
SHUFFLED = {"shuffled_4000": (4000, 2)}
"""One frame each, of particles in random order."""
SYSTEMS = ("benzenes", "four_species", "ellipsoids")


def make() -> Frames:
    """All frames, by name."""
    bulk = {name: [workloads.bulk(*size, seed)[0] for seed in range(COPIES)] for name, size in BULK.items()}
    shuffled = {name: workloads.bulk(*size, shuffled=True) for name, size in SHUFFLED.items()}
    return {**bulk, **shuffled, **{name: workloads.system(name) for name in SYSTEMS}}


@cache
def load() -> Frames:
    """All frames, by name, from the file that the environment names, else made here."""
    file = os.environ.get(VARIABLE)
    return pickle.loads(Path(file).read_bytes()) if file else make()


def calculator(size: str, backend: str, **more: Any) -> Any:
    """An `EllipsoidalDensityProjection` with the hyperparameters of one size of basis."""
    from anisoap_opt import EllipsoidalDensityProjection

    return EllipsoidalDensityProjection(**workloads.HYPERS[size], backend=backend, **more)


def call(case: Case) -> Callable[[], Any]:
    """What a benchmark times; ModuleNotFoundError if something that it needs is not installed."""
    frames = load()[case.frames][: case.count]
    if case.method in linear_model.PASSES:
        hypers = {**workloads.HYPERS[case.size], **case.more}
        return getattr(linear_model.LinearModel(case.backend, hypers, frames), case.method)
    method = getattr(calculator(case.size, case.backend, **case.more), case.method)
    return lambda: method(frames)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(pickle.dumps(make(), protocol=pickle.HIGHEST_PROTOCOL))
