"""What all tests share: the fixture that runs one body over every backend, and deterministic random examples."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from anisoap_opt import BACKENDS

settings.register_profile(
    "deterministic",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("deterministic")


def _parameters(names: Iterable[str]) -> list[object]:
    return [
        pytest.param(
            name,
            marks=pytest.mark.skipif(
                not BACKENDS[name].installed,
                reason=f"{BACKENDS[name].needs} is missing: pip install 'anisoap_opt[{BACKENDS[name].extra}]'",
            ),
        )
        for name in names
    ]


@pytest.fixture(params=_parameters(BACKENDS))
def backend(request: pytest.FixtureRequest) -> str:
    """Every backend in turn; one that is not installed is skipped."""
    return request.param


@pytest.fixture(params=_parameters(name for name in BACKENDS if name != "reference"))
def fast_backend(request: pytest.FixtureRequest) -> str:
    """Every backend that works on many pairs at once."""
    return request.param


@pytest.fixture(params=_parameters(name for name, entry in BACKENDS.items() if "float32" in entry.dtypes))
def float32_backend(request: pytest.FixtureRequest) -> str:
    """Every backend that offers float32."""
    return request.param


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests ``slow_with`` some backends are slow for those."""
    for item in items:
        call = getattr(item, "callspec", None)
        values = set(map(str, call.params.values())) if call else set()
        slow = item.get_closest_marker("slow_with")
        if slow and set(slow.args) & values:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _no_backend_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANISOAP_BACKEND", raising=False)


@cache
def _labels_can_be_made() -> bool:
    from metatensor import Labels

    try:
        Labels(["name"], np.zeros((1, 1), dtype=np.int32))
    except BufferError:
        return False
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call() -> Generator[None, Any, None]:
    """Skip a test that makes a TensorMap where metatensor-core cannot: it needs a newer NumPy than the package does."""
    outcome = yield
    if outcome.excinfo and issubclass(outcome.excinfo[0], BufferError) and not _labels_can_be_made():
        outcome.force_exception(pytest.skip.Exception("metatensor-core cannot make labels with this NumPy"))
