"""Files of the command line: frames in, features out."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anisoap_opt import reading
from anisoap_opt.columns import Columns
from anisoap_opt.folder.source import Source
from anisoap_opt.frames import Frames
from anisoap_opt.xyz import opening
from anisoap_opt.xyz.headers import UnreadableError

if TYPE_CHECKING:
    from ase import Atoms

FORMATS = "'extxyz' or 'lammps-dump-text'"
"""Examples of what ASE calls formats."""
_FOR_DUMPS = "--elements is for LAMMPS dumps only"


def read_frames(
    path: Path,
    index: str = ":",
    file_format: str | None = None,
    elements: list[str] | None = None,
    columns: Columns | None = None,
) -> Frames:
    """Read frames with ASE, or extended XYZ straight into a batch.

    Parameters
    ----------
    path : Path
    index : str
        One frame, counted from 0 or, if negative, from the end, or a slice of them, as Python writes it.
    file_format : str, optional
        ASE's name of the format; by default ASE guesses.
    elements : list of str, optional
        Chemical symbols of the types 1, 2, … of a LAMMPS dump.
    columns : Columns, optional
        Which columns of extended XYZ hold what; without it there are frames in any case.

    Returns
    -------
    list of ase.Atoms, or ParticleBatch

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If its format is not known or it cannot be read, or there is no such frame; for extended XYZ also if what it
        holds makes no sense.
    """
    opening.check_exists(path)
    one = reading.parse_index(index)
    found = find_format(path, file_format)
    other_format = "" if file_format else "; --format names another format"
    if columns is not None and elements is None and found == "extxyz":
        try:
            return reading.read_batch(path, index, columns, extended_xyz=True)
        except UnreadableError as error:
            raise ValueError(f"ASE cannot read {path} as extxyz: {error}{other_format}") from error
    import ase.io

    options: dict[str, Any] = {} if elements is None else {"specorder": elements}

    def read(which: str) -> list[Atoms]:
        try:
            frames = ase.io.read(path, which, format=found, do_not_split_by_at_sign=True, **options)
        except Exception as error:
            if which != ":" and isinstance(error, StopIteration | IndexError):
                return []  # ASE's readers, asked for a frame that is not there
            unasked = elements and "specorder" in str(error)
            advice = f"; {_FOR_DUMPS}" if unasked else other_format
            raise ValueError(f"ASE cannot read {path} as {found}: {type(error).__name__}: {error}{advice}") from error
        return frames if isinstance(frames, list) else [frames]

    if isinstance(one, int) and one < 0:  # some of ASE's readers give a frame where there is none
        frames = read(":")
        frames = [frames[one]] if -one <= len(frames) else []
    else:
        frames = read(index)
    if frames:
        return frames
    count = len(read(":"))
    if not count:
        raise ValueError(f"ASE, reading {path} as {found}, finds no frame{other_format}")
    raise ValueError(f"no frame at index {index} of {path}: read as {found}, it holds {count}, from 0 on")


def make_sources(
    paths: Sequence[Path], file_format: str | None, elements: Sequence[str] | None, *, may_be_empty: bool = False
) -> list[Source]:
    """Files whose frames go into a folder; for format and elements, the rules of `read_frames`.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_frames`, as far as that can be said before a frame is read.
    """
    sources = []
    for path in paths:
        opening.check_exists(path, may_be_empty=may_be_empty)
        found = find_format(path, file_format)
        if elements is not None and found == "extxyz":
            raise ValueError(f"{path} is read as {found}; {_FOR_DUMPS}")
        sources.append(Source(str(path), found, None if elements is None else tuple(elements)))
    return sources


def find_format(path: Path, file_format: str | None) -> str:
    """ASE's name of a file's format; a ValueError if there is none such, or it cannot be told."""
    from ase.io.formats import UnknownFileTypeError, filetype, ioformats

    if file_format is not None:
        if file_format not in ioformats:
            raise ValueError(f"ASE knows no format {file_format!r}; try {FORMATS}")
        return file_format
    if opening.is_named_xyz(path):
        return "extxyz"
    try:
        found = filetype(str(path))
    except UnknownFileTypeError:
        found = ""
    if found not in ioformats:
        raise ValueError(f"ASE cannot tell the format of {path}: name it with --format, e.g. {FORMATS}")
    return str(found)


def write_features(out: Path, features: Any, columns: Any, hypers: dict[str, Any]) -> None:
    """Write features beside the target and rename, so that an interrupt leaves no half a file.

    Parameters
    ----------
    out : Path
        With the suffix ".npz" for an array, or another one for a TensorMap.
    features : ndarray, shape [frames, features], or TensorMap
    columns : ndarray, shape [features], or None
        What stands in each column, for an array.
    hypers : dict
        What the calculator was made with, for an array.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    import numpy as np

    def save_npz(path: str) -> None:
        np.savez(path, features=features, columns=columns, hypers=np.array(json.dumps(hypers)))

    def save_mts(path: str) -> None:
        import metatensor

        try:
            metatensor.save(path, features)
        except Exception as error:  # metatensor's own error, of no standard kind
            raise OSError(f"cannot write {out}: {error}") from error

    _replace(out, save_npz if out.suffix.lower() == ".npz" else save_mts)


def write_frames(out: Path, frames: list[Atoms]) -> None:
    """As `write_features`, of frames as extended XYZ."""
    import ase.io

    _replace(out, lambda path: ase.io.write(path, frames, format="extxyz"))


def _replace(out: Path, save: Callable[[str], None]) -> None:
    out = out.resolve()  # write to where a link points, do not replace the link
    handle, temporary = tempfile.mkstemp(dir=out.absolute().parent, prefix=".", suffix=out.suffix.lower())
    os.close(handle)
    try:
        save(temporary)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # as an ordinary new file, not mkstemp's 0600
        os.replace(temporary, out)
    finally:
        Path(temporary).unlink(missing_ok=True)
