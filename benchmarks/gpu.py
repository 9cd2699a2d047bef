"""Measure the backends on a GPU: ``python -m benchmarks.gpu [--device cuda] [--out FILE] [--seconds 280]``.

One run tells what the device can do (copies, matrix products), that each backend's values are right (against
`reference`, small frames), and how many pairs a second each takes: the kernel alone, with its pairs on the device, and
`power_spectrum` as a whole. A part that fails leaves its error, one that no time is left for says so, and the file of
results is written after every part. It needs no network.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure, workloads
from benchmarks.gpu_report import Report, seconds_per_call, synchronize
from benchmarks.table import markdown

ON_DEVICE = ("warp", "torch_full")
DTYPES = ("float64", "float32")
SMALL = {"ellipsoids": 3, "benzenes": 1}
"""Frames that `reference` is asked for."""
BOUNDS = {"float64": 1e-10, "float32": 1e-4}
"""Of the error of power spectra against `reference`, relative to the largest value."""


SLOWEST = {False: 4e5, True: 5e7}
"""Pairs a second that are at least expected, by whether pairs come from a compiled search: for the budget of time."""


@dataclass(frozen=True)
class Case:
    """Frames and hyperparameters under one name."""

    name: str
    frames: Callable[[], list[Any]]
    size: str
    center: bool = True

    @property
    def hypers(self) -> dict[str, Any]:
        """Of the calculator."""
        return {**workloads.HYPERS[self.size], "subtract_center_contribution": not self.center}


def cases(tiny: bool) -> list[Case]:
    """What is measured; `tiny` is for a test."""

    def repeated(name: str, times: int) -> Callable[[], list[Any]]:
        return lambda: workloads.system(name) * times

    if tiny:
        return [Case("bulk 64 (6, None)", lambda: workloads.bulk(64, 1), "(6, None)")]
    sizes = (10_000, 100_000, 1_000_000)
    return [
        Case("ellipsoids (6, None)", repeated("ellipsoids", 34), "(6, None)", center=False),
        Case("ellipsoids (9, 6)", repeated("ellipsoids", 34), "(9, 6)", center=False),
        Case("benzenes (6, None)", repeated("benzenes", 10), "(6, None)"),
        *(Case(f"bulk {n} (6, None)", lambda n=n: workloads.bulk(n, 1), "(6, None)") for n in sizes),
    ]


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
        found["properties"] = str(torch.cuda.get_device_properties(0))
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


def calculator(case: Case, backend: str, dtype: str, device: str) -> Any:
    """Of one backend; numba runs on the host."""
    from anisoap_opt import EllipsoidalDensityProjection

    device = device if backend in ON_DEVICE else "cpu"
    return EllipsoidalDensityProjection(**case.hypers, backend=backend, dtype=dtype, device=device)


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


@cache
def compiled_search() -> str:
    """The backend "numba" if it works here, else ""."""
    try:
        calculator(Case("", lambda: [], "(6, None)"), "numba", "float64", "cpu").power_spectrum(workloads.bulk(64, 1))
    except Exception:  # an untried pair of versions may fail in any way, and is told by the parts about numba
        return ""
    return "numba"


class Load:
    """The pairs of a case, and the kernels of all backends for it."""

    def __init__(self, case: Case, least: float) -> None:
        from anisoap_opt import kernels
        from anisoap_opt.frames import ParticleBatch
        from anisoap_opt.pairs import Neighborhoods

        self.case, self.least = case, least
        search = compiled_search() or "numpy_only"
        self.made = calculator(case, search, "float64", "cpu")
        begin = time.perf_counter()
        length = self.made.radial_basis.length
        self.batch = ParticleBatch.from_frames(case.frames(), self.made.rotation_key).in_units_of(length)
        checked = time.perf_counter()
        found = kernels.load_search(search)(self.batch, self.made.cutoff_radius / length, self_pairs=case.center)
        self.pairs = found.pairs.segments(0, found.pairs.num_segments)
        self.found = Neighborhoods(self.pairs, found.blocks)
        self.seconds = {"frames": checked - begin, f"{search}'s neighbours": time.perf_counter() - checked}
        self.basis = self.made._basis

    def summary(self) -> dict[str, Any]:
        """Sizes, and how long the host took."""
        segments = self.pairs.num_segments
        return {"pairs": len(self.pairs.j), "segments": segments, "degree": self.basis.degree, "seconds": self.seconds}

    def kernel(self, backend: str, dtype: str, device: str, **variant: Any) -> Any:
        """Kernel of a backend."""
        from anisoap_opt import kernels
        from anisoap_opt.kernels.contract import KernelOptions

        precision = self.made.radial_basis.unit_precision
        gaussians = kernels.load_gaussians(backend)(self.batch.rotations, self.batch.semiaxes, precision)
        return kernels.load(backend)(gaussians, self.basis, KernelOptions(dtype, device), **variant)

    def chunks(self, segments: int, dtype: str, device: str) -> Iterator[Any]:
        """The pairs, so many segments at a time, as tensors of a device."""
        import torch

        from anisoap_opt.pairs import Pairs

        for first in range(0, self.pairs.num_segments, segments):
            one = self.pairs.segments(first, min(first + segments, self.pairs.num_segments))
            r_ij = torch.as_tensor(one.r_ij).to(device, getattr(torch, dtype))
            j = torch.as_tensor(one.j).to(device, torch.int32)
            yield Pairs(j, r_ij, torch.as_tensor(one.start).to(device))  # type: ignore[arg-type]


def kernel_alone(load: Load, backend: str, dtype: str, device: str, ceilings: dict[str, float]) -> dict[str, Any]:
    """Pairs a second of coefficients, and for `warp` of the moments alone, with the pairs on the device."""
    from anisoap_opt.basis.recurrence import count_flops

    device = device if backend in ON_DEVICE else "cpu"
    kernel = load.kernel(backend, dtype, device)
    here = backend == "numba"
    chunks = [load.pairs] if here else list(load.chunks(kernel.segments_per_chunk, dtype, device))
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


def given_pairs(load: Load, backend: str, dtype: str, device: str) -> dict[str, float]:
    """From the host's pairs to the mean power spectrum on the host, the second call."""
    from anisoap_opt.power_spectrum import reduced_power_spectrum

    device = device if backend in ON_DEVICE else "cpu"

    def run() -> None:
        kernel = load.kernel(backend, dtype, device)
        reduced_power_spectrum(kernel, load.batch, load.found, dtype)

    return rate_of_second(run, load)


def whole(load: Load, backend: str, dtype: str, device: str) -> dict[str, float]:
    """`power_spectrum` of ASE frames in memory, the second call."""
    made, frames = calculator(load.case, backend, dtype, device), load.case.frames()
    return rate_of_second(lambda: made.power_spectrum(frames), load)


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
        if what not in ("kernel", "given pairs", "whole"):
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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seconds", type=float, default=280)
    parser.add_argument("--tiny", action="store_true", help="sizes for a test")
    options = parser.parse_args()
    device, tiny = options.device, options.tiny
    report = Report(options.out, options.seconds)
    report.part("machine", machine, device)
    ceilings = report.part("rates", rates, device, tiny) or {}
    report.part("parity", parity, device, tiny)
    loads = []
    for case in cases(tiny):
        guess = 75 * sum(map(len, case.frames()))  # pairs: those within 7 Å in `workloads.bulk`
        expected = guess / SLOWEST[bool(compiled_search())]
        loads.append(report.part(f"pairs: {case.name}", Load, case, 0.0 if tiny else 0.3, expected=expected))
    for what, measured in {"kernel": kernel_alone, "given pairs": given_pairs, "whole": whole}.items():
        for load, backend, dtype in product(filter(None, loads), ("warp", "numba", "torch_full"), DTYPES):
            arguments = (load, backend, dtype, device, *([ceilings] if what == "kernel" else []))
            rate = SLOWEST[backend == "numba" or what != "whole"]
            expected = 1 + 2 * len(load.pairs.j) / rate
            report.part(f"{what}: {load.case.name} {backend} {dtype}", measured, *arguments, expected=expected)
    print(f"\n{table(report.parts, ceilings)}")


if __name__ == "__main__":
    main()
