"""What the gate's benchmarks share: one way to time a call, and a case of the table."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from benchmarks import measure
from benchmarks.cases import CASES, Cases

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
def run_case(benchmark: Any, timed: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Time a case; what the package or the environment lacks for it skips it, which the gate takes for not compared."""
    # The gate's processes have one thread from the start; beside other tests, theirs stay as they are.
    monkeypatch.setattr(measure, "pin_threads", lambda count: None)

    def error(name: str) -> float:
        measured = Cases()
        measured.setup(name)
        return measured.error(name)

    def run(name: str) -> None:
        case = CASES[name]
        benchmark.group = case.method
        try:
            work = case.work()
            call = partial(Cases.prepare(work), work.frames)
        except NotImplementedError as reason:
            pytest.skip(str(reason))
        found = timed(call, case.calls)
        if case.stored:
            benchmark.error = partial(error, name)  # for a process that counts; one that times is not asked
        if case.method == "transform":
            found = [block.values for block in found.blocks()]
        arrays = found if isinstance(found, (list, tuple)) else [found]
        assert all(len(array) and np.isfinite(np.asarray(array)).all() for array in arrays)

    return run
