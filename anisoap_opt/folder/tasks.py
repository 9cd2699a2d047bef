"""One block's calculation: all that it needs goes in, features come out, in any process, without a file system."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from io import BytesIO, StringIO
from itertools import chain, islice
from pathlib import Path
from sys import maxsize
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Floats
from anisoap_opt.basis.coupling import features_of_types
from anisoap_opt.folder.words import is_type
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.pairs import check_types
from anisoap_opt.projection import EllipsoidalDensityProjection
from anisoap_opt.sources import Stacked
from anisoap_opt.stacking import Stack
from anisoap_opt.steps import Asked
from anisoap_opt.xyz import rows
from anisoap_opt.xyz.headers import NotUnderstood, UnreadableError
from anisoap_opt.xyz.tables import Tables

if TYPE_CHECKING:
    from ase import Atoms

_reading, _computing = threading.Lock(), threading.Lock()
"""In one process a thread makes arrays of text while another, without Python's lock, computes: no more at a time."""


class Piece(NamedTuple):
    """Frames of a block that follow each other in one file.

    Attributes
    ----------
    path : str
        "" for frames that come from no file.
    first : int
        Number of the first frame in the file.
    line : int
        Number of its first line, from 1; 0 where there are no lines.
    frames : bytes, list of ase.Atoms, or ParticleBatch
        The text of extended XYZ, or what it became already.
    num_frames : int
    """

    path: str
    first: int
    line: int
    frames: bytes | Sequence[Atoms] | ParticleBatch
    num_frames: int


class Task(NamedTuple):
    """A block to be computed.

    Attributes
    ----------
    block : int
    first_row : int
        Number of its first frame among all.
    pieces : tuple of Piece
    calculator : dict
        Arguments of `EllipsoidalDensityProjection`, with `types`.
    symmetric, reduce : bool, str
        Arguments of its method `power_spectrum`.
    skip_bad : bool
        Whether a bad frame becomes a row of NaN; else it is an error.
    run : str
        The same text for all tasks of one run, in which no warning about a file is given twice by one process.
    """

    block: int
    first_row: int
    pieces: tuple[Piece, ...]
    calculator: Mapping[str, Any]
    symmetric: bool = False
    reduce: str = "mean"
    skip_bad: bool = False
    run: str = ""

    @property
    def num_frames(self) -> int:
        """Of all pieces."""
        return sum(piece.num_frames for piece in self.pieces)


class Skipped(NamedTuple):
    """A frame that was bad.

    Attributes
    ----------
    row : int
        Of the result.
    file : str
    frame : int
        Its number in the file.
    line : int
        Number of its first line in the file, 0 where there are no lines.
    reason : str
        What is wrong, and where.
    """

    row: int
    file: str
    frame: int
    line: int
    reason: str


class Block(NamedTuple):
    """A computed block.

    Attributes
    ----------
    features : ndarray, shape [frames, features]
        NaN in the rows of frames that were skipped.
    first : int
        Row of the whole result that its first row is.
    number : int
        Blocks are counted from 0.
    skipped : tuple of Skipped
    """

    features: Floats
    first: int
    number: int
    skipped: tuple[Skipped, ...]


def compute(task: Task) -> Block:
    """Features of a block.

    Raises
    ------
    TypeError, ValueError
        For a bad frame, if those are not skipped, and for a type that is not in `types`; the message says where it is.
    """
    with _reading:  # one for all threads, which tell things once
        calculator = _calculator(json.dumps(dict(task.calculator)), task.run)
    try:
        batches = [_batch(piece, calculator, task.run) for piece in task.pieces]
        return Block(_features(batches, calculator, task), task.first_row, task.block, ())
    except (TypeError, ValueError):
        found = _one_by_one(calculator, task)
        if not found.skipped:
            raise
        return found


def read(task: Task) -> ParticleBatch:
    """The particles of a block's frames; raises for a bad frame as `compute` does."""
    with _reading:
        calculator = _calculator(json.dumps(dict(task.calculator)), task.run)
    try:
        return ParticleBatch.joined([_batch(piece, calculator, task.run) for piece in task.pieces])
    except (TypeError, ValueError):
        _one_by_one(calculator, task)  # says where it is
        raise


def _one_by_one(calculator: EllipsoidalDensityProjection, task: Task) -> Block:
    """As `compute`, if there is a bad frame: find it, and do without it or say where it is."""
    good: list[int] = []
    batches: list[ParticleBatch] = []
    skipped: list[Skipped] = []
    for row, piece in enumerate(chain.from_iterable(map(cut, task.pieces)), task.first_row):
        try:
            batch = _batch(piece, calculator, task.run)
            if wrong := [one for one in batch.types.tolist() if not is_type(one)]:
                raise ValueError(f"{wrong[0]} is no atomic number")
        except (TypeError, ValueError) as error:
            reason = located(error, piece)
            if not task.skip_bad:
                raise (TypeError if isinstance(error, TypeError) else ValueError)(reason) from error
            skipped.append(Skipped(row, piece.path, piece.first, piece.line, reason))
            continue
        try:
            check_types(np.unique(batch.types), calculator.types)
        except ValueError as error:  # the frame is good, and `types` are not: never skipped
            raise ValueError(located(error, piece)) from error
        good.append(row - task.first_row)
        batches.append(batch)
    features = np.full((task.num_frames, num_features(calculator, task.symmetric)), np.nan, calculator.dtype)
    if batches:
        features[good] = _features(batches, calculator, task)
    return Block(features, task.first_row, task.block, tuple(skipped))


def num_features(calculator: EllipsoidalDensityProjection, symmetric: bool) -> int:
    """Number of columns of a calculator with `types`."""
    assert calculator.types is not None
    all_met = np.ones((len(calculator.types),) * 2, dtype=bool)
    return sum(features_of_types(calculator.num_ns, all_met, symmetric=symmetric))


def _features(batches: list[ParticleBatch], calculator: EllipsoidalDensityProjection, task: Task) -> Floats:
    with _computing:
        return calculator.power_spectrum(
            ParticleBatch.joined(batches), symmetric=task.symmetric, reduce=task.reduce, compute_gradients=False
        )


def _batch(piece: Piece, calculator: EllipsoidalDensityProjection, run: str) -> ParticleBatch:
    if isinstance(piece.frames, ParticleBatch):
        return piece.frames
    told = _told(run, piece.path)
    with _reading:
        return ParticleBatch.of_stack(stack_of(piece, told), calculator.columns)


def stack_of(piece: Piece, told: set[str]) -> Stacked:
    """The arrays of a piece that is no batch yet; `told` is what a warning was given about."""
    if not isinstance(piece.frames, bytes):
        frames: Any = piece.frames
        stack = Stack(list(frames), range(piece.first, piece.first + len(frames)))
        stack.told = told
        return stack
    lines = StringIO(piece.frames.decode())
    everything = range(maxsize), maxsize, maxsize
    try:
        (block,) = rows.blocks(Path(piece.path), lines, *everything, piece.first, piece.line)
    except NotUnderstood as reason:
        raise UnreadableError(f"{piece.path}{reason.where}: ASE cannot read this: {reason}") from reason
    return Tables(block, told)


def cut(piece: Piece) -> Iterator[Piece]:
    """The frames of a piece one by one."""
    frames = piece.frames
    if isinstance(frames, bytes):
        lines = BytesIO(frames)
        for number, line, count, text in rows.frames(Path(piece.path), lines, piece.first, piece.line):
            yield Piece(piece.path, number, line, text + b"".join(islice(lines, count + 1)), 1)
        return
    for k in range(piece.num_frames):
        one = frames.part(k, k + 1) if isinstance(frames, ParticleBatch) else frames[k : k + 1]
        yield Piece(piece.path, piece.first + k, 0, one, 1)


def located(error: Exception, piece: Piece) -> str:
    """What is wrong with a piece of one frame, and where, if the message does not say it already."""
    message = str(error)
    if piece.path and piece.path in message:
        return message
    line = f", line {piece.line}" if piece.line else ""
    where = f"{piece.path}{line} (frame {piece.first})" if piece.path else f"frame {piece.first}"
    own = re.match(rf"frame (0|{piece.first})(?=: |, )", message)  # a batch counts from the first of its own frames
    if own:
        return where + message[own.end() :]
    return message if where in message else f"{where}: {message}"


class _Calculator(EllipsoidalDensityProjection):
    """Says only once that no centre of a block has a neighbour: other blocks are often alike."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._told = set[str]()

    def _warn_if_isolated(self, asked: Asked, num_pairs: int) -> None:
        isolated = num_pairs <= (len(asked.batch.types) if asked.self_pairs else 0)
        if isolated and "isolated" not in self._told:
            self._told.add("isolated")
            super()._warn_if_isolated(asked, num_pairs)


@lru_cache(maxsize=8)
def _calculator(arguments: str, run: str) -> EllipsoidalDensityProjection:
    return _Calculator(**json.loads(arguments))


@lru_cache(maxsize=64)
def _told(run: str, path: str) -> set[str]:
    """What a warning was given about."""
    return set()
