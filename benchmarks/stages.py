"""Where the time of `power_spectrum` goes: ``python -m benchmarks.stages``, or ``make stages``.

Prints a table for each of WORKLOADS, writes the numbers to docs/figures/stages.json and draws docs/figures/stages.png.
What a commit changed in a stage is for the gate to say.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks import measure, workloads
from benchmarks.common import calculator
from benchmarks.speed_tools import WITHOUT_CENTER, best, ellipsoids, in_turn
from benchmarks.stage_names import (
    COUPLING,
    FRAMES,
    GAUSSIANS,
    INCLUDES,
    KERNEL,
    REST,
    RESULTS,
    SEARCH,
    STAGES,
    WHOLE,
)
from benchmarks.table import markdown

BACKENDS = ("numba", "numpy_only")
HYPERS = workloads.HYPERS["(6, None)"]

ROUNDS, SECONDS = 7, 0.02
"""Stages take turns, so often; in a turn a call is repeated for about this time, and the shortest of all counts."""
SEGMENTS = 1000
"""Segments whose coefficients stay in a second-level cache, where the coupling of a compiled kernel reads them."""

Calls = dict[str, Callable[[], Any]]


class Workload(NamedTuple):
    """Frames, and what their time is divided by."""

    make: Callable[[], list[Any]]
    hypers: dict[str, Any]
    unit: str
    units: int


TINY = {**HYPERS, **WITHOUT_CENTER}
WORKLOADS = {
    "bulk, 20 000 particles in random order": Workload(
        lambda: workloads.bulk(20_000, 2, shuffled=True), HYPERS, "particle", 20_000
    ),
    "benzenes, 200 frames of 24 particles": Workload(
        lambda: workloads.system("benzenes"), HYPERS, "particle", 200 * 24
    ),
    "ellipsoids, 6826 frames of one or two particles": Workload(ellipsoids, TINY, "frame", 6826),
    "one frame of two particles": Workload(
        lambda: [next(one for one in workloads.system("ellipsoids") if len(one) == 2)], TINY, "call", 1
    ),
}


def stages(backend: str, hypers: dict[str, Any], frames: list[Any]) -> dict[str, float]:
    """Milliseconds of each stage of one calculation: those of STAGES that there are, and WHOLE.

    KERNEL and COUPLING are timed together with what comes before them, as the calculation does it, and that time is
    subtracted. REST is what the others leave of WHOLE. So what takes little may come out below zero.
    """
    made = calculator(backend, hypers)
    calls = calls_of(made, frames)
    calls[WHOLE] = lambda: made.power_spectrum(frames)
    shortest = [best(max(1, int(SECONDS / measure.best_time(call, 2))), call) for call in calls.values()]
    times = dict(zip(calls, (1e3 * in_turn(ROUNDS, *shortest).min(axis=1)).tolist(), strict=True))
    for stage, before in reversed(INCLUDES.items()):
        times[stage] -= times[before]
    whole = times.pop(WHOLE)
    return {**times, REST: whole - sum(times.values()), WHOLE: whole}


def calls_of(made: Any, frames: list[Any], *, by_pairs: bool = False) -> Calls:
    """A call for each stage of `power_spectrum`; INCLUDES tells which do the stage before as well.

    A commit whose package has other functions inside lacks some stages.

    Parameters
    ----------
    made : EllipsoidalDensityProjection
    frames : list of ase.Atoms
    by_pairs : bool
        Take the way by lists of pairs, as `transform` does, also where the backend has another one to sums.
    """
    from anisoap_opt import kernels
    from anisoap_opt.frames import ParticleBatch

    read = ParticleBatch.from_frames
    batch = read(frames, made.rotation_key).in_units_of(made.radial_basis.length)
    calls: Calls = {FRAMES: lambda: read(frames, made.rotation_key)}
    makers: tuple[Callable[[Any, Any], Calls], ...] = (_by_pairs,)
    # The package before improvements has no `sum_over_frames`.
    if getattr(kernels, "sum_over_frames", lambda name: None)(made.backend) and not by_pairs:
        from benchmarks.stages_compiled import calls_of_pairs, calls_of_particles

        makers = (calls_of_particles, calls_of_pairs)
    for make in makers:
        try:
            calls |= make(made, batch)
        except Exception as error:  # there is no end of ways in which other functions refuse
            print(f"stages that are lost: {make.__name__}: {error}")
    return calls


def _by_pairs(made: Any, batch: Any) -> Calls:
    """The way by lists of pairs, chunk by chunk; KERNEL searches too, and COUPLING does both."""
    from anisoap_opt import kernels
    from anisoap_opt.chunks import map_chunks
    from anisoap_opt.power_spectrum import reduced_power_spectrum

    find, radius = kernels.load_search(made.backend), made.cutoff_radius / made.radial_basis.length
    kernel = made._kernel(batch, made._basis)

    def search() -> Any:
        return find(batch, radius, self_pairs=not made.subtract_center_contribution)

    def run(function: Callable[[Any], Any]) -> None:
        for _ in map_chunks(lambda block, rows, pairs: function(pairs), kernel, search()):
            pass  # a compiled search writes pairs only now

    def coefficients(pairs: Any) -> None:
        for first in range(0, pairs.num_segments, SEGMENTS):
            kernel.coefficients(pairs.segments(first, min(first + SEGMENTS, pairs.num_segments)))

    return {
        GAUSSIANS: lambda: made._kernel(batch, made._basis),
        SEARCH: lambda: run(lambda pairs: None),
        KERNEL: lambda: run(coefficients),
        COUPLING: lambda: reduced_power_spectrum(kernel, batch, search(), "float64"),
    }


def stages_of_workload(backend: str, name: str) -> list[float]:
    """Microseconds of STAGES and WHOLE a unit of the workload; 0 for what there is not."""
    workload = WORKLOADS[name]
    times = stages(backend, workload.hypers, workload.make())
    return [1e3 * times.get(stage, 0.0) / workload.units for stage in (*STAGES, WHOLE)]


def measured() -> dict[str, Any]:
    """For each of WORKLOADS its unit, and the stages of BACKENDS, µs a unit."""
    found: dict[str, Any] = {"machine": measure.machine(), "workloads": {}}
    for name, workload in WORKLOADS.items():
        columns = {
            backend: dict(zip((*STAGES, WHOLE), stages_of_workload(backend, name), strict=True)) for backend in BACKENDS
        }
        found["workloads"][name] = {"unit": workload.unit, "columns": columns}
    return found


def main() -> None:
    """Measure, print the tables, and renew the figure."""
    import numba  # noqa: F401 - loaded first, so that its threads are pinned too

    from benchmarks.stages_figure import draw

    measure.pin_threads(1)
    found = measured()
    for name, of in found["workloads"].items():
        columns = of["columns"]
        body = [
            [stage, *(f"{one[stage]:.3g}" if one[stage] else "–" for one in columns.values())]
            for stage in (*STAGES, WHOLE)
        ]
        print(markdown([f"{name}, µs a {of['unit']}", *columns], body), end="\n\n")
    print(found["machine"])
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    draw(found, RESULTS.with_suffix(".png"))


if __name__ == "__main__":
    main()
