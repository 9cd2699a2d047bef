"""The text of a block's frames, from the files of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from anisoap_opt.folder.plan import Plan, Range
from anisoap_opt.folder.tasks import Piece
from anisoap_opt.xyz import opening

if TYPE_CHECKING:
    from ase import Atoms


class Reader:
    """Reads the frames of blocks, quickest in ascending order; a context manager that holds one file open."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._opened = ExitStack()
        self._file: tuple[int, BinaryIO] | None = None
        self._by_ase: tuple[int, int, Iterator[Atoms]] | None = None  # of which file, the next frame's number

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: Any) -> None:
        self._opened.close()

    def pieces(self, block: int) -> tuple[Piece, ...]:
        """The frames of a block.

        Raises
        ------
        OSError
            If a file has changed, or is not there any more.
        UnreadableError
            If it cannot be read.
        """
        return tuple(map(self._piece, self._plan.ranges(block)))

    def _piece(self, wanted: Range) -> Piece:
        scan = self._plan.scans[wanted.file]
        line, frames = self._text(wanted) if scan.places else (0, self._frames_by_ase(wanted))
        scan.check_unchanged()  # after it was read
        return Piece(scan.source.path, wanted.first, line, frames, wanted.last - wanted.first)

    def _text(self, wanted: Range) -> tuple[int, bytes]:
        """Number of the first line, and all lines."""
        scan = self._plan.scans[wanted.file]
        assert scan.places is not None
        offset, line = scan.places.of(wanted.first)
        end, _ = scan.places.of(wanted.last)
        if self._file is None or self._file[0] != wanted.file:
            self._opened.close()
            self._file = wanted.file, self._opened.enter_context(opening.binary(Path(scan.source.path)))
        file = self._file[1]
        if file.tell() != offset:
            file.seek(offset)
        return line, file.read(end - offset)

    def _frames_by_ase(self, wanted: Range) -> list[Atoms]:
        if self._by_ase is None or self._by_ase[0] != wanted.file or self._by_ase[1] > wanted.first:
            self._by_ase = wanted.file, 0, self._plan.scans[wanted.file].source.frames_by_ase()
        _, at, frames = self._by_ase
        found = list(islice(frames, wanted.first - at, wanted.last - at))
        self._by_ase = wanted.file, wanted.last, frames
        return found
