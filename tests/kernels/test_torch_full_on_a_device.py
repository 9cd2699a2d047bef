"""`torch_full` on a device that is not there: everything on it, no waiting, and few launches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import anisoap_opt  # noqa: E402
from anisoap_opt import kernels, power_spectrum  # noqa: E402
from anisoap_opt.kernels import torch_full  # noqa: E402
from anisoap_opt.kernels.contract import KernelOptions  # noqa: E402
from anisoap_opt.pairs import Pairs  # noqa: E402
from benchmarks import workloads  # noqa: E402
from tests.kernels.fake_device import fake_device  # noqa: E402
from tests.kernels.numba.problems import arguments, basis, pairs  # noqa: E402

LAUNCHES_OF_A_SEARCH = 40
"""At most, see `warp/test_launches.py`."""
DEVICES = [("cuda", "float64"), ("cuda", "float32"), ("mps", "float32")]


def kernel_on(kind: str, dtype: str) -> torch_full.Kernel:
    gaussians, change, _ = arguments(basis(4, 2))
    return torch_full.Kernel(gaussians, change, KernelOptions(dtype, kind))


def problem() -> Pairs:
    """Six segments, one of them empty, that the tests cut into several chunks."""
    return pairs([40, 0, 3, 30, 1, 2])


@pytest.mark.parametrize(("kind", "dtype"), DEVICES)
def test_all_is_done_on_the_device_without_waiting(kind: str, dtype: str) -> None:
    some = problem()
    tangents = np.ones((len(some.j), 3)), np.ones((len(some.j), 6)), np.ones(len(some.j))
    with fake_device(kind) as counted:
        own = kernel_on(kind, dtype)
        own.pairs_per_chunk = 16
        coefficients = own.coefficients(some)
        found: list[Any] = [*coefficients, *own.push_forward(some, tangents)]
        found += own.pull_back(some, [torch.zeros_like(one) for one in coefficients])
        for symmetric in (False, True):
            found.append(power_spectrum.sum_power_spectra(coefficients, 2, np.array([0, 1]), symmetric=symmetric))
        assert {(one.device.type, one.dtype) for one in found} == {(kind, getattr(torch, dtype))}
    if kind == "cuda":
        assert counted.blocking_uploads == 0


def test_pairs_that_are_on_the_device_stay_there() -> None:
    """As those of Warp's search."""
    some = problem()
    with fake_device() as counted:
        own = kernel_on("cuda", "float64")
        before = counted.uploads
        j = torch.zeros(len(some.j), dtype=torch.int32, device="cuda")
        r_ij = torch.zeros(some.r_ij.shape, dtype=torch.float64, device="cuda")
        own.coefficients(Pairs(j, r_ij, some.start))  # type: ignore[arg-type]
        assert counted.uploads == before + 1  # the bounds of segments


@pytest.mark.slow
@pytest.mark.parametrize(("size", "most"), [("(6, None)", 200), ("(9, 6)", 2000)])
def test_launches_of_a_whole_data_set(monkeypatch: pytest.MonkeyPatch, size: str, most: int) -> None:
    """The mean power spectrum of 6 826 frames, from pairs to features; the search is Warp's, and counted there."""
    hypers = workloads.HYPERS[size] | {"subtract_center_contribution": True}
    made = anisoap_opt.EllipsoidalDensityProjection(**hypers, backend="numpy_only")
    frames = workloads.system("ellipsoids")
    batch, neighborhoods = made._neighborhoods([*frames * 34, *frames[:26]], None)
    downloads: list[torch.Tensor] = []

    def download(tensor: torch.Tensor) -> Any:
        downloads.append(tensor)
        return np.zeros(tensor.shape)

    monkeypatch.setattr(power_spectrum, "to_numpy", download)
    gaussians = kernels.load_gaussians("torch_full")(batch.rotations, batch.semiaxes, made.radial_basis.unit_precision)
    with fake_device() as counted:
        own = torch_full.Kernel(gaussians, made._basis, KernelOptions("float64", "cuda"))
        power_spectrum.reduced_power_spectrum(own, batch, neighborhoods, "float64")
    assert batch.num_frames == 6826
    assert counted.blocking_uploads == 0
    assert all(one.device.type == "cuda" for one in downloads)
    assert 50 < counted.launches.total() + len(downloads) <= most - LAUNCHES_OF_A_SEARCH
