"""Child processes: one environment for all of them, and none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from anisoap_bench.errors import CannotMeasure
from benchmarks.measure import THREAD_VARIABLES

KEPT = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PATH", "TMPDIR")
"""What a measured process sees of the caller's environment."""

LIBRARIES = ("numpy", "scipy", "numba", "torch", "ase", "vesin", "metatensor-core")


@dataclass(frozen=True)
class Finished:
    """Exit code and output of a process that ended by itself."""

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


def versions() -> str:
    """Of the libraries that the time of a process depends on."""
    try:
        return ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    except PackageNotFoundError as error:
        raise CannotMeasure(f"{error}: the benchmarks need it; install the extra dev") from error


def run(
    command: Sequence[str | Path], *, folder: Path, variables: Mapping[str, str] | None = None, timeout: float
) -> Finished:
    """Run a command in a process group of its own, which ends with it, at the timeout and when we are interrupted.

    Parameters
    ----------
    command : sequence of str or path
    folder : pathlib.Path
        Working directory.
    variables : mapping, optional
        The whole environment; the caller's own by default.
    timeout : float
        Seconds.

    Raises
    ------
    CannotMeasure
        If it takes longer.
    """
    words = [str(word) for word in command]
    with subprocess.Popen(
        words,
        cwd=folder,
        env=None if variables is None else dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise CannotMeasure(f"took longer than {timeout:g} s: {' '.join(words)}") from error
        finally:
            _end_group(process)
    return Finished(process.returncode, output)


def _end_group(process: subprocess.Popen[str]) -> None:
    """Kill whatever is left of the group, grandchildren included."""
    with suppress(ProcessLookupError, PermissionError):  # all gone; macOS says so in the second way
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the stack as SIGINT does, so that every `finally` runs, to its end."""

    def interrupt(number: int, frame: Any) -> None:
        for each in old:  # a second one would cut the cleaning up short
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = {number: signal.getsignal(number) for number in numbers}
    old = {number: handler for number, handler in handlers.items() if handler != signal.SIG_IGN}  # nohup's, for one
    for number in old:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
