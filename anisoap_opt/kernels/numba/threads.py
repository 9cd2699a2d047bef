"""Threads over independent parts of an array."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numba
import numpy as np
import numpy.typing as npt

TASKS_PER_THREAD = 4


def run_parts(run: Callable[[int, int], None], work: npt.NDArray[np.int64], min_task: float) -> None:
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
    num_threads = min(numba.get_num_threads(), 1 + int(total / min_task))
    num_tasks = min(items, num_threads * TASKS_PER_THREAD)
    if num_threads == 1 or num_tasks <= 1:
        run(0, items)
        return
    cuts = np.searchsorted(work, work[0] + np.linspace(0, total, num_tasks + 1)[1:-1])
    bounds = [0, *cuts.tolist(), items]
    list(_pool(num_threads).map(run, bounds[:-1], bounds[1:]))


@cache
def _pool(num_threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(num_threads, thread_name_prefix="anisoap_numba")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of its parent's threads
