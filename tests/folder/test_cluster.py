"""Blocks on a Dask cluster: the same bytes whatever happens to the workers, and a message when they can't be had."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="needs pip install 'anisoap_opt[cluster]'")
import dask.config
import psutil
from typer.testing import CliRunner

import anisoap_opt
from anisoap_opt.cli import app
from anisoap_opt.folder import cluster
from anisoap_opt.folder.cluster import on_cluster
from anisoap_opt.folder.tasks import Block, Task, compute
from tests.folder.small_run import ELLIPSOIDS, contents, describe

ROOT = Path(__file__).resolve().parents[2]
SCHEDULER, WORKER = "distributed.cli.dask_scheduler", "distributed.cli.dask_worker"


def kill_workers() -> None:
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it ended meanwhile, or is about to
            if any("spawn_main" in part for part in process.cmdline()):
                process.kill()


def end_the_worker(task: Task) -> Block:
    """A block for which no memory is large enough, say."""
    if task.block == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return compute(task)


@pytest.mark.slow
def test_workers_that_are_killed_have_their_blocks_redone(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    kills = []

    def progress(done: int, before: int, total: int) -> None:
        if done in (20, 100):
            kills.append(done)
            kill_workers()

    with on_cluster("local", 2) as blocks:
        describe(tmp_path / "out", executor=blocks, in_flight=blocks.in_flight, progress=progress)
    assert kills == [20, 100]
    assert contents(tmp_path / "out") == undisturbed


@pytest.mark.slow
def test_a_block_that_kills_its_worker_every_time_is_named(
    tmp_path: Path, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = rf"block 3 \({ELLIPSOIDS}, frames 60 to 79\) ended 2 workers, the last one at tcp://127"
    with monkeypatch.context() as patched, dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        patched.setattr("anisoap_opt.folder.driver.run.__kwdefaults__", {"run_one": end_the_worker})
        with pytest.raises(ChildProcessError, match=named), on_cluster("local", 1) as blocks:
            describe(tmp_path / "out", executor=blocks, in_flight=1)
    assert {"block-000000.npy", "block-000001.npy", "block-000002.npy"} <= contents(tmp_path / "out").keys()
    describe(tmp_path / "out")
    assert contents(tmp_path / "out") == undisturbed


@pytest.mark.slow
def test_an_error_in_a_frame_comes_back_from_the_worker(tmp_path: Path) -> None:
    text = ELLIPSOIDS.read_text().splitlines()
    bad = len(text) - 1  # the last line is a particle of the last frame
    text[bad] = "X 1.0 2.0 nonsense " + " ".join(text[bad].split()[4:])
    (tmp_path / "bad.xyz").write_text("\n".join(text) + "\n")
    with pytest.raises(ValueError, match=r"bad\.xyz.*line \d+.*frame 199.*"), on_cluster("local", 1) as blocks:
        describe(tmp_path / "out", tmp_path / "bad.xyz", executor=blocks, in_flight=1)
    assert "block-000008.json" in contents(tmp_path / "out")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts parts of a cluster that is not ours, with a package of another version if one is given."""
    with ExitStack() as running:

        def program(name: str, *arguments: str, version: str | None = None) -> subprocess.Popen[bytes]:
            path = os.pathsep.join(sys.path)
            if version is not None:
                (tmp_path / "other" / "anisoap_opt").mkdir(parents=True)
                (tmp_path / "other" / "anisoap_opt" / "__init__.py").write_text(version)
                path = f"{tmp_path / 'other'}{os.pathsep}{path}"
            process = subprocess.Popen(
                [sys.executable, "-m", name, *arguments],
                env={**os.environ, "PYTHONPATH": path},
                cwd=tmp_path,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            running.callback(process.wait)
            running.callback(process.terminate)
            return process

        yield program


def scheduler_of(start: Callable[..., Any], tmp_path: Path) -> tuple[Any, str]:
    from distributed import Client

    file = tmp_path / "scheduler.json"
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
    process = start(SCHEDULER, *options, "--scheduler-file", str(file))
    with Client(scheduler_file=str(file), timeout="30s") as client:
        return process, client.scheduler.address


@pytest.mark.slow
def test_a_scheduler_that_goes_away(tmp_path: Path, start: Any, undisturbed: dict[str, bytes]) -> None:
    process, address = scheduler_of(start, tmp_path)
    start(WORKER, address, "--nthreads", "1", "--no-dashboard", "--no-nanny")

    def progress(done: int, before: int, total: int) -> None:
        if done == 60:
            process.kill()

    out = tmp_path / "out"
    with pytest.raises(ConnectionError, match=rf"the Dask scheduler \({address}\) is gone"), on_cluster(address) as one:
        describe(out, executor=one, in_flight=one.in_flight, progress=progress)
    assert len(list(out.glob("*.npy"))) >= 3
    assert describe(out).before >= 3
    assert contents(out) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "found"), [("__version__ = '0.0.1'", r"0\.0\.1"), ("raise ImportError", "none")], ids=["other", "none"]
)
def test_a_worker_without_this_version_is_named(tmp_path: Path, start: Any, version: str, found: str) -> None:
    _, address = scheduler_of(start, tmp_path)
    start(WORKER, address, "--nthreads", "1", "--no-dashboard", "--no-nanny", version=version)
    needed = anisoap_opt.__version__.replace(".", r"\.")
    message = (
        rf"the worker at tcp://127\S+, whose Python is {sys.executable}, has anisoap_opt {found}; {needed} is needed"
    )
    with pytest.raises(ImportError, match=message), on_cluster(address) as blocks:
        describe(tmp_path / "out", executor=blocks)


@pytest.mark.slow
def test_an_interrupt_keeps_what_is_finished_and_leaves_no_process(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    many = tmp_path / "many.xyz"
    many.write_bytes(ELLIPSOIDS.read_bytes() * 20)
    out = tmp_path / "out"
    # A shell that starts a test in the background has it ignore interrupts.
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    program += "from anisoap_opt.cli import app; app()"
    options = ["--max-angular=9", "--max-radial=6", "--backend=numpy_only", "--frames-per-block=20"]
    command = [sys.executable, "-c", program, "describe", str(many), *options, f"--out={out}"]
    process = subprocess.Popen(
        [*command, "--scheduler=local", "--workers=2"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not list(out.glob("block-*.json")):
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    _, said = process.communicate(timeout=50)
    assert process.returncode not in (0, 2)
    assert said.strip() in ("", "Aborted!")  # the latter by older versions of typer
    its_own = [one for one in psutil.process_iter() if _session(one) == process.pid]
    _, left = psutil.wait_procs(its_own, timeout=20)  # multiprocessing's resource tracker ends by itself
    assert not left
    finished = len(list(out.glob("block-*.json")))
    assert 0 < finished < 200


def _session(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except ProcessLookupError:
        return None


def test_no_scheduler_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT", "300ms")
    others = "instead of an address there may be local, slurm or htcondor"
    with pytest.raises(ConnectionError, match=f"no Dask scheduler answers at tcp://127.0.0.1:1: .*; {others}"):
        on_cluster("tcp://127.0.0.1:1").__enter__()
    with pytest.raises(ConnectionError, match=f"no Dask scheduler answers at slrum: .*; {others}"):
        on_cluster("slrum").__enter__()


@pytest.mark.parametrize(
    ("scheduler", "workers", "message"),
    [
        ("slurm", None, "how many workers is slurm asked for"),
        ("HTCondor", None, "how many workers is htcondor asked for"),
        ("tcp://127.0.0.1:1", 2, "the cluster at tcp://127.0.0.1:1 has its own workers"),
        ("local", 0, "workers must be at least 1"),
    ],
)
def test_numbers_of_workers(scheduler: str, workers: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        on_cluster(scheduler, workers).__enter__()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out=out", "--workers=2"], "Invalid value for --workers: needs --scheduler"),
        (["--out=out.npz", "--scheduler=local"], "Invalid value for --scheduler: is for a folder"),
        (["--out=out", "--scheduler=slurm"], "how many workers is slurm asked for"),
    ],
)
def test_options_that_do_not_go_together(
    options: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["describe", str(ELLIPSOIDS), *options])
    assert done.exit_code == 2
    assert message in done.stderr
    assert not list(tmp_path.iterdir())
