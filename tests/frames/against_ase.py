"""A file read by this package and by ASE, compared; lines of such files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import ase.io
from ase import Atoms

from anisoap_opt import ParticleBatch, read
from tests.frames.test_from_arrays import assert_equal_batches

PROPERTIES = "species:S:1:pos:R:3:c_q:R:4:c_diameter[1]:R:1:c_diameter[2]:R:1:c_diameter[3]:R:1"
ROW = "H 0.1 0.2 0.3 1 0 0 0 1.0 2.0 3.0"
OTHER = "C 1.5 0.5 -0.25 0.6 0.8 0 0 1.5 2.5 1.0"
LATTICE = 'Lattice="4.1 0.3 -0.2 0.9 4.4 0.5 -0.7 1.1 3.8"'
HEADER = f"{LATTICE} Properties={PROPERTIES}"
TWO = f"2\n{HEADER}\n{ROW}\n{OTHER}\n1\n{HEADER}\n{OTHER}\n"
SIZES: dict[str, Any] = {"diameters": (4.0, 4.0, 0.5)}


def outcome(function: Any, *arguments: Any, **keywords: Any) -> Any:
    """The batch, or the error, of any kind."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            return function(*arguments, **keywords)
    except Exception as error:
        return error


def expected(path: Path, index: Any = ":", **keywords: Any) -> Any:
    def from_ase() -> ParticleBatch:
        frames = ase.io.read(path, index)
        return ParticleBatch.from_frames([frames] if isinstance(frames, Atoms) else frames, **keywords)

    return outcome(from_ase)


def assert_as_ase(path: Path, index: Any = ":", **keywords: Any) -> Any:
    """Compares with ASE; returns the batch, or the error."""
    found, wanted = outcome(read, path, index, **keywords), expected(path, index, **keywords)
    if isinstance(wanted, Exception) or isinstance(found, Exception):
        assert isinstance(wanted, Exception), f"{found!r}, but ASE reads it"
        assert isinstance(found, TypeError | ValueError | OSError), f"{found!r}; ASE: {wanted!r}"
        assert str(path) in str(found)
    else:
        assert_equal_batches(found, wanted)
    return found


def write(folder: Path, text: str | bytes, name: str = "a.xyz") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
