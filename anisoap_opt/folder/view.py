"""`anisoap_opt.open`: a finished folder as one array."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from anisoap_opt.arrays import Floats, Ints
from anisoap_opt.folder import storage
from anisoap_opt.folder.manifest import column_labels, read_manifest
from anisoap_opt.folder.records import Record, in_words, name_of, read_records
from anisoap_opt.folder.source import sha256_of
from anisoap_opt.folder.tasks import Skipped

_MAPPED = 256
"""Blocks that are mapped into memory at a time."""


class FrameOf(NamedTuple):
    """Where a row comes from.

    Attributes
    ----------
    file : str
    frame : int
        Its number in the file, from 0.
    """

    file: str
    frame: int


class FeatureFolder:
    """The features of a folder, as one array [frames, features]; what is not asked for stays on the disk.

    It takes an index as a NumPy array does: ``view[10]``, ``view[:100]``, ``view[[3, 1]]``, ``view[mask]``, and a
    second index for columns; two lists are an IndexError, one for rows and one for columns are not.
    ``numpy.asarray(view)`` reads all of it. Nothing can be written.

    Attributes
    ----------
    folder : Path
    manifest : dict
        The manifest, all of it.
    shape : tuple of int
    dtype : numpy.dtype
    columns : ndarray, shape [features]
        What stands in each column; see `EllipsoidalDensityProjection.feature_labels`.
    hypers : dict
        Arguments of the calculator.
    files : list of dict
        Path, size, sha256 and first row of each file.
    skipped : list of Skipped
        Frames that were bad, and whose rows are NaN.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any], records: dict[int, Record]) -> None:
        self.folder, self.manifest, self._records = folder, manifest, records
        self.shape = (int(manifest["num_frames"]), int(manifest["num_features"]))
        self.dtype = np.dtype(manifest["dtype"])
        self.columns = column_labels(manifest)
        self.hypers: dict[str, Any] = manifest["hypers"]
        self.files: list[dict[str, Any]] = manifest["files"]
        self.skipped: list[Skipped] = [one for k in sorted(records) for one in records[k].skipped]
        self._frames_per_block: int = manifest["frames_per_block"]
        self._block = lru_cache(maxsize=_MAPPED)(self._load)

    ndim = 2

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"FeatureFolder({os.fspath(self.folder)!r}: {rows} frames × {columns} features, {self.dtype})"

    def __getitem__(self, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        if len(parts) > 2 or any(isinstance(one, bool | np.bool_) for one in parts):
            raise IndexError("an index is one of rows, or one of rows and one of columns")
        rows, columns = (*parts, slice(None), slice(None))[:2]
        if _is_array(rows) and _is_array(columns):
            raise IndexError(
                "rows and columns are lists both, which NumPy takes as pairs: write view[rows][:, columns] for all of "
                "these columns, view[rows][range(len(rows)), columns] for pairs"
            )
        if isinstance(rows, int | np.integer):
            if not -len(self) <= rows < len(self):
                raise IndexError(f"row {rows} of {len(self)}")
            block, within = divmod(int(rows) % len(self), self._frames_per_block)
            return self._block(block)[within][columns]
        return self._rows(np.arange(len(self))[rows])[:, columns]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("the blocks of a folder are no array: that takes a copy")
        out = np.empty(self.shape, self.dtype if dtype is None else dtype)
        row = 0
        for block in self.blocks():
            out[row : row + len(block)] = block
            row += len(block)
        return out

    def blocks(self) -> Iterator[Floats]:
        """The blocks, one by one, in order."""
        for number in range(self.manifest["num_blocks"]):
            yield self._block(number)

    def frame_of(self, row: int) -> FrameOf:
        """The frame that a row describes; an IndexError if there is no such row."""
        if not -len(self) <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        row %= len(self)
        firsts = [one["first_frame"] for one in self.files]
        number = int(np.searchsorted(firsts, row, side="right")) - 1
        return FrameOf(self.files[number]["path"], row - firsts[number])

    def check(self) -> None:
        """Read all blocks and compare them with their checksums.

        Raises
        ------
        ValueError
            If some have changed; the message says which, and what to do.
        """
        changed = [k for k, one in self._records.items() if sha256_of(self.folder / one.file) != one.sha256]
        if changed:
            raise ValueError(
                f"{self.folder}: blocks that have changed since they were written: {in_words(changed)}; delete the "
                f"block-….json of each, {name_of(changed[0])}.json for one, and run the command that made them again"
            )

    def _rows(self, rows: Ints) -> Floats:
        if rows.ndim != 1:
            raise IndexError(f"rows are chosen by one list of numbers, got an array of shape {rows.shape}")
        blocks = rows // self._frames_per_block
        order = np.argsort(blocks, kind="stable")
        out = np.empty((len(rows), self.shape[1]), self.dtype)
        numbers, first = np.unique(blocks[order], return_index=True)
        for number, places in zip(numbers.tolist(), np.split(order, first[1:]), strict=False):  # no rows, one part
            out[places] = self._block(number)[rows[places] - number * self._frames_per_block]
        return out

    def _load(self, number: int) -> Floats:
        if self.manifest["storage"] == "npy":
            return storage.load(self.folder, self._records[number])
        first = number * self._frames_per_block
        found: Floats = storage.open_zarr(self.folder, "r")[first : first + self._frames_per_block]
        found.flags.writeable = False
        return found


def _is_array(index: Any) -> bool:
    """Whether an index is a list or an array, and neither a number nor a slice."""
    return not isinstance(index, slice) and np.ndim(index) > 0


def open_folder(folder: str | os.PathLike[str]) -> FeatureFolder:
    """Open a folder of features, of ``anisoap-opt describe --out FOLDER``.

    Parameters
    ----------
    folder : str or path

    Returns
    -------
    FeatureFolder

    Raises
    ------
    FileNotFoundError
        If it is no such folder.
    ValueError
        If blocks are missing, or it is of another format.
    """
    path = Path(folder)
    manifest = read_manifest(path)
    records = read_records(path, manifest["num_blocks"])
    if missing := [k for k in range(manifest["num_blocks"]) if k not in records]:
        count = f"{len(missing)} of {manifest['num_blocks']} blocks"
        raise ValueError(f"{path} is not finished, {count} are missing: {in_words(missing)}")
    return FeatureFolder(path, manifest, records)
