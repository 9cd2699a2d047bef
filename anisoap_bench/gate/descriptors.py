"""Descriptors of the benchmark inputs by every backend of one build, started as a script: ``descriptors.py '{…}'``.

Like `worker`, it runs from a copy beside the benchmark files and imports nothing of the checkout.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import workloads

# Frames of each input, from the first; `reference` takes seconds for what the others do in milliseconds.
SIZES = {"6": "(6, None)", "9_6": "(9, 6)"}
FRAMES = {"bulk_1": 2, "bulk_24": 2, "bulk_192_4": 1, "bulk_192": 1, "benzenes": 4, "four_species": 4, "ellipsoids": 20}
SLOW_FRAMES = {("6", "benzenes"): 1, ("6", "bulk_1"): 2, ("9_6", "bulk_1"): 1, ("9_6", "ellipsoids"): 2}
LARGE = ("bulk_192_4", "bulk_192")  # with the small basis only


def cases(backends: dict[str, Any]) -> Iterator[tuple[str, str, str, str, int]]:
    """Backend, dtype, size, input and number of frames."""
    for backend, entry in backends.items():
        for dtype in entry.dtypes:
            for size in SIZES:
                for name, count in FRAMES.items():
                    if backend == "reference":
                        count = SLOW_FRAMES.get((size, name), 0)
                    if count and not (size == "9_6" and name in LARGE):
                        yield backend, dtype, size, name, count


def values(frames: list[Any], size: str, backend: str, dtype: str) -> dict[str, Any]:
    """The mean power spectrum, [frames, features], and the expansion of the first frame, flat."""
    from anisoap_opt import EllipsoidalDensityProjection

    calculator = EllipsoidalDensityProjection(**workloads.HYPERS[SIZES[size]], backend=backend, dtype=dtype)
    blocks = [np.asarray(block.values).ravel() for block in calculator.transform(frames[:1]).blocks()]
    return {"power spectrum": calculator.power_spectrum(frames), "expansion": np.concatenate(blocks)}


def main(asked: dict[str, Any]) -> None:
    """Write all arrays, and a sentence for each that cannot be computed."""
    from worker import check_package  # type: ignore[import-not-found] # the copy beside this one

    check_package(Path(asked["target"]))
    from anisoap_opt import BACKENDS

    arrays: dict[str, Any] = {}
    errors: dict[str, str] = {}
    frames = pickle.loads(Path(os.environ["ANISOAP_GATE_INPUTS"]).read_bytes())
    of_cpus = {name: entry for name, entry in BACKENDS.items() if getattr(entry, "on_cpu", True)}
    for backend, dtype, size, name, count in cases(of_cpus):
        case = f"{backend} {dtype} {size} {name}"
        try:
            found = values(frames[name][:count], size, backend, dtype)
        except Exception as error:  # whatever it is, the other build tells whether it matters
            errors[case] = f"{type(error).__name__}: {error}"
        else:
            arrays.update({f"{case} {what}": array for what, array in found.items()})
    check_package(Path(asked["target"]))
    np.savez(Path(asked["out"]).with_suffix(".npz"), **arrays)
    Path(asked["out"]).write_text(json.dumps(errors))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
