"""Files of frames: their text, compressed or not, and what ASE makes of those that are read nowhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from anisoap_opt.xyz.headers import UnreadableError

if TYPE_CHECKING:
    from ase import Atoms

_COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}
"""Modules of Python that open files with these suffixes."""
_ZSTD = ("compression.zstd", "zstandard")
"""The same for .zst: of Python 3.14, and of PyPI."""


def check_exists(path: Path, *, may_be_empty: bool = False) -> None:
    """Raise a FileNotFoundError if there is no such file, a ValueError if it is empty, a folder or a pipe."""
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is not a regular file")
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    if not may_be_empty and not path.stat().st_size:
        raise ValueError(f"{path} is empty")


def is_named_xyz(path: Path) -> bool:
    """Whether a file's name, compressed or not, says that it is extended XYZ."""
    bare = path.with_suffix("") if path.suffix.lower() in (*_COMPRESSED, ".zst") else path
    return bare.suffix.lower() in (".xyz", ".extxyz")


def is_extended_xyz(path: Path) -> bool:
    """Whether a file is read as extended XYZ: by its name, or because ASE takes it for nothing else."""
    if is_named_xyz(path):
        return True
    from ase.io.formats import UnknownFileTypeError, filetype, ioformats

    try:
        found = filetype(str(path))
    except UnknownFileTypeError:
        return True
    return found == "extxyz" or found not in ioformats


@contextmanager
def text(path: Path) -> Iterator[TextIO]:
    """A file's lines, as ASE sees them.

    Raises
    ------
    ModuleNotFoundError
        If there is no library for its compression.
    UnreadableError
        If what it holds is not compressed so, or is no text.
    """
    with _opened(path, "rt") as file:
        yield file


@contextmanager
def binary(path: Path) -> Iterator[BinaryIO]:
    """As `text`, a file's bytes, no longer compressed."""
    with _opened(path, "rb") as file:
        yield file


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[Any]:
    file = _open(path, mode)
    try:
        with file:
            yield file
    except _errors_of(path) as error:
        raise UnreadableError(f"{path} cannot be read: {type(error).__name__}: {error}") from error


def _open(path: Path, mode: str) -> Any:
    if path.suffix.lower() == ".zst":
        return _open_zst(path, mode)
    if path.suffix.lower() in _COMPRESSED:
        return import_module(_COMPRESSED[path.suffix.lower()]).open(path, mode)
    return open(path, mode)


def _open_zst(path: Path, mode: str) -> Any:
    for name in _ZSTD:
        try:
            return import_module(name).open(os.fspath(path), mode)
        except ModuleNotFoundError:
            continue
    raise ModuleNotFoundError(f"{path}: reading .zst needs Python 3.14, or the package zstandard")


def _errors_of(path: Path) -> tuple[type[Exception], ...]:
    """What the library that opens a file raises where it holds something else."""
    if path.suffix.lower() == ".gz":
        import gzip
        import zlib

        return EOFError, UnicodeError, gzip.BadGzipFile, zlib.error
    if path.suffix.lower() == ".xz":
        import lzma

        return EOFError, UnicodeError, lzma.LZMAError
    if path.suffix.lower() == ".zst":
        modules = map(sys.modules.get, _ZSTD)
        return EOFError, UnicodeError, *(module.ZstdError for module in modules if module)
    return (EOFError, UnicodeError, OSError) if path.suffix.lower() == ".bz2" else (UnicodeError,)


def frames_by_ase(path: Path, index: slice, extended_xyz: bool) -> Iterator[Atoms]:
    """Frames of a file, as ASE reads them one by one; it guesses the format of what is not extended XYZ."""
    from ase.io import iread

    if not extended_xyz:
        yield from iread(os.fspath(path), index, do_not_split_by_at_sign=True)
        return
    with text(path) as file:
        yield from iread(file, index, format="extxyz")
