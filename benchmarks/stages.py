"""Print where the time of `power_spectrum` goes, per backend: ``python -m benchmarks.stages``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import measure, workloads
from benchmarks.common import calculator
from benchmarks.speed import ellipsoids
from benchmarks.table import markdown

BACKENDS = ("numpy_only", "numba")


def stages(backend: str, hypers: dict[str, Any], frames: list[Any]) -> dict[str, float]:
    """Milliseconds of each stage of one calculation."""
    from anisoap_opt import kernels
    from anisoap_opt.frames import ParticleBatch
    from anisoap_opt.power_spectrum import reduced_power_spectrum

    made = calculator(backend, hypers)
    find = kernels.load_search(backend)
    length = made.radial_basis.length
    batch = ParticleBatch.from_frames(frames, made.rotation_key).in_units_of(length)

    def search() -> Any:
        found = find(batch, made.cutoff_radius / length, self_pairs=False)
        found.pairs.segments(0, found.pairs.num_segments)  # a compiled search writes pairs only now
        return found

    found, kernel = search(), made._kernel(batch, made._basis)
    pairs = found.pairs.segments(0, found.pairs.num_segments)
    found = type(found)(pairs, found.blocks)

    def coefficients() -> None:
        step = 2000
        for first in range(0, pairs.num_segments, step):
            kernel.coefficients(pairs.segments(first, min(first + step, pairs.num_segments)))

    def mean() -> Any:
        return reduced_power_spectrum(kernel, batch, found, "float64")

    calls: dict[str, Callable[[], Any]] = {
        "frames: check and stack": lambda: ParticleBatch.from_frames(frames, made.rotation_key),
        "neighbours": search,
        "per-particle Gaussians": lambda: made._kernel(batch, made._basis),
        "kernel: coefficients": coefficients,
        "kernel, power spectrum and mean": mean,
        "power_spectrum, all": lambda: made.power_spectrum(frames),
    }
    return {name: 1e3 * measure.median_time(call, min_repeats=7) for name, call in calls.items()}


def main() -> None:
    """Print one table for each size of basis."""
    frames = ellipsoids()
    for size in workloads.HYPERS:
        hypers = {**workloads.HYPERS[size], "subtract_center_contribution": True}
        columns = [stages(backend, hypers, frames) for backend in BACKENDS]
        body = [[name, *(f"{column[name]:.1f}" for column in columns)] for name in columns[0]]
        print(markdown([f"{size}, {len(frames)} frames, ms", *BACKENDS], body), end="\n\n")
    print(measure.machine())


if __name__ == "__main__":
    main()
