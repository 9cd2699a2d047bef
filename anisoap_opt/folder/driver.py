"""Runs tasks on anything like an executor of `concurrent.futures`, with a bounded number of them in flight."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from anisoap_opt.folder.tasks import Block, Task, compute

IN_FLIGHT = 3
"""Blocks at a time, beside the one that is being written: one is read, one is computed, one waits for that."""


@contextmanager
def executor_or_threads(executor: Executor | None) -> Iterator[Executor]:
    """The executor, or two threads: one makes arrays of text while the other computes."""
    if executor is not None:
        yield executor
        return
    with ThreadPoolExecutor(2, thread_name_prefix="anisoap_stream") as threads:
        yield threads


def run(
    tasks: Iterable[Task],
    executor: Executor,
    in_flight: int = IN_FLIGHT,
    *,
    in_order: bool,
    run_one: Callable[[Task], Block] = compute,
) -> Iterator[Block]:
    """Results of tasks.

    Parameters
    ----------
    tasks : iterable of Task
        Asked for the next one when there is room for it.
    executor : Executor
        Only its method `submit` is used, and that a future can be waited for by `concurrent.futures.wait`.
    in_flight : int
        Most tasks that were begun and whose results were not taken yet.
    in_order : bool
        Whether results come in the order of the tasks, or as they are ready.
    run_one : callable
        What is done with a task.

    Yields
    ------
    Block

    Raises
    ------
    Exception
        What a task raised; those that have not begun are cancelled then.
    """
    waiting: list[Future[Block]] = []

    def take() -> Block:
        if not in_order:
            wait(waiting, return_when=FIRST_COMPLETED)
        ready = next(one for one in waiting if in_order or one.done())
        waiting.remove(ready)
        return ready.result()

    try:
        for task in tasks:
            waiting.append(executor.submit(run_one, task))
            if len(waiting) >= in_flight:
                yield take()
        while waiting:
            yield take()
    finally:
        for one in waiting:
            one.cancel()
