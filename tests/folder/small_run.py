"""A run of ten small blocks, for clusters to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anisoap_opt import EllipsoidalDensityProjection
from anisoap_opt.folder.run import Summary, describe_files
from anisoap_opt.folder.scan import Source

ELLIPSOIDS = Path(__file__).resolve().parents[2] / "data" / "ellipsoids.xyz"


def describe(out: Path, path: Path = ELLIPSOIDS, **options: Any) -> Summary:
    """200 frames in ten blocks, without the time that Numba needs to start."""
    calculator = EllipsoidalDensityProjection(
        max_angular=4, radial_basis_name="gto", cutoff_radius=5.0, radial_gaussian_width=1.5, backend="numpy_only"
    )
    return describe_files([Source(str(path))], calculator, out, frames_per_block=20, **options)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
