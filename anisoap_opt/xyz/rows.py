"""Rows of an extended XYZ file → numbers; the frames of a file one after the other, as text."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks
from anisoap_opt.xyz.headers import Header, Headers, NotUnderstood, RowFormat, UnreadableError

Line = TypeVar("Line", str, bytes)
_MOST_LINES = 20_000
"""Lines of text kept at a time, before they become numbers."""


class BadRow(ValueError):
    """A row that cannot be read, counted from the first with its columns."""

    def __init__(self, row: int, message: str) -> None:
        super().__init__(message)
        self.row = row


class Rows:
    """Rows of one format: lines go in, numbers come out."""

    def __init__(self, form: RowFormat) -> None:
        self._form = form
        self._lines: list[str] = []
        self._parts: list[npt.NDArray[Any]] = []

    def take(self, lines: Iterator[str], count: int) -> int:
        """Take the next `count` lines; returns how many of them there were not."""
        while True:
            before = len(self._lines)
            self._lines.extend(islice(lines, min(count, _MOST_LINES)))
            taken = len(self._lines) - before
            count -= taken
            if len(self._lines) >= _MOST_LINES:
                self._convert()
            if not count or not taken:
                return count

    def values(self) -> npt.NDArray[Any]:
        """The rows, [rows], of `RowFormat.dtype`."""
        self._convert()
        return self._parts[0] if len(self._parts) == 1 else np.concatenate(self._parts)

    def _convert(self) -> None:
        first = sum(map(len, self._parts))
        self._parts.append(_rows_to_array(self._lines, self._form, first))
        self._lines = []


def _rows_to_array(lines: list[str], form: RowFormat, first: int) -> npt.NDArray[Any]:
    """What `Rows.values` gives; NumPy's reader for whole numbers of rows, Python's numbers for what it refuses."""
    if lines and not lines[0].isspace():  # of lines without anything it says so
        try:
            found = _loadtxt(lines, form)
            if len(found) == len(lines):  # it passes over empty lines
                return found
        except (ValueError, OverflowError, Warning):
            pass
    return _row_by_row(lines, form, first)


def _loadtxt(lines: list[str], form: RowFormat) -> npt.NDArray[Any]:
    arguments: dict[str, Any] = {"dtype": form.dtype, "comments": None, "ndmin": 1, "encoding": None}
    if all(kind != "I" for _, kind, _ in form.columns):
        return np.loadtxt(lines, **arguments)
    with checks.warnings_lock, warnings.catch_warnings():  # which is for all threads
        warnings.simplefilter("error")  # a float in a column of integers
        return np.loadtxt(lines, **arguments)


def _row_by_row(lines: list[str], form: RowFormat, first: int) -> npt.NDArray[Any]:
    from ase.io.extxyz import parse_properties

    _, _, dtype, converters = parse_properties(form.text)
    out = np.empty(len(lines), dtype=form.dtype)
    for row, line in enumerate(lines):
        words = line.split()
        if len(words) < len(converters):
            raise BadRow(first + row, f"{len(words)} columns where {form.text} has {len(converters)}")
        try:
            numbers = [convert(word) for convert, word in zip(converters, words, strict=False)]
            np.array([tuple(numbers)], dtype)
        except (ValueError, OverflowError) as error:
            raise BadRow(first + row, str(error)) from error
        start = 0
        for k, (_, kind, width) in enumerate(form.columns):
            out[str(k)][row] = numbers[start : start + width] if kind in "RI" else words[start : start + width]
            start += width
    return out


@dataclass
class Block:
    """The text of some frames, as far as it is still text.

    Attributes
    ----------
    path : str
        The file, for messages.
    indices, counts, lines : list of int
        Of each frame: its place in the file from 0, its particles, the number of its comment line from 1.
    headers : list of Header
    lattices : list of str
        The text of each frame's cell.
    by_form : dict of RowFormat → Rows
    num_particles : int
    """

    path: str
    indices: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    headers: list[Header] = field(default_factory=list)
    lattices: list[str] = field(default_factory=list)
    by_form: dict[RowFormat, Rows] = field(default_factory=dict)
    num_particles: int = 0

    def take(self, headers: Headers, lines: Iterator[str], index: int, line: int, count: int) -> None:
        """Take the frame whose number of particles was in `line`; an UnreadableError if it is not whole."""
        text = next(lines, None)
        if text is None:
            raise UnreadableError(
                f"{self.path}, line {line} (frame {index}): the file ends here, before the comment line", line
            )
        try:
            header, lattice = headers.find(text)
        except Exception as error:  # ASE's, of many kinds
            raise NotUnderstood(f"{type(error).__name__}: {error}", f", line {line + 1} (frame {index})") from error
        rows = self.by_form.get(header.form) or self.by_form.setdefault(header.form, Rows(header.form))
        self.indices.append(index)
        self.counts.append(count)
        self.lines.append(line + 1)
        self.headers.append(header)
        self.lattices.append(lattice)
        self.num_particles += count
        try:
            missing = rows.take(lines, count)
        except BadRow as error:
            raise self.error(header.form, error) from error
        if missing:
            raise UnreadableError(
                f"{self.path}, line {line + 1 + count - missing} (frame {index}): the file ends here, with "
                f"{count - missing} of {count} particles"
            )

    def error(self, form: RowFormat, error: BadRow) -> UnreadableError:
        """An error that says where the row is."""
        left, place = error.row, 0
        while self.headers[place].form is not form or left >= self.counts[place]:
            left -= self.counts[place] if self.headers[place].form is form else 0
            place += 1
        line, index = self.lines[place] + 1 + left, self.indices[place]
        return UnreadableError(f"{self.path}, line {line} (frame {index}): {error}")


def frames(path: Path, lines: Iterator[Line], first: int = 0, line: int = 1) -> Iterator[tuple[int, int, int, Line]]:
    """Number of each frame, of its first line, of its particles, and this line; what follows is the caller's to take.

    Parameters
    ----------
    path : Path
        For messages.
    lines : iterator of str, or of bytes
        From the beginning of a frame on.
    first : int
        Number of this frame.
    line : int
        Number of its first line; the file's first is 1.

    Raises
    ------
    NotUnderstood
        At what ASE knows more about.
    UnreadableError
        At a line that is no number of particles.
    """
    for index, text in enumerate(lines, first):
        try:
            count = int(text)
            if count < 0:
                raise ValueError("fewer than none")
        except ValueError:
            if not text.strip():
                if any(rest.strip() for rest in lines):
                    checks.warn(f"{path}, line {line}: an empty line ends the frames; what follows it is not read")
                return
            words = text if isinstance(text, str) else text.decode(errors="replace")
            if words.lstrip().startswith("VEC"):
                raise NotUnderstood("it has lines VEC1 …") from None
            found = checks.shorten(words.rstrip("\n"))
            raise UnreadableError(
                f"{path}, line {line} (frame {index}): must be the number of particles, is {found}", line
            ) from None
        yield index, line, count, text
        line += count + 2


def blocks(
    path: Path, lines: Iterator[str], wanted: range, most_frames: int, most_particles: int, *place: int
) -> Iterator[Block]:
    """The wanted frames, so many at a time; a block ends with the frame that fills it. `place`: see `frames`."""
    headers, block = Headers(), Block(str(path))
    for index, line, count, _ in frames(path, lines, *place):
        if len(block.counts) >= most_frames or block.num_particles >= most_particles:
            yield block
            block = Block(str(path))
        if index >= wanted.stop:
            break
        if index in wanted:
            block.take(headers, lines, index, line, count)
        else:
            deque(islice(lines, count + 1), maxlen=0)
    if block.counts:
        yield block
