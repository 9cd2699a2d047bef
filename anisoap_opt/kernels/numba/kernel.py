"""Class `Kernel` of the backend ``numba``: tables, threads, and arrays around the compiled driver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from anisoap_opt.arrays import Array, Floats, Ints
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.coupling import count_features, scale
from anisoap_opt.basis.monomials import num_up_to_degree
from anisoap_opt.gaussians import Gaussians
from anisoap_opt.kernels.contract import KernelOptions, TangentRows, Tangents, segments_within
from anisoap_opt.kernels.numba.adjoints import PullSpace, pull_space, pull_windows
from anisoap_opt.kernels.numba.coupling import block_size, couple, cut_runs
from anisoap_opt.kernels.numba.derivatives import adjoint_table, pair_records, split_records
from anisoap_opt.kernels.numba.forward import Forward, straight_line
from anisoap_opt.kernels.numba.layout import FIELDS, aligned, zeroed
from anisoap_opt.kernels.numba.lowered_planes import plane_space
from anisoap_opt.kernels.numba.records import particle_tables
from anisoap_opt.kernels.numba.segments import STEPS, WINDOW, WorkSpace, expand_windows
from anisoap_opt.kernels.numba.spreading import Spread
from anisoap_opt.kernels.numba.tangent_coupling import PADDING, couple_tangents
from anisoap_opt.kernels.numba.threads import lend, map_in_order, run_parts
from anisoap_opt.kernels.numba.vectors import LANES
from anisoap_opt.pairs import Pairs

STRAIGHT_DERIVATIVES_DEGREE = 12
"""Up to this degree derivatives have straight-line code, which is three to five times as long as that of moments."""
DERIVATIVE_WORK = 3
"""How many times the work of the moments a pair's derivatives are, about."""
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
        self.forward = Forward.of(basis)
        self.columns, self.num_coefficients = self.forward.columns, self.forward.contraction.offsets[-1]
        self.segments_per_chunk = segments_within(CHUNK_BYTES, self.num_coefficients)
        self.min_task = MIN_TASK / num_up_to_degree(basis.degree)
        self._idle_work_spaces: list[WorkSpace] = []
        self._idle_push_spaces: list[WorkSpace] = []
        self._idle_pull_spaces: list[PullSpace] = []
        self.particles, self.roots = particle_tables(gaussians)

    map_in_order = staticmethod(map_in_order)

    def coefficients(self, pairs: Pairs) -> list[Floats]:
        """Coefficients of every segment, per l: [segments, 2l+1, n], views of one buffer."""
        out = aligned((pairs.num_segments + 1) * self.columns, self.dtype)
        if len(pairs.j):
            arrays = _arrays(pairs)
            run_parts(lambda *windows: self._expand(windows, arrays, out), _window_starts(pairs), self.min_task)
        else:
            out[:] = 0
        return self._split(out)

    def push_forward(self, pairs: Pairs, tangents: Tangents) -> list[Floats]:
        """See `contract.Differentiable`."""
        return [c.astype(self.dtype, copy=False) for c in self._split(self._push(pairs, tangents))]

    def push_power_spectra(
        self,
        pairs: Pairs,
        tangents: Tangents,
        rows: TangentRows,
        coefficients: Sequence[Any],
        out: Floats,
        place: Ints | None,
        *,
        symmetric: bool,
    ) -> None:
        """See `contract.TangentCoupling`."""
        num_coefficients, num_types = self.num_coefficients, rows.segment.shape[1]
        parts = [scale(l) * np.asarray(c, dtype=np.float64).reshape(len(c), -1) for l, c in enumerate(coefficients)]
        flat = np.append(np.concatenate(parts, axis=1).ravel(), np.zeros(PADDING))
        dots, sums = np.zeros((2, out.shape[1] * num_types * num_coefficients + PADDING))
        space, num_radial = (dots, sums, aligned(LANES * LANES, np.float64)), np.array(self.basis.num_radial, np.int64)
        couple_tangents(
            self._push(pairs, tangents), self.columns, num_coefficients, rows.segment, rows.center, rows.own,
            np.arange(len(rows.center)) if place is None else place, place is not None, flat, num_radial, symmetric,
            space, out,
        )  # fmt: skip

    def pull_back(self, pairs: Pairs, adjoints: Sequence[Any]) -> tuple[Floats, Floats, Floats]:
        """See `contract.Differentiable`."""
        return self._pull(pairs, adjoints, None)

    def pull_back_along(
        self, pairs: Pairs, adjoints: Sequence[Any], tangents: Tangents
    ) -> tuple[Floats, Floats, Floats]:
        """See `contract.TwiceDifferentiable`."""
        return self._pull(pairs, adjoints, pair_records(tangents))

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
            block = zeroed(block_size(self.basis.num_radial, num_types))
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

    def _push(self, pairs: Pairs, tangents: Tangents) -> Floats:
        """Tangents of the coefficients, [(segments + 1) · columns] of float64."""
        out, records = aligned((pairs.num_segments + 1) * self.columns, np.float64), pair_records(tangents)
        if len(pairs.j):
            arrays, min_task = _arrays(pairs), self.min_task / DERIVATIVE_WORK
            run_parts(lambda *windows: self._expand(windows, arrays, out, records), _window_starts(pairs), min_task)
        else:
            out[:] = 0
        return out

    def _split(self, flat: Floats) -> list[Floats]:
        """Coefficients per l, [segments, 2l+1, n], as views of [(segments + 1) · columns]."""
        table, offsets = flat.reshape(-1, self.columns)[:-1], self.forward.contraction.offsets
        return [
            table[:, offsets[l] : offsets[l + 1]].reshape(len(table), 2 * l + 1, n)
            for l, n in enumerate(self.basis.num_radial)
        ]

    def _expand(
        self, windows: tuple[int, ...], arrays: tuple[Any, ...], out: Floats, records: Array | None = None
    ) -> None:
        """Fill `out` [(segments + 1) · columns] for some windows of the segments of `arrays`, see `_arrays`.

        With `records`, see `pair_records`, `out` is float64 and takes the derivatives along them.
        """
        (*pairs, weight), forward = arrays, self.forward
        straight, change, spaces, tangents = forward.straight, forward.change, self._idle_work_spaces, None
        if records is not None:
            straight = straight_line(forward.degree, STRAIGHT_DERIVATIVES_DEGREE)
            change, spaces = (*forward.maps, self.columns), self._idle_push_spaces
            planes = plane_space(forward.degree if straight is None else 0)
            tangents = (records, aligned(STEPS * FIELDS * LANES, np.float64), planes)
        walked = forward.degree if straight is None else None
        with lend(spaces, lambda: forward.work_space(out.dtype)) as work:
            expand_windows(
                straight, walked, windows, tuple(pairs), weight, tangents, self.particles, self.roots, self.precision,
                change, work, out,
            )  # fmt: skip

    def _pull(self, pairs: Pairs, adjoints: Sequence[Any], records: Array | None) -> tuple[Floats, Floats, Floats]:
        out = aligned((len(pairs.j) + 1) * FIELDS, np.float64)
        if len(pairs.j):
            table, degree, (*arrays, weight) = adjoint_table(adjoints, self.columns), self.basis.degree, _arrays(pairs)
            straight, spread = straight_line(degree, STRAIGHT_DERIVATIVES_DEGREE), Spread.of(self.basis)
            change = (spread.radial.arrays, spread.harmonics.arrays, spread.places, self.columns)

            def run(*windows: int) -> None:
                with lend(
                    self._idle_pull_spaces,
                    lambda: pull_space(degree, self.forward.contraction.num_primitive, self.columns),
                ) as work:
                    pull_windows(
                        straight, degree, windows, tuple(arrays), weight, records, self.particles, self.roots,
                        self.precision, change, table, work, out,
                    )  # fmt: skip

            run_parts(run, _window_starts(pairs), self.min_task / DERIVATIVE_WORK)
        of_r, of_c, of_log_w = (part.astype(self.dtype, copy=False) for part in split_records(out))
        return of_r, of_c, of_log_w


def _window_starts(pairs: Pairs) -> Ints:
    """First pair of each window of segments, and their number."""
    num_segments = pairs.num_segments
    return pairs.start[np.minimum(np.arange(-(-num_segments // WINDOW) + 1) * WINDOW, num_segments)]


def _arrays(pairs: Pairs) -> tuple[Ints, Ints, Array, Array | None]:
    """The pairs' arrays as compiled code takes them: start [segments + 1], j [pairs], r_ij [pairs · 3], weight."""
    return (
        np.ascontiguousarray(pairs.start, dtype=np.int64),
        np.ascontiguousarray(pairs.j, dtype=np.int64),
        np.ascontiguousarray(pairs.r_ij, dtype=np.float64).reshape(-1),
        None if pairs.weight is None else np.ascontiguousarray(pairs.weight, dtype=np.float64),
    )
