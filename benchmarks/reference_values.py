"""Make the values that ``track_error`` compares with: ``python -m benchmarks.reference_values``.

They come from the backend `reference`, which follows the equations one pair at a time;
``tests/descriptor/test_reference_data.py`` holds that backend against AniSOAP's own descriptors.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks import common, stored_values, versions


def wanted() -> dict[str, common.Work]:
    """One work of every name that benchmarks ask values for."""
    works = (work for benchmark in versions.classes() for work in versions.works(benchmark))
    return {work.reference: work for work in works if work.reference}


def values(work: common.Work, backend: str = "reference") -> dict[str, np.ndarray]:
    """What a backend computes for the frames that values are stored for, in float64."""
    hypers = {name: value for name, value in work.hypers.items() if name != "dtype"}
    method = common.method_of(replace(work, backend=backend, hypers=hypers))
    return stored_values.blocks(method(work.frames[: work.reference_frames]))


def compute() -> dict[str, np.ndarray]:
    """Every value that a benchmark asks for, by ``reference/block``."""
    return {
        f"{reference}/{name}": array for reference, work in wanted().items() for name, array in values(work).items()
    }


def main() -> None:
    """Write the file."""
    found = compute()
    np.savez_compressed(stored_values.FILE, **found)
    print(f"{stored_values.FILE.name}: {len(found)} arrays, {stored_values.FILE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
