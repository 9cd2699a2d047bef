"""One source for CUDA and, by LLVM, for the CPU: NVIDIA's Warp finds pairs, sums moments and couples coefficients."""

from __future__ import annotations

from typing import Any

import torch

from anisoap_opt.gaussians import Gaussians
from anisoap_opt.kernels import torch_full
from anisoap_opt.kernels.contract import KernelOptions
from anisoap_opt.kernels.torch_full import num_threads
from anisoap_opt.kernels.warp.kernel import Kernel
from anisoap_opt.kernels.warp.launch import check_driver, upload
from anisoap_opt.kernels.warp.neighbors import find_neighborhoods

__all__ = ["Kernel", "check_device", "devices", "find_neighborhoods", "make_gaussians", "num_threads"]


def devices() -> list[str]:
    """Devices that are there, "cpu" first."""
    return [name for name in torch_full.devices() if name != "mps"]


def check_device(device: str, dtype: str) -> None:
    """Raise a ValueError unless the backend can compute with this dtype on this device here."""
    if device.split(":")[0] not in ("cpu", "cuda"):
        raise ValueError(f"backend 'warp' runs on the devices 'cpu' and 'cuda', got {device!r}")
    torch_full.check_device(device, dtype)
    check_driver(device)


def make_gaussians(rotations: Any, semiaxes: Any, precision: float, *, options: KernelOptions) -> Gaussians:
    """As `Gaussians.of`, computed on the device of `options`, where the records stay."""
    device = torch.device(options.device)
    return Gaussians.of(upload(rotations, device), upload(semiaxes, device), precision)
