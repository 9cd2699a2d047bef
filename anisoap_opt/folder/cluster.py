"""Blocks as tasks of a Dask cluster: processes here, jobs of Slurm or HTCondor, or a cluster that runs already."""

from __future__ import annotations

import logging
import pickle
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib.metadata import version
from shutil import which
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks
from anisoap_opt.folder.tasks import Task

_LOGGER = logging.getLogger(__name__)
JOBS = {"slurm": "SLURMCluster", "htcondor": "HTCondorCluster"}
"""Queues, and what `dask_jobqueue` calls their clusters."""
CONNECT = "10s"
"""How long a scheduler at an address may take to answer."""
QUIET = ("distributed", "distributed.client", "tornado.application", "asyncio")
"""Loggers that tell of every lost connection, which is no error here. Dask's own configuration can turn them on."""
NO_DASHBOARD = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
"""No pages about the cluster. Dask opens a port for them all the same: one that other machines cannot reach."""
IGNORE_INTERRUPTS = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
"""Processes on this machine are interrupted by their terminal, with the one that started them and will end them."""
ONE_JOB: dict[str, Any] = {"cores": 1, "memory": "2GB", "disk": "1GB"}
"""What a job asks for, where Dask's configuration says nothing."""


class Blocks(Executor):
    """Runs tasks on a Dask cluster, which is started for the first one.

    Attributes
    ----------
    in_flight : int
        How many tasks keep its workers busy: two each, one to compute and one that is on its way.
    """

    def __init__(self, start: Callable[[], Any], workers: int) -> None:
        self._start = start
        self._executor: Any = None
        self._blocks: dict[str, str] = {}
        self.in_flight = 2 * workers

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **_: Any) -> Future[Any]:
        """As `concurrent.futures.Executor.submit`, for a function of one task."""
        if self._executor is None:
            self._executor = self._start().get_executor()
        (task,) = arguments
        key = f"block-{task.block}-{uuid4().hex}"
        self._blocks[key] = _described(task)
        # Bytes: a scheduler or a worker that lacks the package cannot take its objects apart, and would never answer.
        # As an array Dask passes them on without copies: a fifth of the time that it needs for a block.
        work = np.frombuffer(pickle.dumps((function, task), protocol=pickle.HIGHEST_PROTOCOL), dtype=np.uint8)
        return self._executor.submit(_task_of_version(version("anisoap_opt")), work, key=key)

    def block(self, key: str) -> str:
        """Which block a key of Dask's is."""
        return self._blocks.get(key, key)


@contextmanager
def on_cluster(scheduler: str, workers: int | None = None) -> Iterator[Blocks]:
    """Start or join a Dask cluster, and leave it again.

    Workers that die have their blocks computed elsewhere; jobs that end are replaced.

    Parameters
    ----------
    scheduler : str
        "local", "slurm", "htcondor", or the address of a scheduler that runs: "tcp://HOST:8786".
    workers : int, optional
        How many workers to start, of one thread each; by default one for each processor of this machine. Jobs of a
        queue need a number. A cluster at an address has its own workers.

    Yields
    ------
    Blocks

    Raises
    ------
    ModuleNotFoundError
        If Dask is not installed here.
    ImportError
        If a worker does not have this version of the package; the message names it.
    ConnectionError
        If no scheduler answers, or it is gone.
    ChildProcessError
        If a block ended several workers; the message names both.
    OSError
        If a queue takes no job.
    TypeError, ValueError
        If `workers` is no positive number, or is missing, or not for this kind of cluster.
    """
    kind = scheduler.lower()
    if workers is not None and checks.natural("workers", workers) == 0:
        raise ValueError("workers must be at least 1")
    if kind in JOBS and workers is None:
        raise ValueError(f"how many workers is {kind} asked for? Give their number")
    if kind != "local" and kind not in JOBS and workers is not None:
        raise ValueError(f"the cluster at {scheduler} has its own workers: their number cannot be given")
    try:
        _start_quietly()
    except ImportError as error:
        raise ModuleNotFoundError(f"{error.name} is missing: pip install 'anisoap_opt[cluster]'") from error
    import dask.config
    from dask.system import CPU_COUNT
    from distributed import KilledWorker

    with ExitStack() as running:
        # A task carries the text of its frames, so that a worker needs no files.
        running.enter_context(dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}))
        if kind == "local":
            workers = workers or CPU_COUNT
            blocks = Blocks(partial(_local, running, workers), workers)
        elif kind in JOBS:
            assert workers is not None
            blocks = Blocks(partial(_jobs, running, kind, workers), workers)
        else:
            client = _joined(running, scheduler)
            blocks = Blocks(lambda: client, sum(client.nthreads().values()))
        try:
            yield blocks
        except KilledWorker as error:
            last = getattr(error.last_worker, "address", error.last_worker)
            raise ChildProcessError(
                f"{blocks.block(error.task)} ended {error.allowed_failures + 1} workers, the last one at {last}: "
                "too little memory for it? Its log may tell"
            ) from error
        except CancelledError as error:
            raise ConnectionError(
                f"the Dask scheduler ({scheduler}) is gone, and with it the blocks in work"
            ) from error


def _described(task: Task) -> str:
    """A block and where its frames are, in words."""
    parts = [
        f"{piece.path or 'the input'}, frames {piece.first} to {piece.first + piece.num_frames - 1}"
        for piece in task.pieces
    ]
    return f"block {task.block} ({'; '.join(parts)})"


def _task_of_version(needed: str) -> Callable[[npt.NDArray[np.uint8]], Any]:
    """What a worker does. It is sent as code, so that it runs, and says what is wrong, where the package is missing."""

    def compute_block(work: npt.NDArray[np.uint8]) -> Any:
        import os
        import pickle
        import sys

        from distributed import get_worker

        # Before Numba is imported: the processors of a machine are shared by its workers.
        os.environ.setdefault("NUMBA_NUM_THREADS", "1")
        try:
            import anisoap_opt

            found = anisoap_opt.__version__
        except ImportError:
            found = "none"
        if found != needed:
            worker = f"the worker at {get_worker().address}, whose Python is {sys.executable},"
            raise ImportError(f"{worker} has anisoap_opt {found}; {needed} is needed")
        function, task = pickle.loads(work.data)
        return function(task)

    return compute_block


def _local(running: ExitStack, workers: int) -> Any:
    import dask.config
    from distributed import Client, LocalCluster

    level = str(dask.config.get("logging")["distributed"]).upper()
    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        scheduler_kwargs=NO_DASHBOARD,
        silence_logs=logging.getLevelName(level),  # also of the workers
        preload=IGNORE_INTERRUPTS,
    )
    return running.enter_context(Client(running.enter_context(cluster)))


def _joined(running: ExitStack, address: str) -> Any:
    from distributed import Client

    try:
        client = running.enter_context(Client(address, timeout=CONNECT))
    except (OSError, ValueError) as error:
        others = "; instead of an address there may be local, slurm or htcondor"
        raise ConnectionError(f"no Dask scheduler answers at {address}: {error}{others}") from error
    if not client.nthreads():
        _LOGGER.info("the scheduler at %s has no workers yet: waiting for one", address)
        client.wait_for_workers(1)
    return client


def _jobs(running: ExitStack, queue: str, workers: int) -> Any:
    from distributed import Client, Status

    cluster = running.enter_context(job_cluster(queue))
    submit = cluster.job_cls.submit_command
    if which(submit) is None:
        raise FileNotFoundError(f"there is no {submit} here: start this where {queue} takes jobs")
    cluster.scale(workers)
    with suppress(RuntimeError):  # Dask tells of a refused job only now and then: see below
        cluster.sync(lambda: cluster)
    refused = [job for job in cluster.workers.values() if job.job_id is None]
    try:
        for job in refused:
            cluster.sync(job.start)
    except RuntimeError as error:
        for job in refused:
            job.status = Status.failed  # else Dask would not close the cluster
        said = str(error).partition("stderr:")[2].strip() or error
        raise OSError(f"{queue} takes no job: {said}") from error
    # Jobs that end, for example because their time is over, are replaced.
    cluster.adapt(minimum=len(cluster.plan), maximum=len(cluster.plan))
    _LOGGER.info("%s has %d jobs for workers", queue, len(cluster.workers))
    return running.enter_context(Client(cluster))


def job_cluster(queue: str) -> Any:
    """A cluster of jobs as Dask's configuration describes them, without any job yet; workers have one thread each.

    Parameters
    ----------
    queue : {"slurm", "htcondor"}

    Returns
    -------
    dask_jobqueue.SLURMCluster or dask_jobqueue.HTCondorCluster
    """
    import dask.config

    interrupt = signal.getsignal(signal.SIGINT)
    import dask_jobqueue

    signal.signal(signal.SIGINT, interrupt)  # importing it made an interrupt an exit that looks like success
    configured = dask.config.get(f"jobqueue.{queue}")
    asked = {name: configured[name] or default for name, default in ONE_JOB.items() if name in configured}
    options = {**NO_DASHBOARD, **configured["scheduler-options"]}
    return getattr(dask_jobqueue, JOBS[queue])(**asked, processes=asked["cores"], scheduler_options=options)


def _start_quietly() -> None:
    """Import Dask in such a way that it logs nothing that its user did not ask for."""
    import dask.config

    dask.config.update_defaults({"logging": dict.fromkeys(QUIET, "critical")})
    import distributed  # noqa: F401
