"""The fake device sees what a real one would be slow at, or refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.kernels.fake_device import fake_device  # noqa: E402


def test_launches_and_uploads() -> None:
    with fake_device() as counted:
        rows = torch.arange(3).pin_memory().to("cuda", non_blocking=True)
        x = torch.zeros((6, 4), device="cuda")
        x[1:4, None, :2].mul_(2.0)
        x[rows] += torch.as_tensor(np.ones(4), device="cuda", dtype=torch.float32)
        assert x[..., 1].shape == (6,)
    assert counted.launches == {"aten._to_copy": 2, "aten.zeros": 1, "aten.mul_": 1, "aten.index": 1, "aten.add_": 1,
                                "aten.index_put_": 1}  # fmt: skip
    assert (counted.uploads, counted.blocking_uploads) == (2, 1)


@pytest.mark.parametrize(
    "use",
    [
        lambda x: x.cpu(),
        lambda x: x.sum().item(),
        lambda x: bool((x > 0).any()),
        lambda x: x.tolist(),
        lambda x: x.to("cpu", torch.float32),
        lambda x: torch.zeros(3).copy_(x),
        lambda x: x.nonzero(),
        lambda x: x.long().repeat_interleave(x.long()),
        lambda x: x + torch.ones(3),
    ],
)
def test_what_would_wait_or_mix_devices_is_refused(use: Callable[[Any], Any]) -> None:
    with fake_device() as counted:
        x = torch.zeros(3, device="cuda")
        with pytest.raises(Exception, match=r"host|repeat_interleave|not linked|same device"):
            use(x)
    assert counted.launches["aten.zeros"] == 1


def test_mps_has_no_float64() -> None:
    with fake_device("mps"):
        x = torch.zeros(3, device="mps")[1:]
        with pytest.raises(AssertionError, match="float64"):
            x.double()
        with pytest.raises(AssertionError, match="float64"):
            torch.zeros(3, dtype=torch.float64).to("mps")
