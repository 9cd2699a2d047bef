"""The values that ``track_error`` compares with, and how: ``python -m benchmarks.reference_values`` makes them.

``reference_values.npz`` has the power spectrum's mean over a frame, and the first ROWS centres of every block of a
TensorMap, for the frames that the benchmarks use.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("reference_values.npz")
ROWS = 2
"""Centres of each block that are stored."""
STORED_FRAMES = 2
"""Frames of each file of ``data/`` that values are stored for."""


def blocks(descriptor: Any) -> dict[str, np.ndarray]:
    """What is compared of a descriptor: an array as ``"mean"``, a TensorMap's blocks by keys like ``"1,0"``."""
    if not hasattr(descriptor, "blocks"):
        return {"mean": np.asarray(descriptor)}
    return {
        ",".join(str(int(value)) for value in key.values): np.asarray(block.values)[:ROWS]
        for key, block in descriptor.items()
    }


def largest_error(found: dict[str, np.ndarray], reference: str) -> float:
    """Largest deviation relative to the largest value of a block; infinite if a block or a shape is another one."""
    prefix = f"{reference}/"
    exact = {name.removeprefix(prefix): values for name, values in stored().items() if name.startswith(prefix)}
    if not exact:
        raise KeyError(f"no reference values for {reference!r}: run python -m benchmarks.reference_values")
    if {name: values.shape for name, values in found.items()} != {name: values.shape for name, values in exact.items()}:
        return float("inf")
    return max(float(np.abs(found[name] - exact[name]).max() / np.abs(exact[name]).max()) for name in exact)


@cache
def stored() -> dict[str, np.ndarray]:
    """All stored arrays, by ``reference/block``."""
    with np.load(FILE) as values:
        return dict(values)
