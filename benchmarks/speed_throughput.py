"""Rows of `benchmarks.speed` about all that surrounds the kernel: files, batches, single calls, order, size, threads.

Each function takes its sizes as arguments, so that tests can run it on small ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure, workloads
from benchmarks.base_and_head import SIZE, NotMeasured, base_and_head
from benchmarks.common import calculator
from benchmarks.speed_tools import BACKEND, WITHOUT_CENTER, Row, best, ellipsoids, ellipsoids_text, in_turn

HYPERS = workloads.HYPERS[SIZE]
TINY = {**HYPERS, **WITHOUT_CENTER}
SIZES = (100, 250, 500, 1_000, 4_000, 10_000)
NUMPY_AND_TORCH = ("numpy_only", "torch_mixed", "torch_full")


@contextmanager
def file_of(num_frames: int, generated: int = 10_000) -> Iterator[Path]:
    """A file of `ellipsoids`: so many frames, the first `generated` ones again and again."""
    generated = min(num_frames, generated)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ellipsoids.xyz"
        with path.open("wb") as file:
            for _ in range(num_frames // generated):
                file.write(ellipsoids_text(generated))
        yield path


def against_base(what: str, target: float, rounds: int, task: str, *arguments: Any, most: float = np.inf) -> Row:
    """How many times faster than the older commit a task is, if it takes no more than `most` seconds."""
    wanted = f"{target:g}×" + (f", {1e3 * most:g} ms" if most < np.inf else "")
    try:
        base, head = base_and_head(rounds, task, *arguments)
    except NotMeasured as reason:
        return what, f"not measured: {reason}", wanted, False
    ratio, seconds = np.median(base / head), np.median(head)
    return what, f"{ratio:.2f}×, {1e3 * seconds:.3g} ms", wanted, bool(ratio >= target and seconds <= most)


def file_rows(num_frames: int = 100_000) -> Iterator[Row]:
    """Reading, and the whole way from a file to features."""
    import ase.io

    import anisoap_opt

    with file_of(num_frames) as path:
        theirs, ours = partial(ase.io.read, path, ":"), partial(anisoap_opt.read, path)
        slow, fast = in_turn(2, best(1, theirs), best(2, ours))
        ratio, target = np.median(slow / fast), 10
        what = f"reading ellipsoids, {num_frames} frames, against ase.io.read"
        yield what, f"{ratio:.1f}×, {1e6 * np.median(fast) / num_frames:.3g} µs a frame", f"{target}×", ratio >= target
        what = f"file to features, ellipsoids, {num_frames} frames, {SIZE}, against ase.io.read and the commit before"
        yield against_base(what, 8, 2, "features", str(path))


def file_memory_rows(counts: tuple[int, ...] = (100_000, 1_000_000)) -> Iterator[Row]:
    """Peak memory of reading by blocks and throwing away the features of each."""
    import anisoap_opt

    power_spectrum = calculator(BACKEND, TINY).power_spectrum

    def run(path: Path) -> None:
        for batch in anisoap_opt.iread(path):
            power_spectrum(batch)

    for num_frames in counts:
        with file_of(num_frames) as path:
            run(workloads.data_folder() / "ellipsoids.xyz")
            beyond = measure.peak_memory(partial(run, path))
        what = f"peak memory of file to features by blocks, ellipsoids, {num_frames} frames, {SIZE}"
        yield what, f"{beyond / 1e6:.0f} MB", "100 MB", beyond <= 100e6


def reference_rows() -> Iterator[Row]:
    """`power_spectrum`, frames or a batch in memory to array, against `reference`, which is timed on a few frames."""
    from anisoap_opt import ParticleBatch

    cases: list[tuple[str, Callable[[], Any], str, dict[str, Any], int, float]] = [
        ("ellipsoids", ellipsoids, "(9, 6)", WITHOUT_CENTER, 10, 2000),
        ("ellipsoids", ellipsoids, SIZE, WITHOUT_CENTER, 100, 250),
        ("a batch of ellipsoids", lambda: ParticleBatch.from_frames(ellipsoids()), SIZE, WITHOUT_CENTER, 100, 450),
        ("benzenes", partial(workloads.system, "benzenes"), SIZE, {}, 4, 4000),
    ]
    for name, make, size, changes, prefix, target in cases:
        frames = workloads.system(name) if name == "benzenes" else ellipsoids()
        given = make()
        slow, fast = (calculator(backend, {**workloads.HYPERS[size], **changes}) for backend in ("reference", BACKEND))
        fast.power_spectrum(given)
        measures = best(2, slow.power_spectrum, frames[:prefix]), best(2, fast.power_spectrum, given)
        slow_times, fast_times = in_turn(5, *measures) / [[prefix], [len(frames)]]
        ratio = np.median(slow_times / fast_times)
        what = f"power_spectrum, {name}, {len(frames)} frames, {size}, against reference"
        yield what, f"{ratio:.0f}×, {1e6 * np.median(fast_times):.3g} µs a frame", f"{target}×", ratio >= target


def call_rows(rounds: int = 7) -> Iterator[Row]:
    """One call for one frame."""
    for count, words in ((1, "one particle"), (2, "two particles")):
        what = f"one call, {words}, {SIZE}, against the commit before"
        yield against_base(what, 5, rounds, "one_call", count, most=0.15e-3)


def order_rows(
    small: int = 250, large: int = 100_000, largest: int = 1_000_000, rounds: int = 3, particles: int = 20_000
) -> Iterator[Row]:
    """One bulk frame: particles in random order and in that of a lattice, few of them and many.

    Small frames are computed again and again for one time, `particles` in all.
    """
    for shuffled, words, target in ((True, "random order", 2.2), (False, "lattice order", 1.5)):
        what = f"bulk N = {large}, {words}, against the commit before"
        yield against_base(what, target, rounds, "bulk", large, shuffled)

    power_spectrum = calculator(BACKEND, HYPERS).power_spectrum
    cases = {"small": (small, True), "random": (large, True), "lattice": (large, False), "largest": (largest, True)}
    frames = {name: workloads.bulk(n, 2, shuffled=shuffled) for name, (n, shuffled) in cases.items()}
    many = {name: max(1, particles // n) for name, (n, _) in cases.items()}
    power_spectrum(frames["small"])
    times = in_turn(rounds, *(best(many[name], power_spectrum, frames[name]) for name in cases))
    of = {name: one / cases[name][0] for name, one in zip(cases, times, strict=True)}  # seconds a particle
    comparisons = [
        (f"bulk N = {large}, random against lattice order", "random", "lattice", 1.05),
        (f"bulk N = {largest} against {large}, random order, per particle", "largest", "random", 1.15),
        (f"bulk N = {small} against {large}, random order, per particle", "small", "random", 1.5),
    ]
    for what, name, other, target in comparisons:
        ratio = np.median(of[name] / of[other])
        pair = " and ".join(f"{1e6 * np.median(of[one]):.3g}" for one in (name, other))
        yield what, f"{ratio:.2f}×, {pair} µs a particle", f"{target:g}×", ratio <= target


def thread_rows(targets: dict[int, float] | None = None, rounds: int = 5) -> Iterator[Row]:
    """Two threads against one; `targets` by number of particles."""
    import numba

    for num_particles, target in (targets or {100_000: 1.9, 20_000: 1.8}).items():
        what = f"2 threads against 1, bulk N = {num_particles}"
        if numba.config.NUMBA_NUM_THREADS < 2:
            yield what, "not measured: one core, or NUMBA_NUM_THREADS=1", f"{target}×", False
            continue
        frames = workloads.bulk(num_particles, 2)
        power_spectrum = calculator(BACKEND, HYPERS).power_spectrum
        power_spectrum(frames)
        run = best(2, power_spectrum, frames)
        one, two = in_turn(rounds, partial(_on_threads, 1, run), partial(_on_threads, 2, run))
        numba.set_num_threads(1)
        ratio = np.median(one / two)
        yield what, f"{ratio:.2f}×", f"{target}×", ratio >= target


def _on_threads(count: int, run: Callable[[], float]) -> float:
    import numba

    numba.set_num_threads(count)
    return run()


def backend_rows(sizes: tuple[int, ...] = SIZES, rounds: int = 3, particles: int = 2_000) -> Iterator[Row]:
    """The NumPy and Torch backends: time a particle, whatever the size of a frame; `particles` as in `order_rows`."""
    for backend in NUMPY_AND_TORCH:
        what = f"{backend}, bulk N = {min(sizes)} to {max(sizes)}, largest against smallest time a particle"
        try:
            power_spectrum = calculator(backend, HYPERS).power_spectrum
        except NotImplementedError as reason:
            yield what, f"not measured: {reason}", "2×", False
            continue
        frames = [workloads.bulk(n, 2) for n in sizes]
        power_spectrum(frames[0])
        repeats = [max(1, particles // n) for n in sizes]
        calls = (best(many, power_spectrum, one) for many, one in zip(repeats, frames, strict=True))
        times = np.median(in_turn(rounds, *calls), axis=1) / sizes
        ratio = times.max() / times.min()
        spread = ", ".join(f"{one:.3g}" for one in 1e6 * times)
        yield what, f"{ratio:.2f}× ({spread} µs a particle)", "2×", ratio <= 2
