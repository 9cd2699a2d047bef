"""`torch_full`: derivatives against finite differences, and devices that are not there."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from anisoap_opt.basis.change import BasisChange
from anisoap_opt.gaussians import Gaussians
from anisoap_opt.kernels.contract import KernelOptions
from anisoap_opt.pairs import Pairs
from anisoap_opt.power_spectrum import power_spectrum, sum_rows
from tests.frames_for_tests import calculator, random_frame, random_rotation
from tests.tolerances import assert_close

torch = pytest.importorskip("torch")

J = np.array([0, 1, 2, 1, 0])
START = np.array([0, 2, 2, 4, 5])  # four segments, one of them empty
BASES = {
    "gto": calculator(max_angular=2, max_radial=1).radial_basis,
    "monomial": calculator(
        max_angular=2, radial_basis_name="monomial", radial_gaussian_width=None, cutoff_radius=2.0
    ).radial_basis,
}


def inputs() -> list[Any]:
    """r_ij [5, 3], semiaxes [3, 3] and rotations [3, 3, 3] that want gradients."""
    rng = np.random.default_rng(3)
    rotations = np.stack([random_rotation(seed).as_matrix() for seed in range(3)])
    arrays = rng.normal(size=(5, 3)), rng.uniform(0.5, 1.5, (3, 3)), rotations
    return [torch.tensor(array, requires_grad=True) for array in arrays]


def coefficients(radial_basis: Any, r_ij: Any, semiaxes: Any, rotations: Any) -> list[Any]:
    from anisoap_opt.kernels.torch_full import Kernel

    basis = BasisChange.of(radial_basis)
    kernel = Kernel(Gaussians.of(rotations, semiaxes, radial_basis.unit_precision), basis, KernelOptions())
    return kernel.coefficients(Pairs(J, r_ij, START))


@pytest.mark.parametrize("name", BASES)
def test_gradient_of_the_coefficients(name: str) -> None:
    assert torch.autograd.gradcheck(lambda *x: tuple(coefficients(BASES[name], *x)), inputs())


@pytest.mark.parametrize("name", BASES)
def test_gradient_of_the_power_spectrum(name: str) -> None:
    def mean(*x: Any) -> Any:
        return sum_rows(power_spectrum(coefficients(BASES[name], *x)), np.array([0, 2]))

    assert torch.autograd.gradcheck(mean, inputs())


def test_second_derivatives() -> None:
    r_ij, semiaxes, rotations = inputs()

    def total(r: Any) -> Any:
        return power_spectrum(coefficients(BASES["gto"], r, semiaxes.detach(), rotations.detach())).sum(dim=1)

    assert torch.autograd.gradgradcheck(total, [r_ij])


def test_gradient_at_the_center_itself() -> None:
    """The pair (i, i) at r = 0 has no singular derivative."""
    r_ij, semiaxes, rotations = inputs()
    zero = torch.zeros_like(r_ij, requires_grad=True)
    total = sum(c.sum() for c in coefficients(BASES["gto"], zero, semiaxes, rotations))
    for gradient in torch.autograd.grad(total, [zero, semiaxes, rotations]):
        assert torch.isfinite(gradient).all()


def test_gradient_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    from anisoap_opt.kernels import torch_full

    many = [np.random.default_rng(1).integers(0, 3, 100), np.array([0, 30, 100])]

    def gradients() -> Any:
        r_ij, semiaxes, rotations = inputs()
        basis = BasisChange.of(BASES["gto"])
        kernel = torch_full.Kernel(Gaussians.of(rotations, semiaxes, 1.0), basis, KernelOptions())
        r = r_ij.repeat(20, 1)
        total = sum((c**2).sum() for c in kernel.coefficients(Pairs(many[0], r, many[1])))
        return torch.autograd.grad(total, [r_ij, semiaxes, rotations])

    whole = gradients()
    monkeypatch.setattr(torch_full, "CHUNK_BYTES", 1)
    for a, b in zip(gradients(), whole, strict=True):
        assert_close(a, b, 1e-12)


def test_sum_rows_of_both_kinds_of_array() -> None:
    rows = np.random.default_rng(1).normal(size=(7, 3))
    start = np.array([0, 1, 4])
    expected = np.stack([rows[:1].sum(0), rows[1:4].sum(0), rows[4:].sum(0)])
    np.testing.assert_allclose(sum_rows(rows, start), expected)
    np.testing.assert_allclose(sum_rows(torch.tensor(rows), start).numpy(), expected)


def test_mps_has_no_float64() -> None:
    with pytest.raises(ValueError, match="'mps' has no float64; ask for dtype='float32'"):
        calculator(backend="torch_full", device="mps")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_cuda_where_there_is_none() -> None:
    with pytest.raises(ValueError, match="on device 'cuda' here"):
        calculator(backend="torch_full", device="cuda")


@pytest.mark.parametrize("device", ["nonsense", "", "CPU", 5, "gpu"])
def test_unknown_devices(device: Any) -> None:
    with pytest.raises(ValueError, match="torch knows"):
        calculator(backend="torch_full", device=device)


@pytest.mark.parametrize("device", ["xla", "vulkan", "hpu", "privateuseone", "meta"])
def test_devices_of_torch_that_cannot_compute(device: str) -> None:
    with pytest.raises(ValueError, match=device):
        calculator(backend="torch_full", device=device)


def test_device_objects() -> None:
    projection = calculator(backend="torch_full", device=torch.device("cpu"))
    expected = calculator(backend="torch_full").power_spectrum([random_frame(1)])
    np.testing.assert_array_equal(projection.power_spectrum([random_frame(1)]), expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_cuda_agrees_with_the_cpu(dtype: str) -> None:
    frames = [random_frame(seed, 4) for seed in range(5)]
    expected = calculator(backend="torch_full").power_spectrum(frames)
    actual = calculator(backend="torch_full", device="cuda", dtype=dtype).power_spectrum(frames)
    assert_close(actual, expected, 1e-11 if dtype == "float64" else 1e-5)


def mps_is_usable() -> bool:
    """Found by trying: virtual machines offer an MPS device and refuse to allocate on it."""
    try:
        return bool(torch.ones(1, device="mps").sum().item() == 1)
    except RuntimeError:
        return False


@pytest.mark.skipif(not os.environ.get("NEEDS_MPS") and not mps_is_usable(), reason="no usable MPS device here")
def test_mps_agrees_with_the_cpu() -> None:
    frames = [random_frame(seed, 4) for seed in range(5)]
    expected = calculator(backend="torch_full").power_spectrum(frames)
    actual = calculator(backend="torch_full", device="mps", dtype="float32").power_spectrum(frames)
    assert_close(actual, expected, 1e-5)
