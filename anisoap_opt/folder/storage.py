"""How blocks lie in a folder: ``.npy`` files, or the chunks of one Zarr array."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from anisoap_opt.arrays import Floats
from anisoap_opt.folder import atomic
from anisoap_opt.folder.manifest import Manifest
from anisoap_opt.folder.records import Record, name_of
from anisoap_opt.folder.source import sha256_of
from anisoap_opt.folder.tasks import Block

ZARR = "features.zarr"


def write_npy(folder: Path, manifest: Manifest, block: Block) -> Record:
    """Write a block as a file; the record of it, not yet written."""
    name, digest, size = f"{name_of(block.number)}.npy", hashlib.sha256(), 0

    def fill(file: BinaryIO) -> None:
        nonlocal size
        features: Any = np.ascontiguousarray(block.features)
        header = np.lib.format.header_data_from_array_1_0(features)

        class Both:
            @staticmethod
            def write(data: Any) -> None:
                digest.update(data)
                file.write(data)

        np.lib.format.write_array_header_1_0(Both, header)  # type: ignore[arg-type]
        Both.write(memoryview(features).cast("B") if features.size else b"")
        size = file.tell()

    atomic.write(folder / name, fill)
    return Record(name, len(block.features), size, digest.hexdigest(), list(block.skipped))


def write_zarr(folder: Path, manifest: Manifest, block: Block) -> Record:
    """Write a block as the chunk of this number; the record of it, not yet written."""
    array = open_zarr(folder, "r+")
    first = block.number * manifest["frames_per_block"]
    array[first : first + len(block.features)] = block.features
    name = f"{ZARR}/c/{block.number}/0"
    path = folder / name
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    for parent in (path.parent, path.parent.parent):
        atomic.sync_folder(parent)
    return Record(name, len(block.features), path.stat().st_size, sha256_of(path), list(block.skipped))


WRITERS: dict[str, Callable[[Path, Manifest, Block], Record]] = {"npy": write_npy, "zarr": write_zarr}
"""By the manifest's `storage`."""


def open_zarr(folder: Path, mode: str) -> Any:
    """The Zarr array of a folder."""
    return _zarr().open_array(folder / ZARR, mode=mode)


def create_zarr(folder: Path, manifest: Manifest) -> None:
    """Make the array, without chunks, unless it is there."""
    if (folder / ZARR / "zarr.json").exists():
        return
    shape = manifest["num_frames"], manifest["num_features"]
    temporary = atomic.temporary_name(folder / ZARR)
    try:
        _zarr().create_array(
            temporary,
            shape=shape,
            chunks=(manifest["frames_per_block"], max(1, manifest["num_features"])),
            dtype=manifest["dtype"],
            fill_value=float("nan"),
            config={"write_empty_chunks": True},  # a block of zeros, or of NaN, is a file like any other
        )
        os.rename(temporary, folder / ZARR)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        if not (folder / ZARR / "zarr.json").exists():  # else another process was quicker
            raise
    atomic.sync_folder(folder)


def _zarr() -> Any:
    try:
        import zarr
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "Zarr is not installed: pip install 'anisoap_opt[zarr]', with Python 3.11 or newer"
        ) from None
    return zarr


def load(folder: Path, record: Record) -> Floats:
    """The features of a ``.npy`` block, mapped into memory."""
    return np.load(folder / record.file, mmap_mode="r")
