"""`read` and `iread`: extended XYZ files → `ParticleBatch`, without a frame object for every frame.

Values are those of ASE, bit for bit. What is not understood here, other formats above all, ASE reads instead; the
logger ``anisoap_opt`` says so at level DEBUG.
"""

from __future__ import annotations

import logging
import operator
import os
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from anisoap_opt import checks
from anisoap_opt.columns import ANY_QUATERNION, Columns
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.stacking import Stack
from anisoap_opt.xyz import opening, rows
from anisoap_opt.xyz.headers import NotUnderstood, UnreadableError
from anisoap_opt.xyz.tables import Tables

_LOGGER = logging.getLogger(__name__)
_PARTICLES = 20_000
"""`read` makes numbers of the text of about so many particles at a time."""


def read(
    path: str | os.PathLike[str],
    index: int | slice | str = ":",
    *,
    rotation_key: str = ANY_QUATERNION,
    rotation_type: str = "quaternion",
    quaternion_order: str | None = None,
    diameter_key: str | None = None,
    diameters: Sequence[float] | None = None,
) -> ParticleBatch:
    """Read the particles of a file.

    Parameters
    ----------
    path : str or path
        Extended XYZ, perhaps compressed: ``.gz``, ``.bz2``, ``.xz``, ``.zst``; or another file that ASE reads.
    index : int, slice or str
        Which frames, all by default: counted from 0 or, if negative, from the end; in a string as Python writes a
        number or a slice. Behind the last frame asked for, the file is not looked at.
    rotation_key, rotation_type, quaternion_order, diameter_key, diameters
        Which columns hold what; see `anisoap_opt.EllipsoidalDensityProjection`.

    Returns
    -------
    ParticleBatch

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModuleNotFoundError
        If it is compressed by what this Python has no library for.
    TypeError, ValueError
        If it cannot be read, has no such frame, or holds what makes no sense; the message names file, line and frame.
    """
    columns = Columns(rotation_key, rotation_type, quaternion_order, diameter_key, diameters)
    return read_batch(Path(path), index, columns)


def iread(
    path: str | os.PathLike[str],
    frames_per_block: int = 1000,
    *,
    rotation_key: str = ANY_QUATERNION,
    rotation_type: str = "quaternion",
    quaternion_order: str | None = None,
    diameter_key: str | None = None,
    diameters: Sequence[float] | None = None,
) -> Iterator[ParticleBatch]:
    """Read the particles of a file block by block; memory holds one block.

    Parameters
    ----------
    path, rotation_key, rotation_type, quaternion_order, diameter_key, diameters
        As for `read`.
    frames_per_block : int
        Frames of each batch; the last one may have fewer.

    Yields
    ------
    ParticleBatch

    Raises
    ------
    As `read`, when the block in question is asked for.
    """
    if checks.natural("frames_per_block", frames_per_block) == 0:
        raise ValueError("frames_per_block must be at least 1")
    columns = Columns(rotation_key, rotation_type, quaternion_order, diameter_key, diameters)
    path = Path(path)
    opening.check_exists(path)
    return _batches(path, range(sys.maxsize), columns, frames_per_block, sys.maxsize)


def read_batch(
    path: Path, index: int | slice | str, columns: Columns, extended_xyz: bool | None = None
) -> ParticleBatch:
    """As `read`, with all that is said about the columns in one object, and what the format is, if that is known."""
    chosen = parse_index(index)
    opening.check_exists(path)
    wanted = _wanted(path, chosen)
    batches = list(_batches(path, wanted, columns, sys.maxsize, _PARTICLES, extended_xyz))
    if batches:
        return ParticleBatch.joined(batches)
    count = _count(path)
    if count:
        raise ValueError(f"no frame at index {_in_words(index)} of {path}: it holds {count}, from 0 on")
    raise ValueError(f"{path} holds no frame")


def parse_index(index: int | slice | str) -> int | slice:
    """An index of frames as a number or a slice; a ValueError or TypeError for what is neither."""
    if isinstance(index, slice):
        return index
    if not isinstance(index, str):
        return operator.index(index)
    if not re.fullmatch(r"-?\d+|(-?\d+)?(:(-?\d+)?){1,2}", index):
        raise ValueError(f"the index of frames must be a number or a slice such as ':100' or '::10', got {index!r}")
    numbers = [int(part) if part else None for part in index.split(":")]
    return slice(*numbers) if ":" in index else int(index)


def _in_words(index: int | slice | str) -> str:
    if not isinstance(index, slice):
        return str(index)
    return ":".join("" if one is None else str(one) for one in (index.start, index.stop, index.step))


def _wanted(path: Path, index: int | slice) -> range:
    """Numbers of the frames; those of the file are counted only where an index counts from its end."""
    if isinstance(index, int):
        first = index if index >= 0 else _count(path) + index
        return range(first, first + 1) if first >= 0 else range(0)
    from_end = any(one is not None and one < 0 for one in (index.start, index.stop, index.step))
    return range(_count(path) if from_end else sys.maxsize)[index]


def _count(path: Path) -> int:
    """How many frames there are."""
    count = 0
    try:
        with opening.text(path) as lines:
            for _, _, particles, _ in rows.frames(path, lines):
                deque(islice(lines, particles + 1), maxlen=0)
                count += 1
    except NotUnderstood:
        count = sum(1 for _ in opening.frames_by_ase(path, slice(None), True))
    return count


def _batches(
    path: Path, wanted: range, columns: Columns, frames: int, particles: int, extended_xyz: bool | None = None
) -> Iterator[ParticleBatch]:
    """Batches; each ends with the frame that makes it so many frames, or so many particles."""
    done, told = 0, set[str]()
    known = opening.is_extended_xyz(path) if extended_xyz is None else extended_xyz
    try:
        if not known:
            raise NotUnderstood("its format is another one")
        if wanted.step < 0:
            raise NotUnderstood("frames are wanted in reverse order")
        with opening.text(path) as lines:
            for block in rows.blocks(path, lines, wanted, frames, particles):
                yield ParticleBatch.of_stack(Tables(block, told), columns)
                done += len(block.counts)
        return
    except NotUnderstood as reason:
        _LOGGER.debug("%s is left to ASE: %s", path, reason)
        where = reason.where
    rest = wanted[done:]
    backwards_to_the_first = rest.step < 0 and rest.stop < 0
    by_ase = opening.frames_by_ase(
        path, slice(rest.start, None if backwards_to_the_first else rest.stop, rest.step), known
    )
    while rest:
        chunk: list[Any] = []
        try:
            chunk.extend(islice(by_ase, frames))
        except Exception as error:
            raise UnreadableError(f"{path}{where}: ASE cannot read this: {type(error).__name__}: {error}") from error
        if not chunk:
            return
        stack = Stack(chunk, rest[: len(chunk)])
        stack.told, rest = told, rest[len(chunk) :]
        try:
            yield ParticleBatch.of_stack(stack, columns)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{path}: {error}") from error
