"""Threads over independent parts of an array."""

# mypy: disable-error-code="attr-defined"

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import numba
import numpy as np

from anisoap_opt.arrays import Ints

TASKS_PER_THREAD = 4


def num_threads() -> int:
    """How many threads Numba would use, without starting any of its own.

    `numba.get_num_threads` starts Numba's threading layer, which may share OpenMP with Torch: then Torch has another
    number of threads than its user set, and a forked child that uses it never answers. Only where the layer runs
    already, somebody may have asked for another number than Numba began with.
    """
    try:
        numba.threading_layer()
    except ValueError:  # it has not been started
        return int(numba.config.NUMBA_NUM_THREADS)
    return int(numba.get_num_threads())


def run_parts(run: Callable[[int, int], None], work: Ints, min_task: float) -> None:
    """Call ``run(first, last)`` for consecutive ranges of about the same work, on Numba's number of threads.

    Threads of our own: the compiled code holds no lock, results do not depend on the ranges, and Numba's own threads
    would have to be compiled for and started even if there is only one.

    Parameters
    ----------
    run : callable
    work : ndarray, shape [items + 1]
        Sum of the work of all items before each, in any unit.
    min_task : float
        Work below which a second thread costs more than it saves.
    """
    items, total = len(work) - 1, int(work[-1] - work[0])
    threads = 1 if total < min_task or _inside.busy else min(num_threads(), 1 + int(total / min_task))
    num_tasks = min(items, threads * TASKS_PER_THREAD)
    if threads == 1 or num_tasks <= 1:
        run(0, items)
        return
    cuts = np.searchsorted(work, work[0] + np.linspace(0, total, num_tasks + 1)[1:-1])
    bounds = [0, *cuts.tolist(), items]
    list(_pool(threads).map(run, bounds[:-1], bounds[1:]))


def map_in_order(function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
    """`map` on Numba's number of threads; `run_parts` stays on the thread that calls it meanwhile.

    Threads with a long time of their own are placed on a core of their own. Those of `run_parts` often end before the
    operating system gets round to that, so it serves calculations too small to be cut into chunks.
    """
    threads = min(num_threads(), len(items) // 2) if len(items) > 3 else 1
    if threads < 2 or _inside.busy:
        yield from map(function, items)
        return

    def run(item: Any) -> Any:
        _inside.busy = True
        try:
            return function(item)
        finally:
            _inside.busy = False

    waiting: deque[Future[Any]] = deque()
    try:
        for item in items:
            waiting.append(_pool(threads).submit(run, item))
            if len(waiting) > 2 * threads:  # bounds the results that are held
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for one in waiting:
            one.cancel()


@contextmanager
def lend(idle: list[Any], make: Callable[[], Any]) -> Iterator[Any]:
    """A working space that no other thread uses meanwhile."""
    try:
        one = idle.pop()
    except IndexError:
        one = make()
    yield one
    idle.append(one)


class _Inside(threading.local):
    """Whether this thread is one of those of `map_in_order`."""

    busy = False


_inside = _Inside()


@cache
def _pool(num_threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(num_threads, thread_name_prefix="anisoap_numba")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of its parent's threads
