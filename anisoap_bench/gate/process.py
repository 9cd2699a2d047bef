"""Child processes: one environment for all of them, and none left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import IO, Any

from anisoap_bench.errors import CannotMeasure
from benchmarks.measure import THREAD_VARIABLES

KEPT = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PATH", "TMPDIR")
"""What a measured process sees of the caller's environment."""

REMEMBERED = 1 << 20
"""Bytes, the last ones that a process prints."""

LIBRARIES = ("numpy", "scipy", "numba", "torch", "ase", "metatensor-core")


@dataclass(frozen=True)
class Finished:
    """Exit code of a process that ended by itself, and the end of its output."""

    code: int
    output: str

    @property
    def tail(self) -> str:
        """Its last words, for a message."""
        return "\n".join(self.output.strip().splitlines()[-20:])


def environment(**more: str) -> dict[str, str]:
    """Variables of a measured process: one thread, hashes that repeat, nothing of the caller that could matter."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, **dict.fromkeys((*THREAD_VARIABLES, "NUMBA_NUM_THREADS"), "1"), "PYTHONHASHSEED": "0", **more}


def versions_of(libraries: Sequence[str]) -> dict[str, str]:
    """Of Python, and of those libraries that are installed; without what tells builds of one version apart."""
    found = {"python": ".".join(python_version().split(".")[:2])}
    for name in libraries:
        try:
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            continue
    return found


def versions() -> str:
    """Of what the time of a process depends on."""
    return ", ".join(f"{name} {number}" for name, number in versions_of(LIBRARIES).items())


@dataclass(frozen=True)
class Command:
    """What to run, in which folder, with which environment (the caller's own by default); open files that it keeps."""

    words: Sequence[str | Path]
    folder: Path
    variables: Mapping[str, str] | None = None
    files: tuple[int, ...] = ()


def run(
    words: Sequence[str | Path], *, folder: Path, variables: Mapping[str, str] | None = None, timeout: float
) -> Finished:
    """Run one command as `run_together` does."""
    return run_together([Command(words, folder, variables)], timeout=timeout)[0]


def run_together(
    commands: Sequence[Command], *, timeout: float, meanwhile: Callable[[float], None] = lambda deadline: None
) -> list[Finished]:
    """Run commands at the same time, each in a process group that ends with it, at the timeout or when we do.

    Once all run, `meanwhile` is called with the time, on the clock of `time.monotonic`, when they have to be done; it
    may raise TimeoutError. If they take longer, CannotMeasure.
    """
    deadline = time.monotonic() + timeout
    with ExitStack() as files:
        # Files, not pipes: nobody has to read while they run, and what they leave behind cannot keep us waiting.
        outputs = [files.enter_context(tempfile.TemporaryFile()) for _ in commands]
        with ExitStack() as running:
            processes = [running.enter_context(_started(*each)) for each in zip(commands, outputs, strict=True)]
            try:
                meanwhile(deadline)
                for process in processes:
                    process.wait(max(deadline - time.monotonic(), 0))
            except (TimeoutError, subprocess.TimeoutExpired) as error:
                pairs = zip(processes, outputs, strict=True)
                late = [f":\n{each.args!r}\n{_read(out).tail}" for each, out in pairs if each.poll() is None]
                raise CannotMeasure(f"took longer than {timeout:g} s{''.join(late)}") from error
        return [_read(output, process.returncode) for process, output in zip(processes, outputs, strict=True)]


def _read(output: IO[bytes], code: int = 0) -> Finished:
    output.seek(max(0, output.seek(0, os.SEEK_END) - REMEMBERED))
    return Finished(code, output.read().decode(errors="replace"))


@contextmanager
def _started(command: Command, output: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A running process, whose group is ended at the end."""
    with subprocess.Popen(
        [str(word) for word in command.words],
        cwd=command.folder,
        env=None if command.variables is None else dict(command.variables),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        pass_fds=command.files,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:  # kill whatever is left, grandchildren included
            with suppress(ProcessLookupError, PermissionError):  # all gone; macOS says so in the second way
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _handled(numbers: Sequence[signal.Signals], handler: Any) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def uninterrupted() -> AbstractContextManager[None]:
    """Ignore what would interrupt, for a short while; it is lost."""
    return _handled(INTERRUPTS, signal.SIG_IGN)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder that is gone afterwards, however that comes."""
    folder = Path(tempfile.mkdtemp(prefix="anisoap-gate-"))
    try:
        yield folder
    finally:
        with uninterrupted():  # nothing is left behind, and what was found is told
            shutil.rmtree(folder, ignore_errors=True)


def interruptible() -> AbstractContextManager[None]:
    """Let SIGTERM and SIGHUP unwind the stack as SIGINT does, so that every `finally` runs, to its end."""
    heeded = [number for number in INTERRUPTS if signal.getsignal(number) != signal.SIG_IGN]  # not nohup's, for one

    def interrupt(number: int, frame: Any) -> None:
        for each in heeded:  # a second one would cut the cleaning up short
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    return _handled(heeded, interrupt)
