"""Print how far float32 is from float64, per backend and size of basis: ``python -m benchmarks.accuracy``.

The error is the largest deviation of any value relative to the largest value of its block (a centre type, and for the
expansion an l), over every centre of a few frames of ``data/``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import measure, workloads
from benchmarks.common import BACKENDS, calculator
from benchmarks.table import markdown

SIZES: dict[str, dict[str, Any]] = {
    **workloads.HYPERS,
    "(10, 10)": {**workloads.HYPERS["(9, 6)"], "max_angular": 10, "max_radial": 10, "cutoff_radius": 5.0,
                 "radial_gaussian_width": 2.5},
}  # fmt: skip
FRAMES = {"benzenes": 4, "ellipsoids": 40}


def block_values(hypers: dict[str, Any], backend: str, dtype: str, system: str) -> list[list[np.ndarray]]:
    """Values of the blocks of the expansion, and of those of the power spectrum of every centre."""
    made = calculator(backend, {**hypers, "dtype": dtype})
    frames = workloads.system(system)[: FRAMES[system]]
    maps = made.transform(frames), made.power_spectrum(frames, mean_over_samples=False)
    return [[np.asarray(block.values) for block in one.blocks()] for one in maps]


def largest_error(values: list[np.ndarray], exact: list[np.ndarray]) -> float:
    """Largest deviation relative to the largest value of the block."""
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(values, exact, strict=True))


def main() -> None:
    """Print the table."""
    body = []
    for size, hypers in SIZES.items():
        exact = {system: block_values(hypers, "numpy_only", "float64", system) for system in FRAMES}
        for backend in BACKENDS:
            try:
                values = {system: block_values(hypers, backend, "float32", system) for system in FRAMES}
            except NotImplementedError:  # not installed, or float64 only
                continue
            pairs = [(values[system][k], exact[system][k]) for system in FRAMES for k in (0, 1)]
            body.append([size, backend, *(f"{largest_error(*pair):.0e}" for pair in pairs)])
    header = [f"{system}: {what}" for system in FRAMES for what in ("expansion", "power spectrum")]
    print(markdown(["size", "backend", *header], body))
    print(f"\n{measure.machine()}")


if __name__ == "__main__":
    main()
