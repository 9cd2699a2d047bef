"""`check`: everything about frames that is worth knowing before anything is computed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anisoap_opt import checks
from anisoap_opt.arrays import Array, Bools
from anisoap_opt.folder.pieces import Reader
from anisoap_opt.folder.plan import Plan, choose_frames_per_block, scan_files, types_of
from anisoap_opt.folder.scan import Scan
from anisoap_opt.folder.source import Source
from anisoap_opt.frames import NO_FRAMES, ParticleBatch
from anisoap_opt.inspection import findings, summary
from anisoap_opt.inspection.cost import SIZES, estimate
from anisoap_opt.inspection.distances import Distances, look_at_distances
from anisoap_opt.inspection.orientations import find_signs, unique_axes_of
from anisoap_opt.inspection.records import Refused
from anisoap_opt.inspection.report import Report
from anisoap_opt.inspection.walk import Walk, joined, walk
from anisoap_opt.projection import EllipsoidalDensityProjection
from anisoap_opt.streaming import FRAMES_PER_BLOCK, blocks_of_pieces, paths_of
from anisoap_opt.xyz import opening
from anisoap_opt.xyz.headers import UnreadableError

if TYPE_CHECKING:
    from ase import Atoms


def check(
    frames: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | ParticleBatch | Sequence[Atoms | ParticleBatch],
    calculator: EllipsoidalDensityProjection | None = None,
    *,
    sizes: Sequence[tuple[int, Any]] = SIZES,
    measure_time: bool = True,
) -> Report:
    """Look through frames before descriptors of them are computed.

    Parameters
    ----------
    frames : path, sequence of paths, ParticleBatch, or sequence of ase.Atoms or ParticleBatch
    calculator : EllipsoidalDensityProjection, optional
        Its cutoff, its types and what it says about the arrays of frames count. By default
        ``EllipsoidalDensityProjection(6, "gto", 7.0, radial_gaussian_width=1.5)``.
    sizes : sequence of (int, max_radial)
        Values of `max_angular` and `max_radial` whose cost is told, beside the calculator's own.
    measure_time : bool
        Whether to compute some frames to tell what all take.

    Returns
    -------
    Report
        ``print(report)`` shows it as a table.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError, ValueError
        If an argument makes no sense, or there are no frames. Frames that make no sense are in the report.
    """
    checks.flag("measure_time", measure_time)
    if calculator is None:
        calculator = EllipsoidalDensityProjection(6, "gto", 7.0, radial_gaussian_width=1.5)
    if not isinstance(calculator, EllipsoidalDensityProjection):
        hint = ", its calculator_ once it is fitted" if hasattr(calculator, "get_feature_names_out") else ""
        wrong = type(calculator).__name__
        raise TypeError(f"calculator must be an EllipsoidalDensityProjection{hint}, got {wrong}: {calculator!r}")
    paths = paths_of(frames)
    if paths is not None:
        return check_files([Source(path) for path in paths], calculator, sizes=sizes, measure_time=measure_time)
    several: Any = [frames] if isinstance(frames, ParticleBatch) else frames
    if not isinstance(several, Sequence):
        raise TypeError(f"frames must be paths, a ParticleBatch or a sequence of frames, got {type(frames).__name__}")
    number = sum(len(one) if isinstance(one, ParticleBatch) else 1 for one in several)
    if not number:
        raise ValueError(NO_FRAMES)
    found = walk(blocks_of_pieces(several, FRAMES_PER_BLOCK), number, calculator)
    return _report([], found, [], calculator, sizes=sizes, measure_time=measure_time)


def check_files(
    files: Sequence[Source],
    calculator: EllipsoidalDensityProjection,
    *,
    sizes: Sequence[tuple[int, Any]] = SIZES,
    measure_time: bool = True,
) -> Report:
    """As `check`, of files about which ASE is told something."""
    for one in files:
        opening.check_exists(Path(one.path), may_be_empty=True)  # which is told in the report
    scans, refused = _scan_each(files)
    plan = Plan(scans, types_of(scans), choose_frames_per_block(scans, 1) if scans else 1)
    with Reader(plan) as reader:
        blocks = map(reader.pieces, range(plan.num_blocks))
        found = walk(blocks, plan.num_frames, calculator)
    names = [one.path for one in files]
    return _report(names, found, refused, calculator, sizes=sizes, measure_time=measure_time)


def _scan_each(files: Sequence[Source]) -> tuple[tuple[Scan, ...], list[Refused]]:
    """The quick pass over all files that can be read so far, and the others."""
    scans: list[Scan] = []
    refused: list[Refused] = []
    for one in files:
        try:
            scans += scan_files([one], None, sum(before.num_frames for before in scans))
        except ValueError as error:
            line = error.line if isinstance(error, UnreadableError) else 0
            refused.append(Refused(one.path, None, line, str(error)))
    return tuple(scans), refused


def _report(
    files: list[str],
    found: Walk,
    refused: list[Refused],
    calculator: EllipsoidalDensityProjection,
    *,
    sizes: Sequence[tuple[int, Any]],
    measure_time: bool,
) -> Report:
    cutoff = calculator.cutoff_radius
    sample, quaternions, w_last = joined(found)
    types = sorted(found.sizes)
    own = (calculator.max_angular, calculator.max_radial)
    costs = estimate(
        calculator, [own, *(one for one in sizes if tuple(one) != own)], sample, types, found.good, found.particles,
        measure=measure_time,
    )  # fmt: skip
    distances = look_at_distances(sample, cutoff)
    signs = _signs(quaternions, w_last, sample) if found.order else {}
    return Report(
        frames=summary.of_frames(files, found, sample.num_frames),
        types=summary.of_types(found),
        diameters=summary.of_diameters(found, sample),
        quaternions=summary.of_quaternions(found, quaternions, signs),
        distances=summary.of_distances(distances, cutoff, found),
        cells=summary.of_cells(found),
        cost=summary.of_cost(costs, calculator),
        warnings=tuple(findings.find(found, distances, signs, cutoff)),
        refused=(*refused, *(Refused(one.file, one.frame, one.line, one.reason) for one in found.refused)),
        histograms=_histograms(sample, quaternions, distances),
    )


def _signs(quaternions: Array, w_last: Bools, sample: ParticleBatch) -> dict[str, list[str]]:
    """For each order in which quaternions are read, what speaks for the other one."""
    axes = unique_axes_of(sample.semiaxes)
    return {
        "wxyz": find_signs(quaternions[~w_last], "wxyz", axes[~w_last]),
        "xyzw": find_signs(np.roll(quaternions[w_last], -1, axis=1), "xyzw", axes[w_last]),
    }


def _histograms(sample: ParticleBatch, quaternions: Array, distances: Distances) -> dict[str, Array]:
    return {
        "distances": distances.sample,
        "nearest": distances.nearest,
        "contact": distances.contact,
        "diameters": 2.0 * np.sort(sample.semiaxes, axis=1),
        "quaternions": quaternions,
    }
