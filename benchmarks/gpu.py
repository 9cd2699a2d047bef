"""Measure the backends on a GPU: ``python -m benchmarks.gpu [--device cuda] [--out FILE] [--seconds 280]``.

One run tells what the device can do (copies, matrix products), that each backend's values are right (against
`reference`, small frames), and how many pairs a second each takes: the search alone, the kernel alone with its pairs on
the device, all that follows the reading of frames ("batch"), and `power_spectrum` as a whole. A part that fails leaves
its error, one that no time is left for says so, and the file of results is written after every part. It needs no
network.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import warnings
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from benchmarks import measure, workloads
from benchmarks.gpu_cases import ON_DEVICE, Case, Load, calculator, cases, compiled_search
from benchmarks.gpu_report import command_line, seconds_per_call, synchronize
from benchmarks.table import markdown

DTYPES = ("float64", "float32")
SMALL = {"ellipsoids": 3, "benzenes": 1}
"""Frames that `reference` is asked for."""
BOUNDS = {"float64": 1e-10, "float32": 1e-4}
"""Of the error of power spectra against `reference`, relative to the largest value."""

SLOWEST = {False: 1e6, True: 2e7}
"""Pairs a second that are at least expected, by whether all of the way is compiled: for the budget of time."""
MOST_PAIRS = {False: 4e6, True: 1e9}
"""Cases with more are left out of the parts that search for pairs, likewise."""


def machine(device: str) -> dict[str, Any]:
    """Names and versions."""
    import numba
    import torch
    import warp

    found: dict[str, Any] = {
        "host": measure.machine(),
        "numba threads": numba.get_num_threads(),
        **{one.__name__: one.__version__ for one in (torch, warp, numba, np)},
        "cuda of torch": torch.version.cuda,
    }
    if device != "cpu":
        found["device"] = torch.cuda.get_device_name()
        properties = torch.cuda.get_device_properties(0)
        names = ("major", "minor", "total_memory", "multi_processor_count", "L2_cache_size")
        found["properties"] = {name: getattr(properties, name, None) for name in names}
        if shutil.which("nvidia-smi"):
            query = ["nvidia-smi", "--query-gpu=name,driver_version,clocks.sm,clocks.max.sm,memory.total"]
            found["nvidia-smi"] = subprocess.run([*query, "--format=csv"], capture_output=True, text=True).stdout
    return found


def rates(device: str, tiny: bool) -> dict[str, float]:
    """Bytes a second of a copy on the device, read and written both counted; flops a second of matrix products."""
    import torch

    size, order, least = (1 << 20, 128, 0.0) if tiny else (1 << 30, 8192, 0.3)
    source = torch.rand(size // 8, dtype=torch.float64, device=device)
    target = torch.empty_like(source)
    found = {"copy": 2 * size / seconds_per_call(lambda: target.copy_(source), device, least)}
    for name in DTYPES:
        a = torch.rand((order, order), dtype=getattr(torch, name), device=device)
        out = torch.empty_like(a)
        found[name] = 2 * order**3 / seconds_per_call(lambda a=a, out=out: torch.mm(a, a, out=out), device, least)
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


def kernel_alone(load: Load, backend: str, dtype: str, device: str, ceilings: dict[str, float]) -> dict[str, Any]:
    """Pairs a second of coefficients, and for `warp` of the moments alone, with the pairs on the device."""
    from anisoap_opt.basis.recurrence import count_flops

    device = device if backend in ON_DEVICE else "cpu"
    kernel = load.kernel(backend, dtype, device)
    here = backend == "numba"
    chunks = [load.pairs] if here else list(load.chunks(backend, kernel.segments_per_chunk, dtype, device))
    begin = time.perf_counter()
    kernel.coefficients(chunks[0])
    synchronize(device)
    first = time.perf_counter() - begin
    results: dict[str, Any] = {"first call, s": first, "chunks": len(chunks)}
    pairs, width = len(load.pairs.j), 8 if dtype == "float64" else 4
    for name in ("coefficients", "moments") if backend == "warp" else ("coefficients",):
        method = getattr(kernel, name)
        rate = pairs / seconds_per_call(lambda method=method: [method(one) for one in chunks], device, load.least)
        results[name] = rate
        if backend == "warp":
            flops, moved = rate * count_flops(load.basis.degree), rate * (4 + 19 * width)
            results[f"{name}: flop/s"], results[f"{name}: bytes/s"] = flops, moved
            if ceilings:
                results[f"{name}: share of matrix rate"] = flops / ceilings[dtype]
                results[f"{name}: share of copy rate"] = moved / ceilings["copy"]
    return results


def search_alone(load: Load, backend: str, device: str) -> dict[str, float]:
    """From the host's particles to all pairs, on the device for `warp`."""
    device = device if backend in ON_DEVICE else "cpu"

    def run() -> None:
        found = load.search(backend, device).pairs
        found.segments(0, found.num_segments)

    seconds = seconds_per_call(run, device, load.least)
    return {"seconds": seconds, "pairs/s": len(load.pairs.j) / seconds}


def from_batch(load: Load, backend: str, dtype: str, device: str) -> dict[str, float]:
    """From the host's checked particles to the mean power spectrum on the host, the second call."""
    from anisoap_opt.power_spectrum import reduced_power_spectrum

    device = device if backend in ON_DEVICE else "cpu"

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
    seconds = []
    for _ in range(2):
        begin = time.perf_counter()
        made.power_spectrum(frames)
        seconds.append(time.perf_counter() - begin)
    return dict(zip(("first call, s", "second call, s"), seconds, strict=True))


def waits(load: Load, device: str) -> dict[str, int]:
    """How often the host waits for the device in one `power_spectrum`, as Torch sees it."""
    import torch

    made, frames = calculator(load.case, "warp", "float64", device), load.case.frames()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if device != "cpu":
            torch.cuda.set_sync_debug_mode("warn")
        try:
            made.power_spectrum(frames)
        finally:
            if device != "cpu":
                torch.cuda.set_sync_debug_mode("default")
    return {"waits": sum("synchroniz" in str(one.message) for one in caught)}


def rate_of_second(call: Callable[[], Any], load: Load) -> dict[str, float]:
    """Seconds of the second call, and pairs a second."""
    call()
    begin = time.perf_counter()
    call()
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "pairs/s": len(load.pairs.j) / seconds}


def table(parts: dict[str, Any], ceilings: dict[str, float]) -> str:
    """Rows of the parts about speed."""
    body = []
    for name, found in parts.items():
        what, _, rest = name.partition(": ")
        if what not in ("search", "kernel", "batch", "whole"):
            continue
        if not isinstance(found, dict) or "error" in found or "skipped" in found:
            body.append([name, "–", str(found)[:80]])
        elif what == "kernel":
            share = found.get("moments: share of matrix rate")
            note = f"moments alone {found['moments']:.3g}" if "moments" in found else ""
            body.append([name, f"{found['coefficients']:.3g}", note + (f", {share:.1%} of matmul" if share else "")])
        else:
            body.append([name, f"{found['pairs/s']:.3g}", f"{found['seconds']:.3g} s"])
    wrong = parts["parity"].get("error") or f"largest error {max(parts['parity'].values()):.2g}"
    ceiling = ", ".join(f"{name} {rate:.3g}" for name, rate in ceilings.items())
    return (
        markdown(["part", "pairs/s", ""], body) + f"\n\nmeasured ceilings (bytes/s, flop/s): {ceiling}\nparity: {wrong}"
    )


def main() -> None:
    """Run all parts and print the table."""
    device, tiny, report = command_line(__doc__, seconds=280)
    report.part("machine", machine, device)
    report.part("first use", first_use, device)
    ceilings = report.part("rates", rates, device, tiny) or {}
    report.part("parity", parity, device, tiny)
    loads = []
    for case in cases(tiny):
        guess = 75 * sum(map(len, case.frames()))  # pairs: those within 7 Å in `workloads.bulk`
        expected = guess / SLOWEST[bool(compiled_search())]
        loads.append(report.part(f"pairs: {case.name}", Load, case, 0.0 if tiny else 0.3, expected=expected))
    loads = list(filter(None, loads))
    for load, backend in product(loads, ("warp", "numba")):
        report.part(f"search: {load.case.name} {backend}", search_alone, load, backend, device, expected=3.0)
    for backend, what in product(("warp", "numba", "torch_full"), ("kernel", "batch", "whole")):
        compiled = backend != "torch_full" or what == "kernel"
        measured: Any = {"kernel": kernel_alone, "batch": from_batch, "whole": whole}[what]
        for load, dtype in product(loads, DTYPES):
            count = len(load.pairs.j)
            if count < MOST_PAIRS[compiled]:
                arguments = (load, backend, dtype, device, *([ceilings] if what == "kernel" else []))
                expected = 1 + 2 * count / SLOWEST[compiled]
                report.part(f"{what}: {load.case.name} {backend} {dtype}", measured, *arguments, expected=expected)
    for load in loads:
        report.part(f"waits: {load.case.name}", waits, load, device, expected=3.0)
    print(f"\n{table(report.parts, ceilings)}")


if __name__ == "__main__":
    main()
