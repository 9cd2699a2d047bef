"""Files that are there as a whole or not at all, whatever happens, and that stay once they are there."""

from __future__ import annotations

import os
import platform
import re
import shutil
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

_LEFTOVER = re.compile(r"\.(?P<host>.*)-(?P<pid>\d+)-[0-9a-f]{32}\.part")
_DAY = 86400.0


def write(path: Path, fill: Callable[[BinaryIO], object], *, replace: bool = True) -> None:
    """Make a file under another name, bring it to the disk, and rename it.

    Parameters
    ----------
    path : Path
    fill : callable
        Writes the content.
    replace : bool
        Whether a file of this name that is there already is replaced; else it stays as it is.

    Raises
    ------
    OSError
        If that fails; what was there before is there still.
    """
    temporary = temporary_name(path)
    try:
        with temporary.open("xb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(temporary, path)
        else:
            _name_unless_there(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        raise OSError(error.errno, f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def link_or_copy(source: Path, path: Path) -> None:
    """Give a file a second name, or copy it where that cannot be; an OSError if neither can."""
    temporary = temporary_name(path)
    try:
        os.link(source, temporary)
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError:
        with source.open("rb") as file:
            write(path, lambda copy: shutil.copyfileobj(file, copy))
    finally:
        temporary.unlink(missing_ok=True)  # also if both were the same file already: nothing is renamed then


def temporary_name(path: Path) -> Path:
    """A name beside a file's that nobody else uses, and that tells who made it."""
    return path.with_name(f".{_here()}-{os.getpid()}-{uuid.uuid4().hex}.part")


def _name_unless_there(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        if not path.exists():
            os.replace(temporary, path)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    with suppress(PermissionError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_leftovers(folder: Path) -> None:
    """Delete what processes that were killed left of `write`: those of this machine, and of others after a day."""
    for path in folder.glob(".*.part"):
        found = _LEFTOVER.fullmatch(path.name)
        with suppress(FileNotFoundError):
            if not found:
                continue
            here = found["host"] == _here()
            if not _runs(int(found["pid"])) if here else time.time() - path.stat().st_mtime > _DAY:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


@cache
def _here() -> str:
    """Where the numbers of processes are this process's: the machine and, on Linux, what a container sees of it."""
    space = ""
    with suppress(OSError):
        space = "".join(filter(str.isdecimal, os.readlink("/proc/self/ns/pid")))
    return f"{platform.node()}{space}"


def _runs(pid: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
