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
        scan.check_unchanged()
        path, count = scan.source.path, wanted.last - wanted.first
        if scan.places is None:
            return Piece(path, wanted.first, 0, self._frames_by_ase(wanted), count)
        offset, line = scan.places.of(wanted.first)
        end, _ = scan.places.of(wanted.last)
        if self._file is None or self._file[0] != wanted.file:
            self._opened.close()
            self._file = wanted.file, self._opened.enter_context(opening.binary(Path(path)))
        file = self._file[1]
        if file.tell() != offset:
            file.seek(offset)
        return Piece(path, wanted.first, line, file.read(end - offset), count)

    def _frames_by_ase(self, wanted: Range) -> list[Atoms]:
        if self._by_ase is None or self._by_ase[0] != wanted.file or self._by_ase[1] > wanted.first:
            self._by_ase = wanted.file, 0, self._plan.scans[wanted.file].source.frames_by_ase()
        _, at, frames = self._by_ase
        found = list(islice(frames, wanted.first - at, wanted.last - at))
        self._by_ase = wanted.file, wanted.last, frames
        return found
