"""Measure the speed targets and print each with pass or miss: ``python -m benchmarks.speed [ROW …]``.

Ratios come from one run on one machine. `reference` is timed per frame on a prefix of the frames. Everything but the
row about threads runs on one thread. A row that needs something that is not installed says so and counts as a miss.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from anisoap_opt.basis.recurrence import count_flops
from benchmarks import measure, workloads
from benchmarks.kernels import DEGREES, KernelLoad, dgemm_rate
from benchmarks.peers import PEER_SIZES, soap_power_spectrum_time
from benchmarks.table import markdown

BACKEND = "numba"
FRAMES = 6826
ROOT = Path(__file__).resolve().parent.parent
Row = tuple[str, str, str, bool]  # what, measured, target, pass


def kernel_rows() -> Iterator[Row]:
    """Whole kernel, basis change included, as a share of dgemm."""
    targets = {(6, "long"): 0.40, (6, "short"): 0.25, (21, "long"): 0.45, (21, "short"): 0.35}
    for (degree, lengths), target in targets.items():
        load = KernelLoad(BACKEND, degree, lengths)
        load.run()
        shares, rates = [], []
        for _ in range(7):  # dgemm and kernel in turn: the machine's speed drifts
            rate = dgemm_rate()
            seconds = measure.best_time(load.run, 3)
            shares.append(count_flops(degree) * load.num_pairs / seconds / rate)
            rates.append(load.num_pairs / seconds)
        share = float(np.median(shares))
        pairs = "50–75" if lengths == "long" else "about 7"
        what = f"kernel, degree {degree} {DEGREES[degree]}, segments of {pairs} pairs"
        yield what, f"{share:.0%} of dgemm, {np.median(rates) / 1e6:.3g} M pairs/s", f"{target:.0%}", share >= target


def reference_rows() -> Iterator[Row]:
    """`power_spectrum`, ASE frames in memory to array, against `reference`."""
    off = {"subtract_center_contribution": True}
    cases = [
        ("ellipsoids", "(9, 6)", {**workloads.HYPERS["(9, 6)"], **off}, 10, 2000),
        ("ellipsoids", "(6, None)", {**workloads.HYPERS["(6, None)"], **off}, 100, 250),
        ("benzenes", "(6, None)", workloads.HYPERS["(6, None)"], 4, 2000),
    ]
    for name, size, hypers, prefix, target in cases:
        frames = ellipsoids() if name == "ellipsoids" else workloads.system(name)
        fast, slow = make(hypers), make(hypers, "reference")
        fast.power_spectrum(frames)
        ratios, seconds = [], []
        for _ in range(5):
            slow_time = measure.best_time(lambda: slow.power_spectrum(frames[:prefix]), 2) / prefix  # noqa: B023
            fast_time = measure.best_time(lambda: fast.power_spectrum(frames), 2) / len(frames)  # noqa: B023
            ratios.append(slow_time / fast_time)
            seconds.append(fast_time)
        ratio = float(np.median(ratios))
        what = f"power_spectrum, {name}, {len(frames)} frames, {size}, against reference"
        yield what, f"{ratio:.0f}×, {1e6 * np.median(seconds):.3g} µs a frame", f"{target}×", ratio >= target


def peer_rows() -> Iterator[Row]:
    """Against featomic's isotropic power spectrum of the same frame."""
    frames = workloads.bulk(500, 2)
    targets = {(6, 3): 6, (9, 6): 5}
    for (size, target), mean in product(targets.items(), (True, False)):
        layout = "the frame's mean" if mean else "every centre, as a TensorMap"
        what = f"power_spectrum ({layout}), bulk N = 500, two types, {size}, against featomic's SoapPowerSpectrum"
        ours = make({**PEER_SIZES[size]})
        ours.power_spectrum(frames, mean)
        ratios = []
        for _ in range(5):
            try:
                theirs = soap_power_spectrum_time("featomic", frames[0], size)
            except ModuleNotFoundError:
                break
            ratios.append(theirs / measure.best_time(lambda: ours.power_spectrum(frames, mean), 5))  # noqa: B023
        if not ratios:
            yield what, "not measured: pip install 'anisoap_opt[peers]'", f"{target}×", False
            continue
        ratio = float(np.median(ratios))
        yield what, f"{ratio:.1f}×", f"{target}×", ratio >= target


def memory_rows() -> Iterator[Row]:
    """Peak memory beyond the output, for one and for five times the frames."""
    hypers = {**workloads.HYPERS["(9, 6)"], "subtract_center_contribution": True}
    made = make(hypers)
    row_bytes = made.power_spectrum(ellipsoids()[:100]).nbytes // 100
    for times in (1, 5):
        frames = ellipsoids() * times
        output = len(frames) * row_bytes
        beyond = measure.peak_memory(lambda: made.power_spectrum(frames)) - output  # noqa: B023
        what = f"peak memory above that before the call and the output, {len(frames)} frames, (9, 6)"
        yield what, f"{beyond / 1e6:.0f} MB", "100 MB", beyond <= 100e6


def scaling_rows() -> Iterator[Row]:
    """Exponent of time against N at constant density, up to a million particles."""
    made = make(workloads.HYPERS["(6, None)"])
    sizes = [100, 1_000, 10_000, 100_000, 1_000_000]
    times = []
    for size in sizes:
        frames = workloads.bulk(size, 2)
        times.append(measure.best_time(lambda: made.power_spectrum(frames), 5 if size < 100_000 else 1))  # noqa: B023
    exponent = float(np.polyfit(np.log(sizes), np.log(times), 1)[0])
    spread = ", ".join(f"{1e6 * t / n:.3g}" for n, t in zip(sizes, times, strict=True))
    what = "bulk from N = 10² to 10⁶: exponent of time against N"
    yield what, f"{exponent:.3f} ({spread} µs a particle)", "1.05", exponent <= 1.05


def thread_rows() -> Iterator[Row]:
    """Two threads against one."""
    import numba

    if numba.config.NUMBA_NUM_THREADS < 2:
        yield "2 threads against 1, bulk N = 100 000", "not measured: one core, or NUMBA_NUM_THREADS=1", "1.8×", False
        return
    frames = workloads.bulk(100_000, 2)
    made = make(workloads.HYPERS["(6, None)"])
    made.power_spectrum(frames)
    ratios = []
    for _ in range(5):
        seconds = []
        for count in (1, 2):
            numba.set_num_threads(count)
            seconds.append(measure.best_time(lambda: made.power_spectrum(frames), 2))
        ratios.append(seconds[0] / seconds[1])
    numba.set_num_threads(1)
    ratio = float(np.median(ratios))
    yield "2 threads against 1, bulk N = 100 000", f"{ratio:.2f}×", "1.8×", ratio >= 1.8


def compile_rows() -> Iterator[Row]:
    """First call of a process beyond imports, with an empty and with a filled cache of compiled code."""
    code = (
        "import time\n"
        "from benchmarks import workloads\n"
        "from benchmarks.speed import make\n"
        "import numba, numpy\n"
        "frames = workloads.bulk(50, 1)\n"
        "total = 0.0\n"
        "for hypers in workloads.HYPERS.values():\n"
        "    calculator = make(hypers)\n"
        "    begin = time.perf_counter()\n"
        "    calculator.power_spectrum(frames)\n"
        "    total += time.perf_counter() - begin\n"
        "print(total)\n"
    )
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        for what, target in (("first use ever, both sizes", 10.0), ("later processes, both sizes", 0.5)):
            done = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=ROOT
            )
            seconds = float(done.stdout)
            yield f"{what}, beyond imports", f"{seconds:.2f} s", f"{target:g} s", seconds <= target


ROWS: dict[str, Callable[[], Iterator[Row]]] = {
    "kernel": kernel_rows,
    "reference": reference_rows,
    "peers": peer_rows,
    "memory": memory_rows,
    "scaling": scaling_rows,
    "threads": thread_rows,
    "compile": compile_rows,
}


def make(hypers: dict[str, Any], backend: str = BACKEND) -> Any:
    """A calculator."""
    from anisoap_opt import EllipsoidalDensityProjection

    return EllipsoidalDensityProjection(**hypers, backend=backend)


_ELLIPSOIDS: list[Any] = []


def ellipsoids() -> list[Any]:
    """The generated frames of tiny cells, made once a process by the generator in ``data/``."""
    if not _ELLIPSOIDS:
        import ase.io

        with tempfile.TemporaryDirectory() as folder:
            generator = ROOT / "data" / "create_ellipsoids.py"
            command = [sys.executable, str(generator), "--frames", str(FRAMES), "--out", folder]
            subprocess.run(command, check=True, capture_output=True)
            _ELLIPSOIDS.extend(ase.io.read(Path(folder) / "ellipsoids.xyz", ":"))
    return _ELLIPSOIDS


def main(names: list[str]) -> int:
    """Print the table; 0 if all pass, 1 if one is missed, 2 for a row that does not exist."""
    import numba  # noqa: F401 - loaded first, so that its threads are pinned too

    measure.pin_threads(1)
    unknown = sorted(set(names) - set(ROWS))
    if unknown:
        print(f"no such rows: {', '.join(unknown)}; there are {', '.join(ROWS)}", file=sys.stderr)
        return 2
    body = []
    for name in names or ROWS:
        for what, measured, target, passed in ROWS[name]():
            body.append([what, measured, target, "pass" if passed else "MISS"])
            print(" | ".join(body[-1]), file=sys.stderr, flush=True)
    print(f"\n{measure.machine()}\n")
    print(markdown(["what", "measured", "at least / at most", ""], body))
    return int(any(row[-1] == "MISS" for row in body))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
