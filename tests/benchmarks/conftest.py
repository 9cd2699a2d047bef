"""What the gate's benchmarks share: one way to time a call, and a descriptor."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.benchmarks import inputs

if TYPE_CHECKING:
    from tests.benchmarks.cases import Case

ROUNDS = 6
"""A process runs each benchmark a few times; more processes tell more than more rounds."""

PLACES = 16
LEVELS = 20
"""A call is made from one of so many places on the stack in turn, so many levels apart."""


@pytest.fixture
def timed(benchmark: Any) -> Callable[[Callable[[], Any], int], Any]:
    """Time rounds of so many calls, as many in every process and for every commit, after one that compiles.

    The calls come from different places on the stack of C, because compiled code that keeps its sums there is faster
    or slower with the place, by several per cent, for as long as a process lives; so a process does not judge by one.
    """

    def run(call: Callable[[], Any], calls: int) -> Any:
        deeper(lambda: None, PLACES * LEVELS)  # so that no call is the first to need these pages
        call()
        levels = itertools.cycle(range(0, PLACES * LEVELS, LEVELS))
        return benchmark.pedantic(lambda: deeper(call, next(levels)), rounds=ROUNDS, iterations=calls)

    return run


def deeper(call: Callable[[], Any], levels: int) -> Any:
    """Call it so many levels down: half a kilobyte and a quarter of a microsecond each, as `map` is written in C."""
    return next(map(deeper, [call], [levels - 1])) if levels else call()


@pytest.fixture
def run_case(benchmark: Any, timed: Callable[..., Any]) -> Callable[[Case], None]:
    """Time a descriptor; without its backend it is skipped, which the gate takes for not compared."""

    def run(case: Case) -> None:
        benchmark.group = case.group
        try:
            call = inputs.call(case)
        except ModuleNotFoundError as error:
            pytest.skip(str(error))
        found = timed(call, case.calls)
        if case.method == "transform":
            found = [block.values for block in found.blocks()]
        arrays = found if isinstance(found, (list, tuple)) else [found]
        assert all(len(array) and np.isfinite(np.asarray(array)).all() for array in arrays)

    return run
