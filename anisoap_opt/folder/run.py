"""Files → a folder of features: what is not finished is computed, block by block, and written as it comes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import NamedTuple

from anisoap_opt.folder import driver
from anisoap_opt.folder.arguments import arguments_of
from anisoap_opt.folder.manifest import NAME, Manifest, make_manifest, read_manifest
from anisoap_opt.folder.pieces import Reader
from anisoap_opt.folder.plan import Plan, choose_frames_per_block, scan_files, types_of
from anisoap_opt.folder.source import Source
from anisoap_opt.folder.tasks import Skipped, Task, num_features
from anisoap_opt.folder.writer import FolderWriter
from anisoap_opt.projection import EllipsoidalDensityProjection


class Summary(NamedTuple):
    """What a run did.

    Attributes
    ----------
    frames : int
        Of the blocks that were asked for.
    features : int
    blocks : int
        Asked for.
    before : int
        Of these, finished before the run.
    skipped : list of Skipped
        In all blocks that were asked for.
    """

    frames: int
    features: int
    blocks: int
    before: int
    skipped: list[Skipped]


def make_plan(
    sources: Sequence[Source],
    calculator: EllipsoidalDensityProjection,
    frames_per_block: int | None = None,
    *,
    symmetric: bool = False,
) -> Plan:
    """Look through the files, and cut their frames into blocks.

    Parameters
    ----------
    sources : sequence of Source
    calculator : EllipsoidalDensityProjection
        Its `types` are those of the plan, if it has any.
    frames_per_block : int, optional
        By default as many as bounded memory allows.
    symmetric : bool
        Whether there are half the features.

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        See `anisoap_opt.folder.plan.scan_files`.
    """
    scans = scan_files(sources, frames_per_block)
    types = types_of(scans) if calculator.types is None else calculator.types
    if frames_per_block is None:
        fixed = EllipsoidalDensityProjection(**arguments_of(calculator, types))
        row_bytes = num_features(fixed, symmetric) * (4 if calculator.dtype == "float32" else 8)
        frames_per_block = choose_frames_per_block(scans, row_bytes)
    return Plan(scans, types, frames_per_block)


def tasks(plan: Plan, reader: Reader, blocks: Iterable[int], made: Manifest, *, skip_bad: bool) -> Iterator[Task]:
    """Tasks of some blocks; their frames are read when they are asked for.

    Parameters
    ----------
    plan : Plan
    reader : Reader
        Of this plan.
    blocks : iterable of int
    made : dict
        `hypers`, `symmetric` and `reduce` of a manifest.
    skip_bad : bool
        See `Task`.
    """
    run = uuid.uuid4().hex
    for block in blocks:
        yield Task(
            block, block * plan.frames_per_block, reader.pieces(block), made["hypers"], made["symmetric"],
            made["reduce"], skip_bad, run,
        )  # fmt: skip


def describe_files(
    sources: Sequence[Source],
    calculator: EllipsoidalDensityProjection,
    out: Path,
    *,
    frames_per_block: int | None = None,
    symmetric: bool = False,
    reduce: str = "mean",
    storage: str = "npy",
    skip_bad: bool = False,
    shard: tuple[int, int] = (0, 1),
    executor: Executor | None = None,
    in_flight: int = driver.IN_FLIGHT,
    progress: Callable[[int, int, int], object] = lambda done, before, total: None,
) -> Summary:
    """Fill a folder, or go on filling it.

    Parameters
    ----------
    sources : sequence of Source
    calculator : EllipsoidalDensityProjection
    out : Path
    frames_per_block : int, optional
        By default as many as in the folder, if it is there, else as many as bounded memory allows.
    symmetric, reduce : bool, str
        Arguments of `EllipsoidalDensityProjection.power_spectrum`.
    storage : {"npy", "zarr"}
    skip_bad : bool
        Whether the rows of bad frames are NaN; else a bad frame is an error, also one that an earlier run skipped.
    shard : (int, int)
        Which part of how many; see `Plan.shard`.
    executor : Executor, optional
        Computes the blocks; by default two threads of this process.
    in_flight : int
        Most blocks at a time.
    progress : callable
        Called with the number of frames that were computed, those finished before, and those of the shard.

    Returns
    -------
    Summary

    Raises
    ------
    OSError, TypeError, ValueError, ModuleNotFoundError
        All that can go wrong with files, frames and folders. What is finished stays.
    """
    if frames_per_block is None and (out / NAME).exists():
        frames_per_block = int(read_manifest(out)["frames_per_block"])
    plan = make_plan(sources, calculator, frames_per_block, symmetric=symmetric)
    asked = plan.shard(*shard)
    made = make_manifest(
        plan, arguments_of(calculator, plan.types), symmetric=symmetric, reduce=reduce, storage=storage
    )
    writer = FolderWriter(out, made)
    before = [block for block in asked if block in writer.finished]
    todo = [block for block in asked if block not in writer.finished]
    if not skip_bad and (bad := [one for block in before for one in writer.finished[block].skipped]):
        raise ValueError(f"{bad[0].reason}; {out} holds NaN for it, from a run that skipped bad frames")

    done, done_before, total = 0, sum(map(plan.frames_of, before)), sum(map(plan.frames_of, asked))
    progress(done, done_before, total)
    with driver.executor_or_threads(executor) as pool, Reader(plan) as reader:
        computed = driver.run(tasks(plan, reader, todo, made, skip_bad=skip_bad), pool, in_flight, in_order=False)
        for block in computed:
            writer.write(block)
            done += len(block.features)
            progress(done, done_before, total)
    skipped = [one for block in asked for one in writer.finished[block].skipped]
    return Summary(total, made["num_features"], len(asked), len(before), skipped)
