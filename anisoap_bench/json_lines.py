"""Recordings that grow: a line of JSON with the conditions, then one for each measurement as soon as it is done."""

from __future__ import annotations

import fcntl
import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole


def begin(path: Path, conditions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Make a recording, or open one to continue it: its lines so far, without the first.

    Raises
    ------
    CannotMeasure
        If there is one whose first line is another, a file that is no recording, or a name that ends in ``.gz``, or if
        it cannot be written.
    """
    if path.suffix == ".gz":
        raise CannotMeasure(f"{path}: a compressed recording can only be replayed")
    if not path.exists():
        write_whole(path, json.dumps(conditions) + "\n")
        return []
    found, lines = read(path)
    if different := sorted(key for key in {**found, **conditions} if found.get(key) != conditions.get(key)):
        raise CannotMeasure(f"{path} was recorded under other conditions ({', '.join(different)}): choose another name")
    if not path.read_bytes().endswith(b"\n"):  # the last line was cut short
        append(path, "")
    return lines


def append(path: Path, line: str) -> None:
    """Add one line to a file; CannotMeasure if it cannot be written: the disk is full."""
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
    except OSError as error:
        raise CannotMeasure(f"cannot write {path}: {error}") from error


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Nobody else may add to a recording meanwhile; CannotMeasure if somebody does."""
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotMeasure(f"{path}: another run is adding to it") from error
        yield


def read(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """First line and the others, without any that was cut short; CannotMeasure if the file is no recording."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        first, *rest = content.decode().splitlines()
        conditions = dict(json.loads(first))
    except (OSError, EOFError, TypeError, ValueError) as error:  # gzip: EOFError where it was cut short
        raise CannotMeasure(f"{path} is no recording: {error}") from error
    lines = []
    for line in rest:
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return conditions, lines
