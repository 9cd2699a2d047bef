"""The gate's descriptors: what is computed, of which frames, and how often a round."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NOT_THE_CENTRE = {"subtract_center_contribution": True}
SMOOTH = {"cutoff_smoothing": 1.5}


@dataclass(frozen=True)
class Case:
    """A descriptor of the first `count` frames of that name, `calls` times a round, which takes 20 ms or more."""

    group: str
    backend: str
    size: str
    frames: str
    count: int
    calls: int
    more: dict[str, Any] = field(default_factory=dict)
    method: str = "power_spectrum"  # of the calculator, or of `benchmarks.linear_model.LinearModel`


# One type in a dense bulk: nearly all of the time is the kernel's. Four types: a good part is the coupling. The
# bulk of few frames fits into a second-level cache: beyond it, times differed by ten per cent with the place of pages.
# One bulk in random order, as dynamics leaves it, and one call for one particle: little of their time is the kernel's.
COMPILED = {
    "kernel-numba-6": Case("kernel", "numba", "(6, None)", "bulk_192", 8, 5),
    "kernel-numba-9_6": Case("kernel", "numba", "(9, 6)", "bulk_24", 28, 1),
    "kernel-numpy_only-6": Case("kernel", "numpy_only", "(6, None)", "bulk_24", 26, 1),
    "kernel-numpy_only-9_6": Case("kernel", "numpy_only", "(9, 6)", "bulk_1", 24, 1),
    "power_spectrum-numba": Case("power spectrum", "numba", "(6, None)", "bulk_192_4", 28, 1),
    "benzenes-numba": Case("systems", "numba", "(6, None)", "benzenes", 200, 2),
    "four_species-numba": Case("systems", "numba", "(6, None)", "four_species", 200, 1),
    "ellipsoids-numba": Case("systems", "numba", "(9, 6)", "ellipsoids", 200, 6, NOT_THE_CENTRE),
    "shuffled-numba": Case("bulk", "numba", "(6, None)", "shuffled_4000", 1, 2),
    "one_call-numba": Case("latency", "numba", "(6, None)", "ellipsoids", 1, 200, NOT_THE_CENTRE),
    "benzenes-numpy_only": Case("systems", "numpy_only", "(6, None)", "benzenes", 24, 1),
    "ellipsoids-numpy_only": Case("systems", "numpy_only", "(9, 6)", "ellipsoids", 120, 1, NOT_THE_CENTRE),
}
"""Benchmarks of the compiled and the NumPy backend; in the gate, torch must not be loaded by any of them."""

WITH_TORCH = {
    "benzenes-torch_full": Case("systems", "torch_full", "(6, None)", "benzenes", 20, 1),
    "expansion-numba": Case("expansion", "numba", "(6, None)", "bulk_192_4", 4, 4, method="transform"),
    "forces-numba": Case("derivatives", "numba", "(6, None)", "bulk_192_4", 8, 1, SMOOTH, method="forces"),
    "training-numba": Case("derivatives", "numba", "(9, 6)", "bulk_24", 4, 1, SMOOTH, method="training"),
}
