"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_opt.folder import atomic


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file beside its final place and rename it, so that an interrupt or a full disk leaves the old one.

    Text is written as UTF-8. A missing folder is made, a link stays one; into what is no file, as /dev/null, it is
    written directly. CannotMeasure if it cannot be written: the disk is full, a folder has its name.
    """
    path, data = path.resolve(), content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            atomic.write(path, lambda file: file.write(data))
    except OSError as error:
        raise CannotMeasure(f"cannot write {path}: {error}") from error


def check_writable(path: Path) -> None:
    """Refuse a file that `write_whole` could not make: better told than after an hour. What it holds stays."""
    if path.is_dir():
        raise CannotMeasure(f"cannot write {path}: it is a folder")
    if not path.exists():
        write_whole(path, "")
        path.unlink()
