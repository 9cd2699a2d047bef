"""Files → a folder for each set of a sweep, block by block; all sets of a block are computed together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from anisoap_opt.folder.arguments import arguments_of
from anisoap_opt.folder.manifest import NAME, make_manifest, read_manifest
from anisoap_opt.folder.pieces import Reader
from anisoap_opt.folder.plan import Plan, choose_frames_per_block, scan_files, types_of
from anisoap_opt.folder.run import tasks
from anisoap_opt.folder.scan import Scan
from anisoap_opt.folder.source import Source
from anisoap_opt.folder.tasks import Block, num_features, read
from anisoap_opt.folder.writer import FolderWriter
from anisoap_opt.pairs import check_types
from anisoap_opt.projection import EllipsoidalDensityProjection
from anisoap_opt.sweeping import Set, computed


class Swept(NamedTuple):
    """What a run did.

    Attributes
    ----------
    folders : list of Path
        One for each set.
    sets : list of Set
    frames, blocks : int
        Of every set.
    before : int
        Blocks that were finished in all sets before the run.
    """

    folders: list[Path]
    sets: list[Set]
    frames: int
    blocks: int
    before: int


def sweep_files(
    sources: Sequence[Source],
    sets: Sequence[Set],
    out: Path,
    *,
    frames_per_block: int | None = None,
    symmetric: bool = False,
    reduce: str = "mean",
    storage: str = "npy",
    progress: Callable[[int, int, int], object] = lambda done, before, total: None,
) -> Swept:
    """Fill the folders set-000, set-001, … of a folder, or go on filling them.

    Parameters
    ----------
    sources : sequence of Source
    sets : sequence of Set
        See `anisoap_opt.sweeping.make_sets`.
    out : Path
        Made if it is not there; its parent has to be.
    frames_per_block : int, optional
        By default that of set-000 if it is there, else as many as bounded memory allows.
    symmetric, reduce, storage, progress
        As for `anisoap_opt.folder.run.describe_files`.

    Raises
    ------
    OSError, TypeError, ValueError, ModuleNotFoundError
        All that can go wrong with files, frames and folders. What is finished stays.
    """
    if not out.absolute().parent.is_dir():
        raise ValueError(f"no such folder: {out.parent}")
    folders = [out / f"set-{number:03}" for number in range(len(sets))]
    _check_for_more(out, folders)
    if frames_per_block is None and (folders[0] / NAME).exists():
        frames_per_block = int(read_manifest(folders[0])["frames_per_block"])  # its default depends on the grid
    scans = scan_files(sources, frames_per_block)
    types = sets[0].calculator.types
    if types is None:
        types = types_of(scans)
    else:
        _check_types(scans, types)
    arguments = [arguments_of(one.calculator, types) for one in sets]
    fixed = [Set(hypers, EllipsoidalDensityProjection(**hypers)) for hypers in arguments]
    if frames_per_block is None:
        row_bytes = sum(8 * num_features(one.calculator, symmetric) for one in fixed)
        frames_per_block = choose_frames_per_block(scans, row_bytes)
    plan = Plan(scans, types, frames_per_block)
    made = [make_manifest(plan, one, symmetric=symmetric, reduce=reduce, storage=storage) for one in arguments]
    out.mkdir(exist_ok=True)
    writers = [FolderWriter(folder, manifest) for folder, manifest in zip(folders, made, strict=True)]
    todo = [block for block in range(plan.num_blocks) if not all(block in writer.finished for writer in writers)]
    left = sum(map(plan.frames_of, todo))
    done, before = 0, plan.num_frames - left
    progress(done, before, plan.num_frames)
    with Reader(plan) as reader:
        for task in tasks(plan, reader, todo, made[0], skip_bad=False):
            found = computed(fixed, read(task), None, reduce, symmetric=symmetric, show_progress=False)
            for writer, (_, features) in zip(writers, found, strict=True):
                writer.write(Block(features, task.first_row, task.block, ()))
            done += task.num_frames
            progress(done, before, plan.num_frames)
    return Swept(folders, fixed, plan.num_frames, plan.num_blocks, plan.num_blocks - len(todo))


def _check_for_more(out: Path, folders: Sequence[Path]) -> None:
    """Raise a ValueError if there are sets of a larger grid, which would pass for sets of this one."""
    there = [path.name for path in out.glob("set-*") if path.name[4:].isdecimal() and path not in folders]
    if there:
        raise ValueError(
            f"{out} holds {', '.join(sorted(there))} of another grid, and this one has {len(folders)} sets: choose "
            "another folder, or remove these"
        )


def _check_types(scans: Sequence[Scan], types: Sequence[int]) -> None:
    """Raise a ValueError that names the file if it holds other types: before there are folders with these types."""
    for one in scans:
        try:
            check_types(np.array(sorted(one.types), dtype=np.int64), types)
        except ValueError as error:
            raise ValueError(f"{one.source.path}: {error}") from error
