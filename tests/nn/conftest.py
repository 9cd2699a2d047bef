"""Fixtures of the torch modules' tests."""

from __future__ import annotations

import pytest

from anisoap_opt import BACKENDS


@pytest.fixture(params=[name for name in BACKENDS if name != "reference"])
def twice_backend(request: pytest.FixtureRequest) -> str:
    """Every backend with second derivatives."""
    if not BACKENDS[request.param].installed:
        pytest.skip(f"{request.param} is not installed")
    return request.param
