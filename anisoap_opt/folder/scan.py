"""A quick pass over a file of frames: how many there are, where they begin, which types they hold.

No number of a row is read: that is what makes it quick.
"""

from __future__ import annotations

import os
import sys
from array import array
from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from anisoap_opt.folder import uniform, words
from anisoap_opt.folder.source import Source, sha256_of
from anisoap_opt.xyz import opening, rows
from anisoap_opt.xyz.headers import LATTICE, Headers, NotUnderstood, RowFormat

MOST_PLACES = 1 << 12
"""Places of a file that are kept; of more, every second one is forgotten."""
_BEGINNING = 4
"""Characters at the beginning of a row that tell its element; no symbol has so many."""
_NEVER = b"\0"
"""What no comment line begins with."""
_CHUNK = 1 << 21
"""Bytes that are looked at together."""
_ROWS = 10_000
"""Rows of text that are kept until their elements are noted."""


class Places(NamedTuple):
    """Where some of a file's frames begin; the last place is the end.

    Attributes
    ----------
    frames : array of int
        Ascending.
    offsets : array of int
        Bytes before them, once decompressed.
    lines : array of int
        Numbers of their first lines; the file's first is 1.
    """

    frames: array[int]
    offsets: array[int]
    lines: array[int]

    def add(self, frame: int, offset: int, line: int) -> None:
        """Add a place behind the others."""
        for values, value in zip(self, (frame, offset, line), strict=True):
            values.append(value)

    def of(self, frame: int) -> tuple[int, int]:
        """Offset and line of a frame that has a place."""
        number = bisect_right(self.frames, frame) - 1
        assert self.frames[number] == frame, (frame, self.frames[number])
        return self.offsets[number], self.lines[number]


@dataclass(frozen=True)
class Scan:
    """What the quick pass found out about a file.

    Attributes
    ----------
    source : Source
    size : int
        Bytes.
    changed : int
        Time of its last change, ns.
    sha256 : str
        Of the file as it is, compressed or not.
    num_frames : int
    types : frozenset of int
    most_particles : int
        In one frame.
    every : int
        Frames have a place if their number among those of all files is a multiple of this; so has the file's first.
    places : Places or None
        None if ASE has to read the file.
    """

    source: Source
    size: int
    changed: int
    sha256: str
    num_frames: int
    types: frozenset[int]
    most_particles: int
    every: int = 1
    places: Places | None = None

    def check_unchanged(self) -> None:
        """Raise an OSError if the file is another one by now."""
        now = os.stat(self.source.path)
        if (now.st_size, now.st_mtime_ns) != (self.size, self.changed):
            raise OSError(f"{self.source.path} has changed since this run began; what was computed before is kept")


def scan(source: Source, first: int, every: int | None) -> Scan:
    """Look through a file.

    Parameters
    ----------
    source : Source
    first : int
        Number of its first frame among those of all files.
    every : int or None
        Frames from one place to the next; None keeps as many places as there is room for, at powers of two.

    Returns
    -------
    Scan

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        If there is no such file, or where its frames begin cannot be told.
    """
    path = Path(source.path)
    opening.check_exists(path)
    status = path.stat()
    with ThreadPoolExecutor(1) as pool:
        digest = pool.submit(sha256_of, path)
        found: tuple[int, frozenset[int], int, int, Places | None]
        try:
            if not source.is_extended_xyz():
                raise NotUnderstood("its format is another one")
            walk = _Walk.through(path, first, every)
            types = walk.types()
            if types is None:
                walk = _Walk.through(path, first, every, whole_words=True)
                types = walk.types()
            assert types is not None
            found = walk.num_frames, types, walk.most_particles, walk.every, walk.places
        except NotUnderstood:
            found = (*_by_ase(source), 1, None)
        return Scan(source, status.st_size, status.st_mtime_ns, digest.result(), *found)


def _by_ase(source: Source) -> tuple[int, frozenset[int], int]:
    count, types, most = 0, set[int](), 0
    for frame in source.frames_by_ase():
        count += 1
        types.update(number for number in frame.numbers.tolist() if words.is_type(number))
        most = max(most, len(frame))
    return count, frozenset(types), most


class _Walk:
    """One pass over the lines of extended XYZ."""

    def __init__(self, first: int, every: int | None, whole_words: bool) -> None:
        self.first, self.every = first, every or 1
        self._most_places = MOST_PLACES if every is None else sys.maxsize
        self._whole_words = whole_words
        self._noted: dict[RowFormat, tuple[int, set[bytes]]] = {}  # column of the elements, and what stands there
        self.num_frames = self.most_particles = 0
        self.places = Places(array("q"), array("q"), array("q"))

    @classmethod
    def through(cls, path: Path, first: int, every: int | None, *, whole_words: bool = False) -> _Walk:
        """Walk to the end of a file; a last frame that is not whole counts."""
        walk = cls(first, every, whole_words)
        with opening.binary(path) as file:
            walk._go(path, file)
        return walk

    def _go(self, path: Path, file: BinaryIO) -> None:
        headers, next_place, rest = Headers(), self.first, b""
        offset, line = 0, 1
        while chunk := file.read(_CHUNK):  # frames that are all alike, many at once
            rest += chunk
            form, head, tail = _look(headers, uniform.first_comment(rest))
            if form is None or head == _NEVER or _column_of_elements(form) or self._whole_words:
                break
            found = uniform.find_frames(rest, head, tail, _BEGINNING)
            if found is None:
                break
            last = self.num_frames + len(found.begins) - 1
            while next_place < self.first + last:
                number = next_place - self.first - self.num_frames
                begin, before = found.begins[number], found.lines[number]
                next_place = self._keep(self.num_frames + number, offset + int(begin), line + int(before))
            self._noted.setdefault(form, (0, set()))[1].update(found.beginnings)
            self.num_frames, self.most_particles = last, max(self.most_particles, found.most_particles)
            offset, line = offset + int(found.begins[-1]), line + int(found.lines[-1])
            rest = rest[found.begins[-1] :]
        if rest:
            file.seek(offset)
            self._go_by_lines(path, file, headers, line, next_place)
        else:
            self.places.add(self.num_frames, offset, line)

    def _go_by_lines(self, path: Path, lines: BinaryIO, headers: Headers, behind: int, next_place: int) -> None:
        form, particles = None, list[bytes]()  # rows of this form that are not noted yet
        head = tail = _NEVER
        most, skip = self.most_particles, len(head)
        for index, line, count, text in rows.frames(path, lines, self.num_frames, behind):
            if self.first + index >= next_place:
                next_place = self._keep(index, lines.tell() - len(text), line)
            comment = next(lines, b"")
            if not (
                comment.startswith(head)
                and comment.endswith(tail)
                and comment.find(b'"', skip) == len(comment) - len(tail)
            ):
                now, head, tail = _look(headers, comment)
                skip = len(head)
                if now is not form:
                    self._note(form, particles)
                    form, particles = now, []
            particles.extend(islice(lines, count))
            if len(particles) > _ROWS:
                self._note(form, particles)
                particles = []
            if count > most:
                most = count
            self.num_frames, behind = index + 1, line + count + 2
        self._note(form, particles)
        self.most_particles = most
        self.places.add(self.num_frames, lines.tell(), behind)

    def _keep(self, index: int, offset: int, line: int) -> int:
        """Keep the place of a frame; the number of the frame whose place is to be kept next."""
        self.places.add(index, offset, line)
        if len(self.places.frames) > self._most_places:
            self.every *= 2
            before, self.places = self.places, Places(array("q"), array("q"), array("q"))
            for place in zip(*before, strict=True):
                if place[0] == 0 or (self.first + place[0]) % self.every == 0:
                    self.places.add(*place)
        return (self.first + index) // self.every * self.every + self.every

    def _note(self, form: RowFormat | None, particles: list[bytes]) -> None:
        """Note what the elements of some rows are written in."""
        if form is None:
            return
        column, texts = self._noted.setdefault(form, (_column_of_elements(form), set()))
        if column == 0 and not self._whole_words:
            texts.update([row[:_BEGINNING] for row in particles])
            return
        for row in particles:
            found = row.decode(errors="replace").split(None, column + 1)  # as the reader splits it
            if len(found) > column:
                texts.add(found[column].encode())

    def types(self) -> frozenset[int] | None:
        """The types of all rows that name one that there is; None if the beginnings of rows do not tell."""
        types = set[int | None]()
        for form, (column, texts) in self._noted.items():
            is_number = "numbers" in form.fields
            for text in texts:
                begins_row = column == 0 and not self._whole_words
                word = words.first_word(text) if begins_row else text.decode()
                if word is None:
                    return None
                types.add(words.type_of(word, is_number=is_number))
        return frozenset(one for one in types if one is not None)


def _look(headers: Headers, comment: bytes) -> tuple[RowFormat | None, bytes, bytes]:
    """The format of rows below a comment line, None if it is a bad one; and what lines like it begin and end with.

    Between those is the text of a cell.
    """
    try:
        header, _ = headers.find(comment.decode())
    except NotUnderstood:
        raise
    except Exception:  # ASE's, of many kinds; the frame is bad, and whoever reads it will say so
        return None, _NEVER, _NEVER
    if header.cell is not None:
        return header.form, _NEVER, _NEVER
    cell = comment.index(LATTICE.encode()) + len(LATTICE)
    return header.form, comment[:cell], comment[comment.index(b'"', cell) :]


def _column_of_elements(form: RowFormat) -> int:
    """Number of the column of symbols or atomic numbers."""
    widths = [width for _, _, width in form.columns]
    names = [name for name, _, _ in form.columns]
    return sum(widths[: names.index("numbers" if "numbers" in names else "symbols")])
