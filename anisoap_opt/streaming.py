"""`stream`: features block by block, of files or of frames, in bounded memory."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Sequence, Set
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from anisoap_opt import checks
from anisoap_opt.folder import driver, run
from anisoap_opt.folder.arguments import arguments_of
from anisoap_opt.folder.pieces import Reader
from anisoap_opt.folder.source import Source
from anisoap_opt.folder.tasks import Block, Piece, Task
from anisoap_opt.frames import NO_FRAMES, ParticleBatch
from anisoap_opt.projection import EllipsoidalDensityProjection
from anisoap_opt.xyz import opening

if TYPE_CHECKING:
    from ase import Atoms

FilePath: TypeAlias = "str | os.PathLike[str]"
FRAMES_PER_BLOCK = 1024
"""Of frames in memory; how many of a file make a block follows from their size."""


def stream(
    frames: FilePath | Sequence[FilePath] | ParticleBatch | Iterable[Atoms | ParticleBatch],
    calculator: EllipsoidalDensityProjection,
    *,
    frames_per_block: int | None = None,
    symmetric: bool = False,
    reduce: str = "mean",
    skip_bad: bool = False,
    executor: Executor | None = None,
    in_flight: int = driver.IN_FLIGHT,
) -> Iterator[Block]:
    """Power spectra of any number of frames, in order, a block at a time; reading and computing go on meanwhile.

    Parameters
    ----------
    frames : path, sequence of paths, ParticleBatch, or iterable of ase.Atoms or ParticleBatch
        Files are looked through first, quickly, for their types, and read again for their frames. Other iterables are
        taken from once, unless they are sequences.
    calculator : EllipsoidalDensityProjection
        All blocks have the same columns: those of its `types`, or of all types that the first look finds. An iterable
        that is no sequence needs `types`.
    frames_per_block : int, optional
        By default as many as bounded memory allows; of frames that are in no file, 1024.
    symmetric, reduce : bool, {"mean", "sum"}
        See `EllipsoidalDensityProjection.power_spectrum`.
    skip_bad : bool
        True makes bad frames rows of NaN, and lists them; else they are errors.
    executor : concurrent.futures.Executor, optional
        Where blocks are computed: anything with its method `submit`. By default two threads of this process.
    in_flight : int
        Most blocks at a time.

    Yields
    ------
    Block
        With the fields `features` [frames, features], `first`, `number` and `skipped`; see
        `anisoap_opt.folder.tasks.Block`.

    Raises
    ------
    FileNotFoundError, OSError
        If there is no such file, or it changes meanwhile.
    TypeError, ValueError
        If an argument makes no sense, or a frame; the message names file, line and frame.
    """
    if frames_per_block is not None and checks.natural("frames_per_block", frames_per_block) == 0:
        raise ValueError("frames_per_block must be at least 1")
    if checks.natural("in_flight", in_flight) == 0:
        raise ValueError("in_flight must be at least 1")
    checks.flag("symmetric", symmetric)
    checks.flag("skip_bad", skip_bad)
    checks.choice("reduce", reduce, ("mean", "sum"))
    how = {"symmetric": symmetric, "reduce": reduce, "skip_bad": skip_bad}
    paths = paths_of(frames)
    if paths is not None:
        for path in paths:
            opening.check_exists(Path(path))
        tasks = _tasks_of_files(paths, calculator, frames_per_block, how)
    else:
        tasks = _tasks_of_frames(frames, calculator, frames_per_block or FRAMES_PER_BLOCK, how)
    return _blocks(tasks, executor, in_flight)


def _blocks(tasks: Iterator[Task], executor: Executor | None, in_flight: int) -> Iterator[Block]:
    with driver.executor_or_threads(executor) as pool:
        yield from driver.run(tasks, pool, in_flight, in_order=True)


def paths_of(frames: Any) -> list[str] | None:
    """Names of files; None if these are frames, and a TypeError if it is one frame."""
    if isinstance(frames, ParticleBatch):
        return None
    if hasattr(frames, "get_positions"):
        raise TypeError("frames must be several, got a single Atoms object; write [frame]")
    if _is_path(frames):
        return [os.fspath(frames)]
    if isinstance(frames, Set) and any(map(_is_path, frames)):
        raise TypeError(f"paths must be in order, in a list for one: got a {type(frames).__name__}")
    if isinstance(frames, Sequence | np.ndarray) and len(frames) and all(map(_is_path, frames)):
        return [os.fspath(one) for one in frames]
    return None


def _is_path(one: Any) -> bool:
    return isinstance(one, str | os.PathLike)


def _tasks_of_files(
    paths: list[str], calculator: EllipsoidalDensityProjection, frames_per_block: int | None, how: dict[str, Any]
) -> Iterator[Task]:
    symmetric, reduce, skip_bad = how["symmetric"], how["reduce"], how["skip_bad"]
    plan = run.make_plan([Source(path) for path in paths], calculator, frames_per_block, symmetric=symmetric)
    made = {"hypers": arguments_of(calculator, plan.types), "symmetric": symmetric, "reduce": reduce}
    with Reader(plan) as reader:
        yield from run.tasks(plan, reader, range(plan.num_blocks), made, skip_bad=skip_bad)


def _tasks_of_frames(
    frames: Any, calculator: EllipsoidalDensityProjection, frames_per_block: int, how: dict[str, Any]
) -> Iterator[Task]:
    types = calculator.types if calculator.types is not None else _types(frames)
    arguments = arguments_of(calculator, types)
    first, run_id = 0, uuid.uuid4().hex
    for block, pieces in enumerate(blocks_of_pieces(frames, frames_per_block)):
        yield Task(block, first, tuple(pieces), arguments, **how, run=run_id)
        first += sum(piece.num_frames for piece in pieces)
    if not first:
        raise ValueError(NO_FRAMES)


def _types(frames: Any) -> list[int]:
    """All types; a ValueError if looking for them would use the frames up."""
    if isinstance(frames, ParticleBatch):
        return sorted(set(frames.types.tolist()))
    if not isinstance(frames, Sequence):
        raise ValueError(
            "frames can be taken once only, which leaves no look at all types first: give the calculator types=[…]; "
            "paths belong into a list"
        )
    found = set[int]()
    for one in frames:
        _check(one)
        found.update((one.types if isinstance(one, ParticleBatch) else one.numbers).tolist())
    return sorted(found)


def _check(one: Any) -> None:
    from ase import Atoms

    if _is_path(one):
        raise TypeError(f"paths belong into a list, without frames: got {os.fspath(one)!r} as a frame")
    if not isinstance(one, Atoms | ParticleBatch):
        raise TypeError(f"frames must be ase.Atoms or ParticleBatch objects, got {type(one).__name__}")


def blocks_of_pieces(frames: Any, frames_per_block: int) -> Iterator[list[Piece]]:
    """Pieces of so many frames together; frames that follow each other are one piece, and a batch may be several."""
    pieces: list[Piece] = []
    number, room = 0, frames_per_block
    for one in [frames] if isinstance(frames, ParticleBatch) else frames:
        _check(one)
        at, count = 0, one.num_frames if isinstance(one, ParticleBatch) else 1
        while at < count:
            taken = min(room, count - at)
            if isinstance(one, ParticleBatch):
                pieces.append(Piece("", number, 0, one.part(at, at + taken), taken))
            elif pieces and isinstance(pieces[-1].frames, list):
                pieces[-1].frames.append(one)
                pieces[-1] = pieces[-1]._replace(num_frames=len(pieces[-1].frames))
            else:
                pieces.append(Piece("", number, 0, [one], 1))
            at, number, room = at + taken, number + taken, room - taken
            if not room:
                yield pieces
                pieces, room = [], frames_per_block
    if pieces:
        yield pieces
