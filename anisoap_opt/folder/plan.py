"""The plan of a run: which frames make which block. All else follows from it: columns, memory, shards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from anisoap_opt.folder.scan import Scan, scan
from anisoap_opt.folder.source import Source

MOST_FRAMES, MOST_PARTICLES, MOST_FEATURE_BYTES = 8192, 1 << 15, 1 << 24
"""Of a block whose size is chosen here: a few at a time, with all that is made of their text, stay below 400 MB."""


class Range(NamedTuple):
    """Some frames of one file that follow each other.

    Attributes
    ----------
    file : int
        Number of the file.
    first, last : int
        Of the frames in the file: first … last - 1.
    """

    file: int
    first: int
    last: int


@dataclass(frozen=True)
class Plan:
    """Files, and how their frames are cut into blocks. Row k of the result is frame k of all files together.

    Attributes
    ----------
    scans : tuple of Scan
    types : tuple of int
        Ascending.
    frames_per_block : int
        The last block may have fewer.
    """

    scans: tuple[Scan, ...]
    types: tuple[int, ...]
    frames_per_block: int

    @property
    def first_frames(self) -> list[int]:
        """Number of each file's first frame among all; at last the number of all frames."""
        return [0, *accumulate(one.num_frames for one in self.scans)]

    @property
    def num_frames(self) -> int:
        """Of all files."""
        return sum(one.num_frames for one in self.scans)

    @property
    def num_blocks(self) -> int:
        """How many blocks there are."""
        return -(-self.num_frames // self.frames_per_block)

    def frames_of(self, block: int) -> int:
        """How many frames a block has."""
        return min(self.frames_per_block, self.num_frames - block * self.frames_per_block)

    def ranges(self, block: int) -> Iterator[Range]:
        """The frames of a block, file by file."""
        begin = block * self.frames_per_block
        end = begin + self.frames_per_block
        for number, (first, one) in enumerate(zip(self.first_frames, self.scans, strict=False)):
            low, high = max(begin - first, 0), min(end - first, one.num_frames)
            if low < high:
                yield Range(number, low, high)

    def shard(self, number: int, of: int) -> range:
        """The blocks of one of several shards: as many for each, to one, and those that follow each other.

        Raises
        ------
        ValueError
            If there is no such shard.
        """
        if not 0 <= number < of:
            raise ValueError(f"there is no shard {number}/{of}: they are counted from 0/{of} to {of - 1}/{of}")
        return range(self.num_blocks * number // of, self.num_blocks * (number + 1) // of)


def scan_files(sources: Sequence[Source], every: int | None, first: int = 0) -> tuple[Scan, ...]:
    """The quick pass over all files.

    Parameters
    ----------
    sources : sequence of Source
    every : int or None
        Frames of a block, if that is known.
    first : int
        Number of the first frame among those of all files.

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        If a file cannot be read so far, or there is no frame.
    """
    scans: list[Scan] = []
    for source in sources:
        scans.append(scan(source, first + sum(one.num_frames for one in scans), every))
    if not any(one.num_frames for one in scans):
        raise ValueError(f"there is no frame in {', '.join(one.path for one in sources)}")
    return tuple(scans)


def types_of(scans: Sequence[Scan]) -> tuple[int, ...]:
    """All types in the files, ascending."""
    return tuple(sorted(frozenset[int]().union(*(one.types for one in scans))))


def choose_frames_per_block(scans: Sequence[Scan], row_bytes: int) -> int:
    """Frames of a block, a power of two, so that its text and features take bounded memory.

    Parameters
    ----------
    scans : sequence of Scan
    row_bytes : int
        Of one frame's features.
    """
    particles = max(one.most_particles for one in scans)
    most = min(MOST_FRAMES, MOST_PARTICLES // max(particles, 1), MOST_FEATURE_BYTES // max(row_bytes, 1))
    at_least = max(one.every for one in scans)  # so that each block's begin is known
    return max(at_least, 1 << max(most.bit_length() - 1, 0))
