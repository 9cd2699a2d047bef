"""Measure variants of the Warp kernels on a GPU, to tune them: ``python -m benchmarks.gpu_tuning [--device cuda]``.

Every variant is a `Variant` of `anisoap_opt.kernels.warp.launch` that differs from the default in a field or two; what
is told is pairs a second of the summed moments, pairs on the device, and how far the values are from the default's.
Likewise the search, with other constants. Afterwards: the device's time by kernel for one whole calculation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from benchmarks import workloads
from benchmarks.gpu import DTYPES
from benchmarks.gpu_cases import Case, Load, calculator
from benchmarks.gpu_report import command_line, seconds_per_call
from benchmarks.table import markdown

SEARCHES = (
    {"THREADS": 64},
    {"THREADS": 128},
    {"THREADS": 256},
    {"CELLS_PER_CUTOFF": 2},
    {"CELLS_PER_CUTOFF": 2, "CELLS_PER_PARTICLE": 4},
)
"""Constants of `anisoap_opt.kernels.warp.neighbors` to try."""


class OfDegree(Case):
    """A case whose basis needs one degree: max_angular with n coupled to it, or (9, 6)."""

    @property
    def hypers(self) -> dict[str, Any]:
        """Of the calculator."""
        return {**workloads.HYPERS["(6, None)"], "max_angular": int(self.size)}


def variants(degree: int, tiny: bool) -> Iterator[dict[str, Any]]:
    """Fields that differ from the default."""
    yield {}
    if tiny:
        return
    for piece in (32, 64, 128, 256):
        yield {"piece": piece}
    yield {"form": "covariance"}
    if degree > 8:
        for resident in (512, 768, 1024):
            yield {"resident": resident}
        return
    for threads in (64, 256):
        yield {"threads": threads}
    for resident in (384, 512):
        yield {"resident": resident}
    yield {"parts": 2}


class Variants:
    """Rates of variants of the kernel for one load and dtype."""

    def __init__(self, load: Load, dtype: str, device: str) -> None:
        self.load, self.dtype, self.device = load, dtype, device
        self.default: Any = None
        self.chunks: list[Any] = []

    def measure(self, fields: dict[str, Any]) -> dict[str, float]:
        """Pairs a second of one variant, and its largest difference from the first relative to the largest value."""
        from anisoap_opt.kernels.warp.launch import Variant

        load = self.load
        variant = replace(Variant.of(load.basis.degree, self.dtype), **fields)
        kernel = load.kernel("warp", self.dtype, self.device, variant=variant)
        self.chunks = self.chunks or list(load.chunks("warp", kernel.segments_per_chunk, self.dtype, self.device))
        moments = kernel.moments(self.chunks[0])[:, :1000].clone()
        self.default = moments if self.default is None else self.default
        difference = float((moments - self.default).abs().max() / self.default.abs().max())
        seconds = seconds_per_call(lambda: [kernel.moments(one) for one in self.chunks], self.device, load.least)
        return {"pairs/s": len(load.pairs.j) / seconds, "difference": difference}


def search_rate(load: Load, device: str, constants: dict[str, int]) -> dict[str, float]:
    """Pairs a second of the pass of the search that writes them, with some of the module's constants changed."""
    from anisoap_opt.kernels.warp import neighbors

    before = {name: getattr(neighbors, name) for name in constants}
    try:
        vars(neighbors).update(constants)
        found = load.search("warp", device).pairs
        seconds = seconds_per_call(lambda: found.segments(0, found.num_segments), device, load.least)
    finally:
        vars(neighbors).update(before)
    return {"pairs/s": len(load.pairs.j) / seconds}


def trace(case: Case, dtype: str, device: str) -> list[str]:
    """Time of the device by kernel in one `power_spectrum`, the second."""
    from torch.profiler import ProfilerActivity, profile

    made, frames = calculator(case, "warp", dtype, device), case.frames()
    made.power_spectrum(frames)
    activity = ProfilerActivity.CPU if device == "cpu" else ProfilerActivity.CUDA
    with profile(activities=[activity]) as recorded:
        made.power_spectrum(frames)
    averages = sorted(recorded.key_averages(), key=lambda one: -one.self_device_time_total)[:20]
    return [f"{one.self_device_time_total / 1e3:9.3f} ms {one.count:6d} × {one.key[:90]}" for one in averages]


def main() -> None:
    """Run all variants and print the table."""
    device, tiny, report = command_line(__doc__, seconds=200)
    large, small = (64, 64) if tiny else (1_000_000, 100_000)  # so large that the host does not count
    cases: list[Case] = [
        Case(f"bulk {large} (6, None)", lambda: workloads.bulk(large, 1), "(6, None)"),
        Case(f"bulk {small} (9, 6)", lambda: workloads.bulk(small, 1), "(9, 6)"),
        OfDegree(f"bulk {large} (8, None)", lambda: workloads.bulk(large, 1), "8"),
    ]
    body: list[list[str]] = []
    for case in cases[:1] if tiny else cases:
        load = report.part(f"pairs: {case.name}", Load, case, 0.0 if tiny else 0.15)
        for dtype in DTYPES if load else ():
            measured = Variants(load, dtype, device)
            for fields in variants(load.basis.degree, tiny):
                name = f"{case.name} {dtype} {fields or ''}"
                found = report.part(name, measured.measure, fields, expected=2.0)
                body.append([name, *(f"{value:.4g}" for value in (found or {}).values()), "", ""][:3])
        for constants in SEARCHES if load and case is cases[0] else ():
            name = f"search: {case.name} {constants}"
            found = report.part(name, search_rate, load, device, constants, expected=2.0)
            body.append([name, *(f"{value:.4g}" for value in (found or {}).values()), "", ""][:3])
        if case.size in workloads.HYPERS:
            report.part(f"trace: {case.name}", trace, case, "float64", device, expected=2.0)
    print(markdown(["variant", "pairs/s", "difference"], body))
    for name, lines in report.parts.items():
        if name.startswith("trace") and isinstance(lines, list):
            print(f"\n{name}", *lines, sep="\n")


if __name__ == "__main__":
    main()
