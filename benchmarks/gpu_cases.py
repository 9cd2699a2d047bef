"""What is measured on a GPU: frames, calculators, and the pairs of a case with the kernels of all backends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks import workloads

ON_DEVICE = ("warp", "torch_full")


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
    if tiny:
        return [Case("bulk 64 (6, None)", lambda: workloads.bulk(64, 1), "(6, None)")]
    sizes = (10_000, 100_000, 1_000_000)
    return [
        Case("ellipsoids (6, None)", lambda: workloads.system("ellipsoids") * 34, "(6, None)", center=False),
        Case("ellipsoids (9, 6)", lambda: workloads.system("ellipsoids") * 34, "(9, 6)", center=False),
        Case("benzenes (6, None)", lambda: workloads.system("benzenes") * 10, "(6, None)"),
        *(Case(f"bulk {n} (6, None)", lambda n=n: workloads.bulk(n, 1), "(6, None)") for n in sizes),
    ]


def calculator(case: Case, backend: str, dtype: str, device: str) -> Any:
    """Of one backend; numba runs on the host."""
    from anisoap_opt import EllipsoidalDensityProjection

    device = device if backend in ON_DEVICE else "cpu"
    return EllipsoidalDensityProjection(**case.hypers, backend=backend, dtype=dtype, device=device)


class Load:
    """The pairs of a case, and the kernels of all backends for it."""

    def __init__(self, case: Case, least: float) -> None:
        from anisoap_opt.frames import ParticleBatch

        self.case, self.least = case, least
        self.made = calculator(case, "numba", "float64", "cpu")
        begin = time.perf_counter()
        length = self.made.radial_basis.length
        self.batch = ParticleBatch.from_frames(case.frames(), self.made.rotation_key).in_units_of(length)
        checked = time.perf_counter()
        found = self.search("numba", "cpu").pairs
        self.pairs = found.segments(0, found.num_segments)
        self.seconds = {"frames": checked - begin, "numba's neighbours": time.perf_counter() - checked}
        self.basis = self.made._basis

    def summary(self) -> dict[str, Any]:
        """Sizes, and how long the host took."""
        segments = self.pairs.num_segments
        return {"pairs": len(self.pairs.j), "segments": segments, "degree": self.basis.degree, "seconds": self.seconds}

    def kernel(self, backend: str, dtype: str, device: str) -> Any:
        """Kernel of a backend."""
        from anisoap_opt import kernels
        from anisoap_opt.kernels.contract import KernelOptions

        precision = self.made.radial_basis.unit_precision
        gaussians = kernels.load_gaussians(backend)(self.batch.rotations, self.batch.semiaxes, precision)
        return kernels.load(backend)(gaussians, self.basis, KernelOptions(dtype, device))

    def search(self, backend: str, device: str) -> Any:
        """Pairs of a backend's own search."""
        from anisoap_opt import kernels
        from anisoap_opt.kernels.contract import KernelOptions

        find = kernels.load_search(backend, KernelOptions(device=device))
        return find(self.batch, self.made.cutoff_radius / self.made.radial_basis.length, self_pairs=self.case.center)

    def chunks(self, backend: str, segments: int, dtype: str, device: str) -> Iterator[Any]:
        """The pairs, so many segments at a time, as tensors of a device."""
        import torch

        from anisoap_opt.kernels.warp.neighbors import DevicePairs
        from anisoap_opt.pairs import Pairs

        for first in range(0, self.pairs.num_segments, segments):
            one = self.pairs.segments(first, min(first + segments, self.pairs.num_segments))
            r_ij: Any = torch.as_tensor(one.r_ij).to(device, getattr(torch, dtype))
            j: Any = torch.as_tensor(one.j).to(device, torch.int32)
            start: Any = torch.as_tensor(one.start).to(device)
            if backend == "warp":
                yield DevicePairs(j, r_ij, one.start, start.to(torch.int32))
            else:
                yield Pairs(j, r_ij, start)
