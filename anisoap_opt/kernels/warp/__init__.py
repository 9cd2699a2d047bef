"""One source for CUDA and, by LLVM, for the CPU: NVIDIA's Warp sums the moments, Torch changes the basis."""

from __future__ import annotations

from anisoap_opt.kernels import torch_full
from anisoap_opt.kernels.warp.kernel import Kernel

__all__ = ["Kernel", "check_device", "devices"]


def devices() -> list[str]:
    """Devices that are there, "cpu" first."""
    return [name for name in torch_full.devices() if name != "mps"]


def check_device(device: str, dtype: str) -> None:
    """Raise a ValueError unless the backend can compute with this dtype on this device here."""
    if device.split(":")[0] not in ("cpu", "cuda"):
        raise ValueError(f"backend 'warp' runs on the devices 'cpu' and 'cuda', got {device!r}")
    torch_full.check_device(device, dtype)
