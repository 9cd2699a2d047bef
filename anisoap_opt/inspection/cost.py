"""What descriptors of some sizes cost: columns and memory counted, time measured here."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from anisoap_opt import checks
from anisoap_opt.arrays import Bools
from anisoap_opt.folder.arguments import arguments_of
from anisoap_opt.folder.tasks import num_features
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.inspection.pairs import part_of_frame
from anisoap_opt.projection import EllipsoidalDensityProjection

SIZES: tuple[tuple[int, Any], ...] = ((6, None), (9, 6))
"""max_angular and max_radial of the two sizes that most people use."""
_LARGE = 4000
"""Of a frame with more particles some that lie together are computed, and all take as many times longer."""
_LONG_ENOUGH = 0.2
"""Seconds: calls take more and more particles until one takes so long."""


class Cost(NamedTuple):
    """What power spectra of one size cost.

    Attributes
    ----------
    max_angular : int
    max_radial : None, int or list of int
    columns : int or None
        Of all types of the file; `symmetric` halves them, nearly. None if there is no such basis.
    bytes_of_means : int or None
        Of one row a frame.
    bytes_of_centers : int or None
        Of one row a particle.
    seconds : float or None
        For all frames, without reading them; None if it was not measured.
    measured : int
        Particles that the time was measured with.
    """

    max_angular: int
    max_radial: Any
    columns: int | None
    bytes_of_means: int | None
    bytes_of_centers: int | None
    seconds: float | None
    measured: int


def estimate(
    calculator: EllipsoidalDensityProjection,
    sizes: Sequence[tuple[int, Any]],
    sample: ParticleBatch,
    types: Sequence[int],
    num_frames: int,
    num_particles: int,
    *,
    measure: bool,
) -> list[Cost]:
    """Cost of power spectra of several sizes, with all else as the calculator has it.

    Parameters
    ----------
    calculator : EllipsoidalDensityProjection
    sizes : sequence of (int, max_radial)
    sample : ParticleBatch
        Frames that are computed, as far as time allows.
    types : sequence of int
        Of all frames.
    num_frames, num_particles : int
        Of all frames.
    measure : bool
        Whether to compute anything.

    Returns
    -------
    list of Cost

    Raises
    ------
    ValueError
        If there is no such size; one of `SIZES`, for which nobody asked, has a cost without numbers then.
    """
    costs = []
    for max_angular, max_radial in sizes:
        arguments = {**arguments_of(calculator, types), "max_angular": max_angular, "max_radial": max_radial}
        try:
            one = EllipsoidalDensityProjection(**arguments)
        except ValueError:
            if (max_angular, max_radial) not in SIZES:
                raise
            costs.append(Cost(max_angular, max_radial, None, None, None, None, 0))
            continue
        columns, itemsize = num_features(one, symmetric=False), np.dtype(one.dtype).itemsize
        of_one_type = columns // max(len(types), 1)
        seconds, measured = _measure(one, sample) if measure and len(sample.types) else (0.0, 0)
        costs.append(
            Cost(
                max_angular=max_angular,
                max_radial=max_radial,
                columns=columns,
                bytes_of_means=num_frames * columns * itemsize,
                bytes_of_centers=num_particles * of_one_type * itemsize,
                seconds=seconds / measured * num_particles if measured else None,
                measured=measured,
            )
        )
    return costs


def _measure(calculator: EllipsoidalDensityProjection, sample: ParticleBatch) -> tuple[float, int]:
    """Seconds of a call, and for how many particles; a call before makes tables, and compiles perhaps."""
    _call(calculator, *_some(sample, 1, calculator.cutoff_radius))
    number = 1
    while True:
        part, centers = _some(sample, number, calculator.cutoff_radius)
        count, seconds = int(centers.sum()), _call(calculator, part, centers)
        if seconds > _LONG_ENOUGH:
            return seconds, count
        if count < number:  # there are no more: the shortest of a few short calls
            return min(seconds, *(_call(calculator, part, centers) for _ in range(2))), count
        number = 2 * count


def _some(sample: ParticleBatch, number: int, cutoff_radius: float) -> tuple[ParticleBatch, Bools]:
    """Frames with about so many centres, fewer only if there are no more; or as many centres of the largest frame."""
    largest = int(np.argmax(np.diff(sample.offsets)))
    frame = sample.part(largest, largest + 1)
    if len(frame.types) > max(_LARGE, number):
        return part_of_frame(frame, number, cutoff_radius)
    part = sample.part(0, min(int(np.searchsorted(sample.offsets, number)), sample.num_frames))
    return part, np.ones(len(part.types), dtype=bool)


def _call(calculator: EllipsoidalDensityProjection, batch: ParticleBatch, centers: Bools) -> float:
    """Seconds that it takes."""
    masks = None if centers.all() else [centers]  # of all frames, or some of one
    with checks.warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that no centre has a neighbour is said elsewhere
        begin = time.perf_counter()
        calculator.power_spectrum(batch, centers=masks, compute_gradients=False)
        return time.perf_counter() - begin
