"""The values that ``track_error`` compares with; ``python -m benchmarks.reference_values`` makes them again.

They come from the backend `reference`, which follows the equations one pair at a time;
``tests/descriptor/test_reference_data.py`` holds that backend against AniSOAP's own descriptors.
``reference_values.npz`` has the power spectrum's mean over a frame, and the first ROWS centres of every block of the
expansion, for the frames that the benchmarks use.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("reference_values.npz")
ROWS = 2
"""Centres of each block of the expansion that are stored."""


def descriptors(calculator: Any, frames: list[Any], method: str) -> dict[str, np.ndarray]:
    """Arrays of a descriptor by block: ``"mean"`` for the power spectrum, keys like ``"1,0"`` for the expansion."""
    if method == "power_spectrum":
        return {"mean": np.asarray(calculator.power_spectrum(frames))}
    expansion = calculator.transform(frames)
    return {
        ",".join(str(int(value)) for value in key.values): np.asarray(block.values)[:ROWS]
        for key, block in expansion.items()
    }


def largest_error(found: dict[str, np.ndarray], reference: str) -> float:
    """Largest deviation relative to the largest value of a block; infinite if a block or a shape is another one."""
    prefix = f"{reference}/"
    exact = {name.removeprefix(prefix): values for name, values in _stored().items() if name.startswith(prefix)}
    if not exact:
        raise KeyError(f"no reference values for {reference!r}: run python -m benchmarks.reference_values")
    if {name: values.shape for name, values in found.items()} != {name: values.shape for name, values in exact.items()}:
        return float("inf")
    return max(float(np.abs(found[name] - exact[name]).max() / np.abs(exact[name]).max()) for name in exact)


@cache
def _stored() -> dict[str, np.ndarray]:
    with np.load(FILE) as stored:
        return dict(stored)


def stored_for(references: set[str]) -> list[tuple[str, np.ndarray]]:
    """What is stored under these names, with the names of the arrays, in order."""
    return sorted((name, values) for name, values in _stored().items() if name.split("/")[0] in references)


def compute() -> dict[str, np.ndarray]:
    """Every value that a benchmark asks for, by ``reference/block``."""
    from benchmarks import versions
    from benchmarks.common import calculator

    values: dict[str, np.ndarray] = {}
    done: set[str] = set()
    for benchmark in versions.classes():
        for work in versions.works(benchmark):
            if not work.reference or work.reference in done:
                continue
            done.add(work.reference)
            hypers = {key: value for key, value in work.hypers.items() if key not in ("dtype", "device")}
            frames = work.frames[: work.reference_frames]
            found = descriptors(calculator("reference", hypers), frames, work.method)
            values.update({f"{work.reference}/{name}": array for name, array in found.items()})
    return values


def main() -> None:
    """Write the file."""
    values = compute()
    np.savez_compressed(FILE, **values)
    print(f"{FILE.name}: {len(values)} arrays, {FILE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
