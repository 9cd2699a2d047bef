"""Measure the speed targets and print each with pass or miss: ``python -m benchmarks.speed [ROW …]``.

Ratios come from one run on one machine. `reference` is timed per frame on a prefix of the frames. Everything but the
rows about threads runs on one thread. A row that needs something that is not installed says so and counts as a miss.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import numpy as np

from anisoap_opt.basis.recurrence import count_flops
from benchmarks import measure, speed_streaming, speed_throughput, workloads
from benchmarks.common import calculator
from benchmarks.kernels import DEGREES, KernelLoad, dgemm_rate
from benchmarks.peers import GRADIENT_SIZE, PEER_SIZES, soap_power_spectrum
from benchmarks.speed_derivatives import derivative_rows
from benchmarks.speed_sweep import sweep_rows
from benchmarks.speed_tools import BACKEND, ROOT, WITHOUT_CENTER, Row, best, ellipsoids, in_turn
from benchmarks.table import markdown


def kernel_rows() -> Iterator[Row]:
    """Whole kernel, basis change included, as a share of dgemm."""
    targets = {(6, "long"): 0.52, (6, "short"): 0.33, (21, "long"): 0.50, (21, "short"): 0.38}
    for (degree, lengths), target in targets.items():
        load = KernelLoad(BACKEND, degree, lengths)
        load.run()
        rates, seconds = in_turn(7, dgemm_rate, best(3, load.run))
        share = np.median(count_flops(degree) * load.num_pairs / seconds / rates)
        speed = np.median(load.num_pairs / seconds) / 1e6
        pairs = "50–75" if lengths == "long" else "about 7"
        what = f"kernel, degree {degree} {DEGREES[degree]}, segments of {pairs} pairs"
        yield what, f"{share:.0%} of dgemm, {speed:.3g} M pairs/s", f"{target:.0%}", share >= target


def peer_rows() -> Iterator[Row]:
    """Against featomic's isotropic power spectrum of the same frame."""
    frames = workloads.bulk(500, 2)
    for (size, target), mean in product({(6, 3): 6, (9, 6): 5}.items(), (True, False)):
        layout = "the frame's mean" if mean else "every centre, as a TensorMap"
        what = f"power_spectrum ({layout}), bulk N = 500, two types, {size}, against featomic's SoapPowerSpectrum"
        try:
            theirs = soap_power_spectrum("featomic", frames[0], size)
        except ModuleNotFoundError:
            yield what, "not measured: pip install 'anisoap_opt[peers]'", f"{target}×", False
            continue
        ours = calculator(BACKEND, PEER_SIZES[size]).power_spectrum
        theirs()
        ours(frames, mean)
        their_times, our_times = in_turn(5, best(5, theirs), best(5, ours, frames, mean))
        ratio = np.median(their_times / our_times)
        yield what, f"{ratio:.1f}×", f"{target}×", ratio >= target


def gradient_rows() -> Iterator[Row]:
    """Explicit gradients in positions, against featomic's and against central differences."""
    frames = workloads.bulk(500, 2)
    target = 4
    what = f"gradients in positions, every centre, bulk N = 500, two types, {GRADIENT_SIZE}, "
    ours = calculator(BACKEND, PEER_SIZES[GRADIENT_SIZE]).power_spectrum
    for layout, symmetric in {"": False, " (symmetric=True)": True}.items():
        try:
            theirs = soap_power_spectrum("featomic", frames[0], GRADIENT_SIZE, gradients=True)
        except ModuleNotFoundError:
            yield f"{what}against featomic's{layout}", "not measured: pip install 'anisoap_opt[peers]'", "4×", False
            continue
        call = partial(ours, frames, False, symmetric=symmetric, compute_gradients=True)
        theirs()
        call()
        their_times, our_times = in_turn(5, best(3, theirs), best(3, call))
        ratio = np.median(their_times / our_times)
        yield f"{what}against featomic's{layout}", f"{ratio:.1f}×", f"{target}×", ratio >= target
    frame, target = workloads.system("benzenes")[0], 2
    displaced = [frame.copy() for _ in range(6 * len(frame))]
    for k, one in enumerate(displaced):
        one.positions[k // 6, k % 3] += 1e-3 if k % 6 < 3 else -1e-3
    power_spectrum = calculator(BACKEND, workloads.HYPERS["(6, None)"]).power_spectrum
    for mean in (True, False):
        explicit = partial(power_spectrum, [frame], mean, compute_gradients=True)
        differences = partial(power_spectrum, displaced, mean)
        explicit()
        differences()
        slow_times, fast_times = in_turn(7, best(5, differences), best(5, explicit))
        ratio = np.median(slow_times / fast_times)
        of = "the frame's mean" if mean else "every centre"
        what = f"gradients in positions, {of}, 24 particles, (6, None), against {len(displaced)} displaced copies"
        yield what, f"{ratio:.1f}×, {1e3 * np.median(fast_times):.2g} ms", f"{target}×", ratio >= target


def memory_rows() -> Iterator[Row]:
    """Peak memory beyond the output, for one and for five times the frames."""
    power_spectrum = calculator(BACKEND, {**workloads.HYPERS["(9, 6)"], **WITHOUT_CENTER}).power_spectrum
    row_bytes = power_spectrum(ellipsoids()[:100]).nbytes // 100
    for times in (1, 5):
        frames = ellipsoids() * times
        beyond = measure.peak_memory(partial(power_spectrum, frames)) - len(frames) * row_bytes
        what = f"peak memory above that before the call and the output, {len(frames)} frames, (9, 6)"
        yield what, f"{beyond / 1e6:.0f} MB", "100 MB", beyond <= 100e6


def scaling_rows() -> Iterator[Row]:
    """Exponent of time against N at constant density, up to a million particles."""
    power_spectrum = calculator(BACKEND, workloads.HYPERS["(6, None)"]).power_spectrum
    sizes = np.array([100, 1_000, 10_000, 100_000, 1_000_000])
    times = np.array([best(5 if n < 100_000 else 1, power_spectrum, workloads.bulk(int(n), 2))() for n in sizes])
    exponent = np.polyfit(np.log(sizes), np.log(times), 1)[0]
    spread = ", ".join(f"{one:.3g}" for one in 1e6 * times / sizes)
    what = "bulk from N = 10² to 10⁶: exponent of time against N"
    yield what, f"{exponent:.3f} ({spread} µs a particle)", "1.05", exponent <= 1.05


FIRST_CALLS = """
from functools import partial
import numba, numpy
from anisoap_opt import EllipsoidalDensityProjection
from benchmarks import measure, workloads
total, frames = 0.0, workloads.bulk(50, 1)
for hypers in workloads.HYPERS.values():
    total += measure.seconds_of(partial(EllipsoidalDensityProjection(**hypers, backend="numba").power_spectrum, frames))
print(total)
"""


def compile_rows() -> Iterator[Row]:
    """First call of a process beyond imports, with an empty and with a filled cache of compiled code."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {**os.environ, "NUMBA_CACHE_DIR": folder}
        for what, target in (("first use ever, both sizes", 10.0), ("later processes, both sizes", 0.5)):
            command = [sys.executable, "-c", FIRST_CALLS]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=variables, cwd=ROOT)
            seconds = float(done.stdout)
            yield f"{what}, beyond imports", f"{seconds:.2f} s", f"{target:g} s", seconds <= target


ROWS: dict[str, Callable[[], Iterator[Row]]] = {
    "kernel": kernel_rows,
    "files": speed_throughput.file_rows,
    "file-memory": speed_throughput.file_memory_rows,
    "reference": speed_throughput.reference_rows,
    "calls": speed_throughput.call_rows,
    "order": speed_throughput.order_rows,
    "backends": speed_throughput.backend_rows,
    "peers": peer_rows,
    "gradients": gradient_rows,
    "memory": memory_rows,
    "scaling": scaling_rows,
    "threads": speed_throughput.thread_rows,
    "compile": compile_rows,
    "derivatives": derivative_rows,
    "sweep": sweep_rows,
    "stream": speed_streaming.stream_rows,
    "stream-memory": speed_streaming.stream_memory_rows,
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
        for what, measured, target, passed in ROWS[name]():
            body.append([what, measured, target, "pass" if passed else "MISS"])
            print(" | ".join(body[-1]), file=sys.stderr, flush=True)
    print(f"\n{measure.machine()}\n")
    print(markdown(["what", "measured", "at least / at most", ""], body))
    return int(any(row[-1] == "MISS" for row in body))


if __name__ == "__main__":
    sys.exit(main())
