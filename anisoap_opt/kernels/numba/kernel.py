"""Class `Kernel` of the backend ``numba``: tables, threads, and arrays around the compiled driver."""

from __future__ import annotations

from typing import Any

import numpy as np

from anisoap_opt.arrays import Array, Floats, Ints
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.coupling import count_features, scale
from anisoap_opt.basis.monomials import num_up_to_degree
from anisoap_opt.gaussians import Gaussians
from anisoap_opt.kernels.contract import KernelOptions, segments_within
from anisoap_opt.kernels.numba.contraction import Contraction
from anisoap_opt.kernels.numba.coupling import ROWS, couple, cut_runs
from anisoap_opt.kernels.numba.layout import aligned, particle_tables
from anisoap_opt.kernels.numba.segments import WINDOW, WorkSpace, expand_windows, work_space
from anisoap_opt.kernels.numba.threads import map_in_order, run_parts
from anisoap_opt.kernels.numba.vectors import LANES
from anisoap_opt.pairs import Pairs

STRAIGHT_LINE_DEGREE = 16
"""Up to this degree straight-line code is used, above it the plane walk."""
MIN_TASK = 200_000
"""Moments (pairs · monomials) below which a second thread costs more than it saves."""
CHUNK_BYTES = 1 << 22
"""Coefficients of a chunk of segments have at most this size."""
BATCH_BYTES = 1 << 20
"""Coefficients of this size are made, and then coupled while they are in cache."""


class Kernel:
    """Fused moments and change of basis; see ``kernels/README.md`` for the contract and the README here for how."""

    def __init__(self, gaussians: Gaussians, basis: BasisChange, options: KernelOptions) -> None:
        self.basis = basis
        self.precision = float(gaussians.precision)
        self.dtype = np.dtype(options.dtype)
        self.contraction = Contraction.of(basis)
        num_coefficients = self.contraction.offsets[-1]
        self.segments_per_chunk = segments_within(CHUNK_BYTES, num_coefficients)
        self.columns = -(-num_coefficients // LANES) * LANES
        self.min_task = MIN_TASK / num_up_to_degree(basis.degree)
        self._idle_work_spaces: list[WorkSpace] = []
        self.particles, self.roots = particle_tables(gaussians)

    map_in_order = staticmethod(map_in_order)

    def coefficients(self, pairs: Pairs) -> list[Floats]:
        """Coefficients of every segment, per l: [segments, 2l+1, n], views of one buffer."""
        num_segments, offsets = pairs.num_segments, self.contraction.offsets
        out = aligned((num_segments + 1) * self.columns, self.dtype)
        if len(pairs.j):
            arrays = _arrays(pairs)
            bounds = np.minimum(np.arange(-(-num_segments // WINDOW) + 1) * WINDOW, num_segments)
            run_parts(lambda *windows: self._expand(windows, arrays, out), pairs.start[bounds], self.min_task)
        else:
            out[:] = 0
        table = out.reshape(-1, self.columns)[:num_segments]
        return [
            table[:, offsets[l] : offsets[l + 1]].reshape(num_segments, 2 * l + 1, n)
            for l, n in enumerate(self.basis.num_radial)
        ]

    def sum_power_spectra(self, pairs: Pairs, num_types: int, start: Ints, *, symmetric: bool) -> Array:
        """Sums over runs of centres of their power spectra, see `anisoap_opt.power_spectrum.sum_power_spectra`.

        Coefficients are made for about a thousand segments at a time and used while they are in cache.
        """
        pieces = cut_runs(start, pairs.num_segments // num_types)
        num_radial = np.array(self.basis.num_radial, dtype=np.int64)
        scales = np.array([scale(l) for l in range(len(num_radial))])
        features = count_features([n * num_types for n in self.basis.num_radial], symmetric=symmetric)
        sums = np.zeros((len(pieces.bounds) - 1, features))
        segments = BATCH_BYTES // (self.columns * self.dtype.itemsize)
        segments = -(-segments // WINDOW) * WINDOW  # whole windows: full lanes
        batch = pieces.bounds[:-1] // max(1, segments // num_types)
        batches = np.append(np.flatnonzero(np.diff(batch, prepend=-1)), len(sums))  # first piece of each
        arrays = _arrays(pairs)

        def run(first: int, last: int) -> None:
            block = aligned(ROWS * LANES, np.float64)
            for k in range(first, last):
                bounds = pieces.bounds[batches[k] : batches[k + 1] + 1]
                first_segment, last_segment = bounds[0] * num_types, bounds[-1] * num_types
                table = aligned((last_segment - first_segment + 1) * self.columns, self.dtype)
                table[-self.columns :] = 0  # read with its neighbours, never used
                own = (arrays[0][first_segment : last_segment + 1], *arrays[1:])
                self._expand((0, -(-(last_segment - first_segment) // WINDOW)), own, table)
                couple(
                    table.astype(np.float64, copy=False), self.columns, num_radial, num_types, bounds - bounds[0],
                    scales, symmetric, block, sums[batches[k] : batches[k + 1]].reshape(-1),
                )  # fmt: skip

        if len(pairs.j):
            run_parts(run, pairs.start[pieces.bounds[batches] * num_types], self.min_task)
        return sums if len(sums) == len(start) else np.add.reduceat(sums, pieces.first, axis=0)

    def _expand(self, windows: tuple[int, ...], arrays: tuple[Any, ...], out: Floats) -> None:
        """Fill `out` [(segments + 1) · columns] for some windows of the segments of `arrays`, see `_arrays`."""
        degree = self.basis.degree
        straight = (0,) * degree if degree <= STRAIGHT_LINE_DEGREE else None
        change = (self.contraction.harmonics.arrays, self.contraction.radial.arrays, self.columns)
        try:
            work = self._idle_work_spaces.pop()
        except IndexError:
            work = work_space(degree, self.contraction.num_primitive, self.columns, self.dtype)
        expand_windows(straight, degree, windows, arrays, self.particles, self.roots, self.precision, change, work, out)
        self._idle_work_spaces.append(work)


def _arrays(pairs: Pairs) -> tuple[Ints, Ints, Array]:
    """The pairs' arrays as compiled code takes them: start [segments + 1], j [pairs], r_ij [pairs · 3]."""
    return (
        np.ascontiguousarray(pairs.start, dtype=np.int64),
        np.ascontiguousarray(pairs.j, dtype=np.int64),
        np.ascontiguousarray(pairs.r_ij, dtype=np.float64).reshape(-1),
    )
