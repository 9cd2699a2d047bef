"""Only `torch_full` takes a device."""

from __future__ import annotations

from typing import Any

import pytest

from anisoap_opt import kernels
from tests.frames_for_tests import calculator


def test_cpu_is_fine_everywhere(backend: str) -> None:
    assert calculator(backend=backend, device="cpu").options.device == "cpu"


@pytest.mark.parametrize("name", [name for name in kernels.BACKENDS if name != "torch_full"])
@pytest.mark.parametrize("device", ["cuda", "mps", "nonsense", "", 0])
def test_other_devices_are_refused(name: str, device: Any) -> None:
    if not kernels.BACKENDS[name].installed:
        pytest.skip(f"{name} is not installed")
    with pytest.raises(ValueError, match=r"on the device 'cpu' only.*torch_full"):
        calculator(backend=name, device=device)
