"""Where the time of `power_spectrum` goes: ``python -m benchmarks.stages``, or ``make stages``.

Prints a table for each of WORKLOADS, writes the numbers to docs/figures/stages.json and draws docs/figures/stages.png.
What a commit changed in a stage is for the gate to say.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import measure, workloads
from benchmarks.common import calculator
from benchmarks.measure import in_turn
from benchmarks.speed_tools import ROOT, WITHOUT_CENTER, best, ellipsoids
from benchmarks.stage_names import (
    COUPLING,
    FRAMES,
    GAUSSIANS,
    INCLUDES,
    KERNEL,
    REST,
    SEARCH,
    STAGES,
    WHOLE,
)  # fmt: skip
from benchmarks.table import markdown

BACKENDS = ("numba", "numpy_only")
HYPERS = workloads.HYPERS["(6, None)"]
RESULTS = ROOT / "docs" / "figures" / "stages.json"
COLOURS = ("#999999", "#56b4e9", "#f0e442", "#0072b2", "#e69f00", "#009e73", "#dddddd")
"""One a stage; Okabe and Ito's, told apart by the colour-blind, and two greys."""

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


def measured() -> dict[str, Any]:
    """For each of WORKLOADS its unit, and the stages of BACKENDS, µs a unit; 0 for what there is not."""
    found: dict[str, Any] = {"machine": measure.machine(), "workloads": {}}
    for name, workload in WORKLOADS.items():
        times = {backend: stages(backend, workload.hypers, workload.make()) for backend in BACKENDS}
        columns = {
            backend: {stage: 1e3 * one.get(stage, 0.0) / workload.units for stage in (*STAGES, WHOLE)}
            for backend, one in times.items()
        }
        found["workloads"][name] = {"unit": workload.unit, "columns": columns}
    return found


def draw(found: dict[str, Any], path: Path) -> None:
    """Stacked bars of shares, one a workload and backend, with what `benchmarks.stages.measured` returns."""
    import matplotlib

    matplotlib.use("Agg")
    import pandas as pd

    bars = {
        f"{name}\n{backend}: {times[WHOLE]:.3g} µs a {of['unit']}": [max(times[stage], 0.0) for stage in STAGES]
        for name, of in found["workloads"].items()
        for backend, times in of["columns"].items()
    }  # a difference of two times may come out below zero
    table = pd.DataFrame(bars, index=STAGES).T
    shares = 100 * table.div(table.sum(axis=1), axis=0)
    axes = shares.plot.barh(stacked=True, width=0.7, color=COLOURS, edgecolor="white", figsize=(8, 5.6), legend=False)
    axes.invert_yaxis()
    axes.set(xlabel="share of the calculation, %", xlim=(0, 100))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params("y", labelsize=9)
    axes.figure.set_layout_engine("constrained")
    axes.figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    axes.figure.savefig(path, dpi=160)


def main() -> None:
    """Measure, print the tables, and renew the figure."""
    import numba  # noqa: F401 - loaded first, so that its threads are pinned too

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
