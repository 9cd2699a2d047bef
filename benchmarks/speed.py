"""Measure the speed targets and print each with pass or miss: ``python -m benchmarks.speed [ROW …]``.

Ratios come from one run on one machine, of calls that take turns. `reference` is timed on a few of the frames.
Everything but the rows about threads runs on one thread. Rows that need what is not installed say so and count as a
miss. What asv's classes measure has no row here: single calls, order of particles, each backend against N.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks import measure, workloads
from benchmarks.common import calculator
from benchmarks.kernels import DEGREES, KernelLoad, dgemm_rate
from benchmarks.measure import in_turn
from benchmarks.peers import PEER_SIZES, soap_power_spectrum
from benchmarks.speed_derivatives import derivative_rows, gradient_rows
from benchmarks.speed_folders import stream_memory_rows, stream_rows
from benchmarks.speed_tools import (
    BACKEND,
    WITHOUT_CENTER,
    Row,
    best,
    ellipsoids,
    file_of,
    on_threads,
    ratio,
    threads_ratio,
)
from benchmarks.starting import first_call
from benchmarks.table import markdown

HYPERS = workloads.HYPERS["(6, None)"]
GRID: dict[str, Any] = {"cutoff_radius": [3.0, 4.0, 5.0, 6.0, 7.0], "max_angular": [1, 2, 3, 4, 5, 6]}
"""Cutoffs and sizes of a sweep, n coupled to l, up to those that benzenes are described with elsewhere."""


def kernel_rows() -> Iterator[Row]:
    """Whole kernel, basis change included, as a share of dgemm."""
    from anisoap_opt.basis.recurrence import count_flops

    targets = {(6, "long"): 0.52, (6, "short"): 0.33, (21, "long"): 0.50, (21, "short"): 0.38}
    for (degree, lengths), target in targets.items():
        load = KernelLoad(BACKEND, degree, lengths)
        load.run()
        rates, seconds = in_turn(7, dgemm_rate, best(3, load.run))
        share = np.median(count_flops(degree) * load.num_pairs / seconds / rates)
        speed = np.median(load.num_pairs / seconds) / 1e6
        pairs = "50–75" if lengths == "long" else "about 7"
        what = f"kernel, degree {degree} {DEGREES[degree]}, segments of {pairs} pairs"
        yield what, f"{share:.0%} of dgemm, {speed:.3g} M pairs/s", f"{target:.0%}", bool(share >= target)


def reference_rows() -> Iterator[Row]:
    """`power_spectrum`, frames or a batch in memory to array, against `reference`."""
    from anisoap_opt import ParticleBatch

    batch = ParticleBatch.from_frames(ellipsoids())
    for name, given, frames, size, few, target in (
        ("ellipsoids", ellipsoids(), ellipsoids(), "(9, 6)", 10, 2000),
        ("ellipsoids", ellipsoids(), ellipsoids(), "(6, None)", 100, 250),
        ("a batch of ellipsoids", batch, ellipsoids(), "(6, None)", 100, 450),
        ("benzenes", workloads.system("benzenes"), workloads.system("benzenes"), "(6, None)", 4, 4000),
    ):
        hypers = {**workloads.HYPERS[size], **({} if name == "benzenes" else WITHOUT_CENTER)}
        slow, fast = (calculator(backend, hypers).power_spectrum for backend in ("reference", BACKEND))
        what = f"power_spectrum, {name}, {len(frames)} frames, {size}, against reference"
        calls = partial(slow, frames[:few]), partial(fast, given)
        yield ratio(what, *calls, least=target, repeats=2, work=(few, len(frames)), unit="µs a frame")


def thread_rows(targets: dict[int, float] | None = None, rounds: int = 5) -> Iterator[Row]:
    """Two threads against one; `targets` by number of particles."""
    for num_particles, target in (targets or {100_000: 1.9, 20_000: 1.8}).items():
        call = partial(calculator(BACKEND, HYPERS).power_spectrum, workloads.bulk(num_particles, 2))
        what = f"2 threads against 1, bulk N = {num_particles}"
        yield threads_ratio(what, target, partial(on_threads, call=call), rounds)


def file_rows(num_frames: int = 100_000) -> Iterator[Row]:
    """Reading a file."""
    import ase.io

    import anisoap_opt

    with file_of(num_frames) as path:
        calls = partial(ase.io.read, path, ":"), partial(anisoap_opt.read, path)
        what, work = f"reading ellipsoids, {num_frames} frames, against ase.io.read", (num_frames, num_frames)
        yield ratio(what, *calls, least=10, rounds=2, repeats=1, work=work, unit="µs a frame")


def memory_rows() -> Iterator[Row]:
    """Peak memory beyond the output, for one and for five times the frames."""
    power_spectrum = calculator(BACKEND, {**workloads.HYPERS["(9, 6)"], **WITHOUT_CENTER}).power_spectrum
    row_bytes = power_spectrum(ellipsoids()[:100]).nbytes // 100
    for times in (1, 5):
        frames = ellipsoids() * times
        beyond = measure.peak_memory(partial(power_spectrum, frames)) - len(frames) * row_bytes
        what = f"peak memory above that before the call and the output, {len(frames)} frames, (9, 6)"
        yield what, f"{beyond / 1e6:.0f} MB", "100 MB", beyond <= 100e6


def scaling_rows(sizes: tuple[int, ...] = (100, 1_000, 10_000, 100_000, 1_000_000)) -> Iterator[Row]:
    """Exponent of time against N at constant density, up to a million particles."""
    power_spectrum = calculator(BACKEND, HYPERS).power_spectrum
    times = np.array([best(5 if n < 100_000 else 1, power_spectrum, workloads.bulk(n, 2))() for n in sizes])
    exponent = np.polyfit(np.log(sizes), np.log(times), 1)[0]
    spread = ", ".join(f"{one:.3g}" for one in 1e6 * times / sizes)
    what = "bulk from N = 10² to 10⁶: exponent of time against N"
    yield what, f"{exponent:.3f} ({spread} µs a particle)", "1.05", bool(exponent <= 1.05)


def peer_rows(num_particles: int = 500, rounds: int = 5) -> Iterator[Row]:
    """Against featomic's isotropic power spectrum of the same frame."""
    frames = workloads.bulk(num_particles, 2)
    for size, target in {(6, 3): 6, (9, 6): 5}.items():
        theirs = soap_power_spectrum("featomic", frames[0], size)
        ours = calculator(BACKEND, PEER_SIZES[size]).power_spectrum
        for mean, layout in ((True, "the frame's mean"), (False, "every centre, as a TensorMap")):
            what = f"power_spectrum ({layout}), bulk N = {num_particles}, two types, {size}, "
            what += "against featomic's SoapPowerSpectrum"
            yield ratio(what, theirs, partial(ours, frames, mean), least=target, rounds=rounds, repeats=5)


def compile_rows() -> Iterator[Row]:
    """First calls of processes beyond imports, with an empty and with a filled cache of compiled code."""
    with tempfile.TemporaryDirectory() as folder:
        for what, target in (("first use ever, both sizes", 10.0), ("later processes, both sizes", 0.5)):
            seconds = sum(first_call(hypers, NUMBA_CACHE_DIR=folder) for hypers in workloads.HYPERS.values())
            yield f"{what}, beyond imports", f"{seconds:.2f} s", f"{target:g} s", seconds <= target


def sweep_rows(grid: dict[str, Any] = GRID, rounds: int = 7, target: float = 8) -> Iterator[Row]:
    """A grid of hyperparameters at once, against a calculator, made and called, for each set."""
    import anisoap_opt

    frames = workloads.system("benzenes")
    sweep = partial(anisoap_opt.sweep, frames, **{**HYPERS, "backend": BACKEND, **grid})
    sets = [hypers for hypers, _ in sweep()]

    def one_by_one() -> list[Any]:
        return [anisoap_opt.EllipsoidalDensityProjection(**hypers).power_spectrum(frames) for hypers in sets]

    pairs = zip(one_by_one(), (features for _, features in sweep()), strict=True)
    worst = max(np.abs(a - b).max() / np.abs(a).max() for a, b in pairs)
    cutoffs, sizes = (len(grid[name]) for name in GRID)
    what = f"sweep of {cutoffs} cutoffs × {sizes} sizes, benzenes, {len(frames)} frames, against {len(sets)} calls"
    at_once = partial(_exhaust, sweep)
    what, measured, wanted, passed = ratio(what, one_by_one, at_once, least=target, rounds=rounds, repeats=2, unit="ms")
    yield what, f"{measured}, off by {worst:.0e} at most", f"{wanted}, 1e-12", bool(passed and worst <= 1e-12)


def _exhaust(make: Callable[[], Iterator[Any]]) -> None:
    for _ in make():
        pass


ROWS: dict[str, Callable[[], Iterator[Row]]] = {
    "kernel": kernel_rows,
    "reference": reference_rows,
    "threads": thread_rows,
    "files": file_rows,
    "memory": memory_rows,
    "scaling": scaling_rows,
    "peers": peer_rows,
    "compile": compile_rows,
    "derivatives": derivative_rows,
    "gradients": gradient_rows,
    "sweep": sweep_rows,
    "stream": stream_rows,
    "stream-memory": stream_memory_rows,
}


def main() -> int:
    """Print the table; 0 if all pass, 1 if one is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description="Measure the speed targets.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; all unless given")
    names = parser.parse_args().rows
    if unknown := sorted(set(names) - set(ROWS)):
        parser.error(f"no such rows: {', '.join(unknown)}; there are {', '.join(ROWS)}")
    import numba  # noqa: F401 - loaded first, so that its threads are pinned too

    measure.pin_threads(1)
    body = []
    for name in names or ROWS:
        for what, measured, target, passed in rows_or_reason(name):
            body.append([what, measured, target, "pass" if passed else "MISS"])
            print(" | ".join(body[-1]), file=sys.stderr, flush=True)
    print(f"\n{measure.machine()}\n")
    print(markdown(["what", "measured", "at least / at most", ""], body))
    return int(any(row[-1] == "MISS" for row in body))


def rows_or_reason(name: str) -> Iterator[Row]:
    """Rows of this name, up to one that says what is not installed."""
    try:
        yield from ROWS[name]()
    except (ModuleNotFoundError, FileNotFoundError) as error:  # not installed; no /proc
        yield name, f"not measured: {error}", "", False


if __name__ == "__main__":
    sys.exit(main())
