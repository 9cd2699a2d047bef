"""Only some backends take a device, and each says which it takes."""

from __future__ import annotations

from typing import Any

import pytest

from anisoap_opt import kernels
from tests.frames_for_tests import calculator


def test_cpu_is_fine_everywhere(backend: str) -> None:
    assert calculator(backend=backend, device="cpu").options.device == "cpu"


@pytest.mark.parametrize("name", [name for name, entry in kernels.BACKENDS.items() if not entry.devices])
@pytest.mark.parametrize("device", ["cuda", "mps", "nonsense", "", 0])
def test_other_devices_are_refused(name: str, device: Any) -> None:
    if not kernels.BACKENDS[name].installed:
        pytest.skip(f"{name} is not installed")
    with pytest.raises(ValueError, match=r"on the device 'cpu' only.*torch_full"):
        calculator(backend=name, device=device)


@pytest.mark.parametrize("device", ["mps", "meta", "nonsense", "", 0])
def test_warp_takes_cpu_and_cuda(device: Any) -> None:
    pytest.importorskip("warp")
    with pytest.raises(ValueError, match="'warp' runs on the devices 'cpu' and 'cuda', got "):
        calculator(backend="warp", device=device)


def test_warp_where_there_is_no_cuda() -> None:
    pytest.importorskip("warp")
    if pytest.importorskip("torch").cuda.is_available():
        pytest.skip("there is a CUDA device here")
    with pytest.raises(ValueError, match="on device 'cuda' here"):
        calculator(backend="warp", device="cuda")
