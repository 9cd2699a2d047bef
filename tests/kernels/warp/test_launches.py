"""How often the host asks the device for something, counted on the CPU with the chunks of a GPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("warp")

import warp  # noqa: E402
from torch.overrides import TorchFunctionMode  # noqa: E402

from anisoap_opt import EllipsoidalDensityProjection, kernels  # noqa: E402
from anisoap_opt.frames import ParticleBatch  # noqa: E402
from anisoap_opt.kernels.contract import KernelOptions  # noqa: E402
from anisoap_opt.kernels.warp import kernel  # noqa: E402
from anisoap_opt.power_spectrum import reduced_power_spectrum  # noqa: E402
from benchmarks import workloads  # noqa: E402
from tests.kernels.fake_device import Counted  # noqa: E402
from tests.kernels.test_torch_full_on_a_device import LAUNCHES_OF_A_SEARCH  # noqa: E402

DOWNLOADS = 2
"""The numbers of neighbours, and the features."""


class Uploads(TorchFunctionMode):
    """Counts arrays of NumPy that become tensors: on a GPU each is a copy."""

    count = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func is torch.as_tensor and isinstance(args[0], np.ndarray)
        return func(*args, **(kwargs or {}))


@pytest.mark.slow
@pytest.mark.parametrize(("size", "most"), [("(6, None)", 200), ("(9, 6)", 2000)])
def test_launches_of_a_whole_data_set(monkeypatch: pytest.MonkeyPatch, size: str, most: int) -> None:
    """The mean power spectrum of 6 826 frames, from particles to features, search included.

    The moments of (9, 6) are launched, but not summed: it would take minutes.
    """
    made = EllipsoidalDensityProjection(
        **workloads.HYPERS[size], subtract_center_contribution=True, backend="numpy_only"
    )
    frames = workloads.system("ellipsoids")
    batch = ParticleBatch.from_frames([*frames * 34, *frames[:26]], "c_q").in_units_of(made.radial_basis.length)
    launch, launches = warp.launch, []

    def counting(one: Any, *arguments: Any, **how: Any) -> None:
        launches.append(one.key)
        if "plane_walk" not in one.module.name:
            launch(one, *arguments, **how)

    monkeypatch.setattr(warp, "launch", counting)
    monkeypatch.setattr(kernel, "_chunk_bytes", lambda device: 80 * 10**9 // kernel.MEMORY_SHARE)
    options = KernelOptions()
    with Uploads() as uploads, Counted("cpu") as counted:
        cutoff = made.cutoff_radius / made.radial_basis.length
        found = kernels.load_search("warp", options)(batch, cutoff, self_pairs=False)
        of_search = len(launches) + counted.launches.total() + uploads.count
        make_gaussians = kernels.load_gaussians("warp", options)
        gaussians = make_gaussians(batch.rotations, batch.semiaxes, made.radial_basis.unit_precision)
        own = kernels.load("warp")(gaussians, made._basis, options)
        reduced_power_spectrum(own, batch, found, "float64")
    total = len(launches) + counted.launches.total() + uploads.count + DOWNLOADS
    assert launches.count("search") == 2
    assert of_search < LAUNCHES_OF_A_SEARCH
    assert 50 < total <= most
