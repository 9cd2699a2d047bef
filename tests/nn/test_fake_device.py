"""The module with tensors on a device that is not there: no wrong device, and no host that waits.

Torch cannot run autograd on fake tensors of "cuda" where it was built without CUDA. What is differentiated here lies on
"meta", which is a device as any other for fake tensors and for this package. What needs values is read before: a batch
and pairs of the host, as they are after an upload's checks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from anisoap_opt.nn import AniSOAP  # noqa: E402
from anisoap_opt.nn.neighbors import runs_of_centers  # noqa: E402
from anisoap_opt.nn.particles import Particles  # noqa: E402
from tests.kernels.fake_device import fake_device  # noqa: E402
from tests.nn.systems import System, module, periodic_frames  # noqa: E402

SYSTEM = System(periodic_frames())
MODULES: dict[str, dict[str, Any]] = {
    "hard": {},
    "smooth": {"cutoff_smoothing": 1.0, "symmetric": True},
    "monomial": {"radial_basis_name": "monomial", "radial_gaussian_width": None},
}


def own_module(**changes: Any) -> AniSOAP:
    """A module whose backend is chosen by the device."""
    return module(backend=None, **changes)


def given_pairs(own: AniSOAP) -> Any:
    """Centres, neighbours and shifts, arrays of the host."""
    found = own._projection._neighborhoods(SYSTEM.batch, None, keep_shifts=True)[1]
    return np.repeat(*runs_of_centers(found)), np.asarray(found.pairs.j), np.asarray(found.shifts)


def fake_particles(kind: str, dtype: torch.dtype) -> Particles:
    """Of `SYSTEM`, all of them variables."""
    batch = SYSTEM.batch
    arrays = batch.positions, batch.semiaxes, batch.rotations, batch.cells
    tensors = [torch.zeros(one.shape, dtype=dtype, device=kind, requires_grad=kind == "meta") for one in arrays]
    return Particles(*tensors, batch)


@pytest.mark.parametrize("reduce", [None, "mean"])
@pytest.mark.parametrize("name", MODULES)
def test_features_and_first_and_second_derivatives(name: str, reduce: str | None) -> None:
    own = own_module(**MODULES[name])
    pairs = given_pairs(own)
    with fake_device("meta"):
        particles = fake_particles("meta", torch.float32)
        variables = [particles.positions, particles.semiaxes, particles.rotations, particles.cells]
        features = own._features.of_particles(particles, pairs, None, reduce)
        gradients = torch.autograd.grad(features.square().sum(), variables, create_graph=True)
        second = torch.autograd.grad(sum(one.square().sum() for one in gradients), variables)
        for one, variable in zip((*gradients, *second), 2 * variables, strict=True):
            assert one.shape == variable.shape
        assert {(one.device.type, one.dtype) for one in (features, *second)} == {("meta", torch.float32)}
        assert features.shape == (2 if reduce else 4, own.num_features)


@pytest.mark.parametrize("kind", ["cuda", "mps"])
@pytest.mark.parametrize("name", MODULES)
def test_no_upload_waits_and_mps_gets_no_float64(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forward, by the backend that every device has."""
    monkeypatch.setattr("anisoap_opt.kernels.DEVICE_DEFAULTS", {})
    own = own_module(**MODULES[name])
    pairs = given_pairs(own)
    with fake_device(kind) as counted, torch.no_grad():
        features = own._features.of_particles(fake_particles(kind, torch.float32), pairs, None, "mean")
        assert features.device.type == kind
        assert counted.uploads
        if kind == "cuda":
            assert not counted.blocking_uploads


def test_a_full_memory_in_any_pass_says_what_would_need_less(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("warp")
    own = module(backend="warp")
    from anisoap_opt.kernels.warp.kernel import Kernel

    def refuse(*_: Any) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    features = SYSTEM.features(own)
    (forces,) = torch.autograd.grad(features.square().sum(), SYSTEM.variables[0], create_graph=True)
    monkeypatch.setattr(Kernel, "contract", refuse)  # of the change of basis
    monkeypatch.setattr(Kernel, "spread", refuse)  # of its transpose
    for call in (
        lambda: SYSTEM.features(own),
        lambda: torch.autograd.grad(features.sum(), SYSTEM.variables[0]),
        lambda: torch.autograd.grad(forces.square().sum(), SYSTEM.variables[0]),
    ):
        with pytest.raises(MemoryError, match="has too little memory for .* Give it fewer frames"):
            call()
