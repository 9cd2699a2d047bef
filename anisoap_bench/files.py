"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from anisoap_bench.errors import CannotMeasure


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file beside its final place and rename it, so that an interrupt or a full disk leaves the old one.

    Parameters
    ----------
    path : pathlib.Path
        Its folder is made if it is missing.
    content : str or bytes
        Text is written as UTF-8.

    Raises
    ------
    CannotMeasure
        If it cannot be written: the folder cannot be made, the disk is full, a folder has its name.
    """
    try:
        _write_whole(path, content)
    except OSError as error:
        raise CannotMeasure(f"cannot write {path}: {error}") from error


def _write_whole(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
