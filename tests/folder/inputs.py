"""Files of frames that the tests of folders read, and a calculator for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from anisoap_opt import EllipsoidalDensityProjection, ParticleBatch, read
from tests.frames_for_tests import TRICLINIC, random_frame

HEADER = "Properties=species:S:1:pos:R:3:c_q:R:4:c_diameter\\[1\\]:R:1:c_diameter\\[2\\]:R:1:c_diameter\\[3\\]:R:1"
SMALL = ["--max-angular", "3", "--cutoff-radius", "5", "--backend", "numpy_only"]
"""The calculator of `small`, on the command line."""


def small(**changes: Any) -> EllipsoidalDensityProjection:
    """The calculator of the tests; `rotation_key` as the command has it."""
    arguments = {"max_angular": 3, "radial_basis_name": "gto", "cutoff_radius": 5.0, "radial_gaussian_width": 1.5}
    return EllipsoidalDensityProjection(**{**arguments, "backend": "numpy_only", **changes})


def some_frames(num: int, seed: int = 0, types: Sequence[int] = (1, 6)) -> list[Atoms]:
    """Frames of two to four particles, every third one periodic."""
    return [
        random_frame(seed + k, 2 + k % 3, types, **({"cell": TRICLINIC, "pbc": True} if k % 3 else {}))
        for k in range(num)
    ]


def text_of(frame: Atoms) -> str:
    """A frame as extended XYZ, with the numbers that it has."""
    lines = [str(len(frame))]
    periodic = " ".join("FT"[int(one)] for one in frame.pbc)
    cell = " ".join(map(repr, frame.cell.array.ravel().tolist()))
    lines.append((f'Lattice="{cell}" ' if frame.pbc.any() else "") + f'{HEADER} pbc="{periodic}"')
    sizes = [frame.arrays[f"c_diameter[{axis}]"] for axis in (1, 2, 3)]
    for k, symbol in enumerate(frame.symbols):
        numbers = [*frame.positions[k], *frame.arrays["c_q"][k], *(size[k] for size in sizes)]
        lines.append(" ".join([symbol, *(repr(float(one)) for one in numbers)]))
    return "\n".join(lines) + "\n"


def write_frames(path: Path, frames: Sequence[Atoms]) -> Path:
    """Write frames; the path."""
    path.write_text("".join(map(text_of, frames)))
    return path


def one_call(*paths: Path, types: Sequence[int] = (1, 6), **changes: Any) -> np.ndarray:
    """What one call for all frames of files gives."""
    batch = ParticleBatch.joined([read(path) for path in paths])
    return small(types=types, **changes).power_spectrum(batch)
