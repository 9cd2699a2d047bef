"""Measure the backends on a GPU: ``python -m benchmarks.gpu [--device cuda] [--out FILE] [--seconds 240]``.

One run tells what the device can do (copies, matrix products), that each backend's values are right (against
`reference`, small frames), and how many pairs a second each takes: the search alone, the kernel alone with its pairs on
the device, all that follows the reading of frames ("batch"), and `power_spectrum` as a whole. A part that fails leaves
its error, one that no time is left for says so, and the file of results is written after every part. It needs no
network. `benchmarks.gpu_figure` shows the results.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import gpu_figure, measure, workloads
from benchmarks.gpu_cases import ON_DEVICE, Case, Load, calculator, cases

DTYPES = ("float64", "float32")
SMALL = {"ellipsoids": 3, "benzenes": 1}
"""Frames that `reference` is asked for."""
BOUNDS = {"float64": 1e-10, "float32": 1e-4}
"""Of the error of power spectra against `reference`, relative to the largest value."""

MOST_PAIRS = {False: 4e6, True: 1e9}
"""Cases with more are left out of the parts that search for pairs, by whether all of the way is compiled."""


class Report:
    """Results by part, written to a file after every part, within a budget of time."""

    def __init__(self, path: Path | None, seconds: float) -> None:
        self.path, self.end = path, time.monotonic() + seconds
        self.parts: dict[str, Any] = {}

    def part(self, name: str, measured: Callable[..., Any], *arguments: Any) -> Any:
        """Call one part's function unless no time is left; its result, or None."""
        begin = time.monotonic()
        result = None
        if begin > self.end:
            self.parts[name] = {"skipped": "no time left"}
        else:
            try:
                result = measured(*arguments)
                self.parts[name] = result.summary() if hasattr(result, "summary") else result
            except Exception as error:  # one failure does not lose the rest
                self.parts[name] = {"error": f"{type(error).__name__}: {error}"[:2000]}
        print(f"{time.monotonic() - begin:6.1f} s  {name}: {json.dumps(self.parts[name])[:300]}", flush=True)
        if self.path is not None:
            self.path.write_text(json.dumps(self.parts, indent=1))
        return result


def seconds_per_call(call: Callable[[], Any], least: float) -> float:
    """Mean time of a call among so many that they take `least` seconds together, as Torch's timer waits for a GPU."""
    import torch
    from torch.utils.benchmark import Timer

    timer = Timer("call()", globals={"call": call}, num_threads=torch.get_num_threads())
    return float(timer.blocked_autorange(min_run_time=least).mean)


def machine(device: str) -> dict[str, Any]:
    """Names and versions."""
    import numba
    import torch
    import warp

    return {
        "host": measure.machine(),
        "numba threads": numba.get_num_threads(),
        **{one.__name__: one.__version__ for one in (torch, warp, numba, np)},
        "cuda of torch": torch.version.cuda,
        **({} if device == "cpu" else {"device": torch.cuda.get_device_name()}),
    }


def rates(device: str, tiny: bool) -> dict[str, float]:
    """Bytes a second of a copy on the device, read and written both counted; flops a second of matrix products."""
    import torch

    size, order, least = (1 << 20, 128, 0.0) if tiny else (1 << 30, 8192, 0.3)
    source = torch.rand(size // 8, dtype=torch.float64, device=device)
    target = torch.empty_like(source)
    found = {"copy": 2 * size / seconds_per_call(lambda: target.copy_(source), least)}
    for name in DTYPES:
        a = torch.rand((order, order), dtype=getattr(torch, name), device=device)
        out = torch.empty_like(a)
        found[name] = 2 * order**3 / seconds_per_call(lambda a=a, out=out: torch.mm(a, a, out=out), least)
    return found


def parity(device: str, tiny: bool) -> dict[str, float]:
    """Largest error against `reference` of each backend, dtype and size, relative to the largest value."""
    errors: dict[str, float] = {}
    for name, count in SMALL.items():
        for size in workloads.HYPERS if name == "ellipsoids" and not tiny else ("(6, None)",):
            frames = workloads.system(name)[:count]
            case = Case(name, lambda: [], size, center=name != "ellipsoids")
            expected = calculator(case, "reference", "float64", "cpu").power_spectrum(frames)
            for backend in (*ON_DEVICE, "numba"):
                for dtype in DTYPES:
                    found = calculator(case, backend, dtype, device).power_spectrum(frames)
                    error = float(np.abs(found - expected).max() / np.abs(expected).max())
                    errors[f"{name} {size} {backend} {dtype}"] = error
                    if not error <= BOUNDS[dtype]:
                        raise ValueError(f"{name} {size} {backend} {dtype}: off by {error:.3g} of the largest value")
    return errors


def kernel_alone(load: Load, backend: str, dtype: str, device: str) -> dict[str, float]:
    """Pairs a second of coefficients, and for `warp` of the moments alone and of the pull-back; pairs on the device."""
    kernel = load.kernel(backend, dtype, device)
    chunks = (
        [load.pairs] if backend == "numba" else list(load.chunks(backend, kernel.segments_per_chunk, dtype, device))
    )
    results = {}
    for name in ("coefficients", "moments") if backend == "warp" else ("coefficients",):
        method = getattr(kernel, name)
        seconds = seconds_per_call(lambda method=method: [method(one) for one in chunks], load.least)
        results[name] = len(load.pairs.j) / seconds
    if backend == "warp":
        adjoints = [kernel.coefficients(one) for one in chunks]  # any numbers would do
        seconds = seconds_per_call(lambda: [*map(kernel.pull_back, chunks, adjoints)], load.least)
        results["pull_back"] = len(load.pairs.j) / seconds
    return results


def search_alone(load: Load, backend: str, device: str) -> dict[str, float]:
    """From the host's particles to all pairs, on the device for `warp`."""

    def run() -> None:
        found = load.search(backend, device).pairs
        found.segments(0, found.num_segments)

    seconds = seconds_per_call(run, load.least)
    return {"seconds": seconds, "pairs/s": len(load.pairs.j) / seconds}


def from_batch(load: Load, backend: str, dtype: str, device: str) -> dict[str, float]:
    """From the host's checked particles to the mean power spectrum on the host, the second call."""
    from anisoap_opt.power_spectrum import reduced_power_spectrum

    def run() -> None:
        found = load.search(backend, device)
        reduced_power_spectrum(load.kernel(backend, dtype, device), load.batch, found, dtype)

    return rate_of_second(run, load)


def whole(load: Load, backend: str, dtype: str, device: str) -> dict[str, float]:
    """`power_spectrum` of ASE frames in memory, the second call."""
    made, frames = calculator(load.case, backend, dtype, device), load.case.frames()
    return rate_of_second(lambda: made.power_spectrum(frames), load)


def first_use(device: str) -> dict[str, float]:
    """Seconds of the first call of all, which compiles what is not on disk yet, and of the second."""
    made, frames = calculator(Case("", lambda: [], "(6, None)"), "warp", "float64", device), workloads.bulk(64, 1)
    names = ("first call, s", "second call, s")
    return {name: measure.seconds_of(lambda: made.power_spectrum(frames)) for name in names}


def rate_of_second(call: Callable[[], Any], load: Load) -> dict[str, float]:
    """Seconds of the second call, and pairs a second."""
    call()
    seconds = measure.seconds_of(call)
    return {"seconds": seconds, "pairs/s": len(load.pairs.j) / seconds}


def main() -> None:
    """Run all parts and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description="Measure the backends on a GPU.")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--tiny", action="store_true", help="sizes for a test")
    options = parser.parse_args()
    device, tiny, report = options.device, options.tiny, Report(options.out, options.seconds)
    report.part("machine", machine, device)
    report.part("first use", first_use, device)
    report.part("rates", rates, device, tiny)
    report.part("parity", parity, device, tiny)
    found = [report.part(f"pairs: {case.name}", Load, case, 0.0 if tiny else 0.3) for case in cases(tiny)]
    loads = list(filter(None, found))
    for load, backend in product(loads, ("warp", "numba")):
        host_or_device = device if backend in ON_DEVICE else "cpu"
        report.part(f"search: {load.case.name} {backend}", search_alone, load, backend, host_or_device)
    ways: dict[str, Callable[..., Any]] = {"kernel": kernel_alone, "batch": from_batch, "whole": whole}
    for backend, (what, measured) in product(("warp", "numba", "torch_full"), ways.items()):
        most = MOST_PAIRS[backend != "torch_full" or what == "kernel"]
        host_or_device = device if backend in ON_DEVICE else "cpu"
        for load, dtype in product(loads, DTYPES):
            if len(load.pairs.j) < most:
                report.part(
                    f"{what}: {load.case.name} {backend} {dtype}", measured, load, backend, dtype, host_or_device
                )
    failed = [name for name, found in report.parts.items() if "error" in found]
    print(f"\nfailed: {', '.join(failed) or 'nothing'}")
    if not {"machine", "first use", "rates", "parity"} & set(failed):
        print(f"\n{gpu_figure.numbers(report.parts)}")


if __name__ == "__main__":
    main()
