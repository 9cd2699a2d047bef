"""A file of frames, and what ASE is told about it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anisoap_opt.xyz import opening
from anisoap_opt.xyz.headers import UnreadableError

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class Source:
    """A file, and what ASE is told about it.

    Attributes
    ----------
    path : str
    file_format : str or None
        ASE's name of the format; None leaves it to the file.
    elements : tuple of str or None
        Chemical symbols of the types 1, 2, … of a LAMMPS dump.
    """

    path: str
    file_format: str | None = None
    elements: tuple[str, ...] | None = None

    def frames_by_ase(self) -> Iterator[Atoms]:
        """The file's frames, one by one, as ASE reads them; an UnreadableError if it cannot."""
        from ase.io import iread

        more: dict[str, Any] = {} if self.elements is None else {"specorder": list(self.elements)}
        number = 0
        try:
            for frame in iread(self.path, ":", format=self.file_format, do_not_split_by_at_sign=True, **more):
                yield frame
                number += 1
        except Exception as error:  # ASE's, of many kinds
            where = f"{self.path} (frame {number})"
            unasked = self.elements is not None and "specorder" in str(error)
            advice = "; elements are for LAMMPS dumps only" if unasked else ""
            raise UnreadableError(f"{where}: ASE cannot read this: {type(error).__name__}: {error}{advice}") from error

    def is_extended_xyz(self) -> bool:
        """Whether this package reads it; ASE reads other formats."""
        if self.file_format is not None:
            return self.file_format == "extxyz"
        return self.elements is None and opening.is_extended_xyz(Path(self.path))


def sha256_of(path: Path) -> str:
    """Of a file's bytes."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
