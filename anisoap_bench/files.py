"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anisoap_bench.errors import CannotMeasure


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file beside its final place and rename it, so that an interrupt or a full disk leaves the old one.

    Text is written as UTF-8. A missing folder is made, a link stays one; into what is no ordinary file, as a pipe, it
    is written directly. CannotMeasure if it cannot be written: the disk is full, a folder has its name.
    """
    with _refusing(path):
        _write_whole(path, content)


def check_writable(path: Path) -> None:
    """Refuse what `write_whole` could not write now: better told than after an hour. What the file holds stays."""
    if path.is_dir():
        raise CannotMeasure(f"cannot write {path}: it is a folder")
    if not _is_special(path):
        probe = path.resolve().with_name(f".{path.name}.probe")
        with _refusing(path):
            _write_whole(probe, "")
            probe.unlink()


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotMeasure(f"cannot write {path}: {error}") from error


def _write_whole(path: Path, content: str | bytes) -> None:
    data = content.encode() if isinstance(content, str) else content
    if _is_special(path):
        path.write_bytes(data)
        return
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _is_special(path: Path) -> bool:
    """A pipe, a device; an ordinary file by a name in /dev, where whoever opened it would not see a new one."""
    return path.exists() and not path.is_dir() and (not path.is_file() or path.is_relative_to("/dev"))
