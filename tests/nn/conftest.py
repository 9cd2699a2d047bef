"""Fixtures of the torch modules' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from anisoap_opt import BACKENDS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The torch module hands NumPy arrays to kernels, and takes none of the tensors that `warp` returns."""
    for item in items:
        call = getattr(item, "callspec", None)
        if Path(__file__).parent in item.path.parents and call and "warp" in map(str, call.params.values()):
            item.add_marker(pytest.mark.skip(reason="the torch module does not take the backend 'warp' yet"))


@pytest.fixture(params=[name for name, entry in BACKENDS.items() if entry.differentiable and name != "reference"])
def twice_backend(request: pytest.FixtureRequest) -> str:
    """Every backend with second derivatives."""
    if not BACKENDS[request.param].installed:
        pytest.skip(f"{request.param} is not installed")
    return request.param
