"""What the gate's benchmarks share: frames, and one way to time a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.benchmarks import inputs

if TYPE_CHECKING:
    from tests.benchmarks.inputs import Call, Frames

ROUNDS = 4
"""A process runs each benchmark a few times; more processes tell more than more rounds."""


@pytest.fixture
def timed(benchmark: Any) -> Call:
    """Time rounds of `calls` calls, as many in every process and for every commit, after one that compiles."""

    def run(call: Callable[[], Any], *, calls: int, **information: Any) -> Any:
        benchmark.extra_info.update(information)
        call()
        return benchmark.pedantic(call, rounds=ROUNDS, iterations=calls)

    return run


@pytest.fixture
def make_calculator() -> Call:
    """`inputs.calculator`; without the backend the benchmark is skipped, which the gate takes for not compared."""

    def make(*words: str, **more: Any) -> Any:
        try:
            return inputs.calculator(*words, **more)
        except ModuleNotFoundError as error:
            pytest.skip(str(error))

    return make


@pytest.fixture
def frames() -> Frames:
    """All frames, by name."""
    return inputs.load()
