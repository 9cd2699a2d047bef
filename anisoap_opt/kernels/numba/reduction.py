"""Sums of power spectra over frames: tables, threads and rows around the compiled driver of `frame_sums`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from anisoap_opt.arrays import Array, Bools, Floats, Ints
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.coupling import columns_of_types, features_of_types, scale
from anisoap_opt.cutoff import SmoothCutoff
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.kernels.contract import FrameSums, KernelOptions
from anisoap_opt.kernels.numba.candidates import make_found, new_scratch
from anisoap_opt.kernels.numba.coupling import block_size
from anisoap_opt.kernels.numba.forward import Forward
from anisoap_opt.kernels.numba.frame_sums import BATCH, WHOLE, Batch, Columns, sum_centers
from anisoap_opt.kernels.numba.layout import aligned, zeroed
from anisoap_opt.kernels.numba.neighbors import PairSearch
from anisoap_opt.kernels.numba.records import make_gaussians, particle_tables
from anisoap_opt.kernels.numba.scene import Scene, make_scene
from anisoap_opt.kernels.numba.shells import make_sorted
from anisoap_opt.kernels.numba.threads import lend, map_in_order, num_threads
from anisoap_opt.lattice import SHELL
from anisoap_opt.pairs import encode_types
from anisoap_opt.progress import progress_bar

MANY_FEATURES = 10_000
"""If types that share a frame would have more features than this, it is searched first which of them meet."""
ROWS_BYTES = 1 << 22
"""The rows that a chunk of one large frame fills have about this size at most."""
ROW_CENTERS = 256
"""A row of a large frame has as many batches as hold this many centres."""
MOST_PLANS = 8
"""Plans that are kept for one basis."""
MOST_KEPT = 1 << 20
"""Pairs for which a thread's room is kept for later calls."""
TABLE_BYTES = 1 << 20
"""Coefficients of a batch have about this size at most."""
PAIRS_PER_CENTER = 80
"""For these there is room to begin with."""
CHUNK = 4096
"""Most centres that a thread takes at once."""
CHUNKS_PER_THREAD = 8
"""As many chunks as that are made for each thread, where there is work for them."""


class Chunk(NamedTuple):
    """Some centres, see `frame_sums.sum_centers`."""

    begin: int
    end: int
    frame: int  # the first, or the only one
    num_rows: int
    whole: bool  # whether the rows are frames, not parts of one


class Rows(NamedTuple):
    """What comes of a chunk."""

    sums: Array  # [rows, cutoffs, features]
    counts: Ints  # [rows, cutoffs, types]
    met: Ints  # [cutoffs, types, types], pairs of each shell


def sum_over_frames(
    batch: ParticleBatch,
    basis: BasisChange,
    precision: float,
    cutoff_radii: Sequence[float],
    options: KernelOptions,
    *,
    self_pairs: bool,
    types: Sequence[int] | None = None,
    centers: Bools | None = None,
    cutoff: SmoothCutoff | None = None,
    symmetric: bool = False,
    show_progress: bool = False,
) -> list[FrameSums]:
    """See `contract.SumsOverFrames`."""
    of_layout, code = encode_types(batch.types, types)
    scene, _ = make_scene(batch, code, len(of_layout), cutoff_radii[-1])
    places = np.arange(len(code)) if centers is None else np.flatnonzero(centers[scene.order])
    possible = _share_a_frame(scene, len(of_layout)) if types is None else np.ones((len(of_layout),) * 2, bool)
    if types is None and sum(features_of_types(basis.num_radial, possible, symmetric=symmetric)) > MANY_FEATURES:
        # a small part of the work
        possible = PairSearch(batch, cutoff_radii[-1], self_pairs=self_pairs, centers=centers).met
    plan = Plan.of(basis, options.dtype, possible, symmetric, len(cutoff_radii))
    particles, roots = particle_tables(make_gaussians(batch.rotations, batch.semiaxes, precision, scene.order))
    smoothing = None if cutoff is None else (float(cutoff.radius), float(cutoff.width))
    shells = np.array([(radius * (1 - SHELL)) ** 2 for radius in cutoff_radii])
    search = (shells, bool(self_pairs), smoothing or (0.0, 0.0), None if smoothing is None else np.empty(0))

    chunks = plan.chunks(scene, places)
    one_each = map_in_order(lambda chunk: plan.sums(chunk, places, scene, search, particles, roots, precision), chunks)
    frames = FrameRows(batch.num_frames, len(shells), plan.features, plan.num_types, options.dtype)
    with progress_bar(len(places)) if show_progress else nullcontext() as bar:
        for chunk, rows in zip(chunks, one_each, strict=True):
            frames.add(chunk, rows)
            if bar is not None:
                bar.update(chunk.end - chunk.begin)
    of_cutoffs = []
    for k, num_pairs in enumerate(frames.met if len(shells) == 1 else frames.met.cumsum(axis=0)):
        met = possible if types is not None else num_pairs > 0
        values = frames.sums[:, k] if (met == possible).all() else frames.sums[:, k, plan.features_of(met)]
        of_cutoffs.append(FrameSums(values, frames.counts[:, k], of_layout, met, int(num_pairs.sum())))
    return of_cutoffs


class FrameRows:
    """All `Rows` of a calculation, with a row for each frame, and chunks that are added to them."""

    def __init__(self, num_frames: int, num_shells: int, features: int, num_types: int, dtype: str) -> None:
        self.sums = np.zeros((num_frames, num_shells, features), dtype)
        self.counts = np.zeros((num_frames, num_shells, num_types), np.int64)
        self.met = np.zeros((num_shells, num_types, num_types), np.int64)
        self._frame, self._total = -1, np.zeros((num_shells, features))

    def add(self, chunk: Chunk, rows: Rows) -> None:
        """Add the next chunk. Batches of one frame are added one after the other: chunks may have any size."""
        self.met += rows.met
        if chunk.whole:
            frames = slice(chunk.frame, chunk.frame + chunk.num_rows)
            self.sums[frames], self.counts[frames] = rows.sums, rows.counts
            return
        if chunk.frame != self._frame:
            self._frame, self._total = chunk.frame, np.zeros_like(self._total)
        for row in rows.sums:
            self._total += row
        self.sums[chunk.frame] = self._total
        self.counts[chunk.frame] += rows.counts.sum(axis=0)


class Plan:
    """What calculations with one basis and one layout of columns share, and buffers that they may use again."""

    def __init__(self, basis: BasisChange, dtype: str, possible: Bools, symmetric: bool, num_shells: int) -> None:
        self.forward, num_radial, width = Forward.of(basis), basis.num_radial, possible.sum(axis=1)
        self.num_radial, self.possible = num_radial, possible
        self.dtype = np.dtype(dtype)
        of_type = features_of_types(num_radial, possible, symmetric=symmetric)
        self.features, self.num_types, self.num_shells = sum(of_type), len(possible), num_shells
        place = np.where(possible, np.cumsum(possible, axis=1) - 1, -1)
        self.columns = Columns(place.ravel(), width, np.cumsum([0, *of_type])[:-1])
        scales = np.array([scale(l) for l in range(len(num_radial))])
        self.coupling = (np.array(num_radial, dtype=np.int64), scales, symmetric)
        self.width = max(1, int(width.max(initial=1)))
        of_center = self.width * num_shells
        fitting = min(BATCH, TABLE_BYTES // (8 * self.forward.columns * of_center))
        self.batch_size = max(1, WHOLE // of_center, fitting)
        self.batches_per_row = -(-ROW_CENTERS // self.batch_size)
        self._idle: list[list[Any]] = []

    @classmethod
    def of(cls, basis: BasisChange, dtype: str, possible: Bools, symmetric: bool, num_shells: int = 1) -> Plan:
        """The plan for this; kept for as long as the basis lives."""
        plans, key = _KNOWN.setdefault(basis, {}), (dtype, possible.tobytes(), symmetric, num_shells)
        plan = plans.get(key)
        if plan is None:
            plan = plans[key] = cls(basis, dtype, possible, symmetric, num_shells)
            if len(plans) > MOST_PLANS:
                plans.pop(next(iter(plans)), None)
        return plan

    def features_of(self, met: Bools) -> Bools:
        """Which features are left without those of types that share a frame but are never neighbours."""
        kept = [
            columns_of_types(self.num_radial, own[shared], symmetric=self.coupling[2])
            for own, shared in zip(met, self.possible, strict=True)
        ]
        return np.concatenate(kept)

    def chunks(self, scene: Scene, places: Ints) -> list[Chunk]:
        """Cut the centres into chunks: whole frames, or batches of one large frame."""
        if not len(places) or not self.features:
            return []
        if len(scene.frame) <= WHOLE:
            begin, end = int(scene.frame[places[0]]), int(scene.frame[places[-1]])
            return [Chunk(0, len(places), begin, end - begin + 1, True)]
        frame = scene.frame[places]
        aim = len(frame) // (CHUNKS_PER_THREAD * num_threads())
        unit = self.batches_per_row * self.batch_size
        most = min(CHUNK, unit * max(1, ROWS_BYTES // (8 * self.features * self.num_shells)))
        size = max(1, min(most, aim) // unit) * unit
        first = np.flatnonzero(np.diff(frame, prepend=-1))  # of each frame's centres
        frames, ends = frame[first], np.append(first[1:], len(frame))
        large = np.diff(scene.offsets)[frames] > WHOLE
        chunks: list[Chunk] = []
        k = 0
        while k < len(first):
            begin, last = int(first[k]), k + 1
            if large[k]:
                for cut in range(begin, int(ends[k]), size):
                    end = min(cut + size, int(ends[k]))
                    chunks.append(Chunk(cut, end, int(frames[k]), -(-(end - cut) // unit), False))
            else:
                last = max(last, int(np.searchsorted(ends, begin + size, side="right")))
                if large[k:last].any():
                    last = k + int(np.argmax(large[k:last]))
                num_rows = int(frames[last - 1] - frames[k] + 1)
                chunks.append(Chunk(begin, int(ends[last - 1]), int(frames[k]), num_rows, True))
            k = last
        return chunks

    def sums(
        self,
        chunk: Chunk,
        places: Ints,
        scene: Scene,
        search: tuple[Any, ...],
        particles: Floats,
        roots: Floats | None,
        precision: float,
    ) -> Rows:
        """The sums of one chunk; may be called by several threads at once."""
        rows = Rows(
            np.zeros((chunk.num_rows, self.num_shells, self.features)),
            np.zeros((chunk.num_rows, self.num_shells, self.num_types), np.int64),
            np.zeros((self.num_shells, self.num_types, self.num_types), np.int64),
        )
        forward, batches_per_row = self.forward, 0 if chunk.whole else self.batches_per_row
        with lend(self._idle, self._buffers) as buffers:
            buffers[2:] = sum_centers(
                forward.straight, forward.walked, places, chunk.begin, chunk.end, scene, *search, self.columns,
                particles, roots, float(precision), forward.change, self.coupling, self.batch_size, batches_per_row,
                *buffers, rows.sums.reshape(-1), rows.counts.reshape(-1), rows.met.reshape(-1),
            )  # fmt: skip
            if any(room is not None and len(room.j) > MOST_KEPT for room in buffers[-2:]):
                buffers[2:] = self._buffers()[2:]
        return rows

    def _buffers(self) -> list[Any]:
        most = self.batch_size + WHOLE
        segments = most * self.width * self.num_shells
        batch = Batch(
            start=np.empty(segments + 1, np.int64),
            rows=np.empty(most, np.int64),
            members=np.empty(most, np.int64),
            table=aligned((segments + 1) * self.forward.columns, np.float64),
            block=zeroed(block_size(self.num_radial, self.width)),
        )
        pairs = BATCH * PAIRS_PER_CENTER
        return [
            self.forward.work_space(self.dtype),
            batch,
            new_scratch(self.num_types),
            make_found(most, self.num_types, pairs, False),
            None if self.num_shells == 1 else make_sorted(pairs, self.num_shells, self.num_types),
        ]


_KNOWN: WeakKeyDictionary[BasisChange, dict[Any, Plan]] = WeakKeyDictionary()


def _share_a_frame(scene: Scene, num_types: int) -> Bools:
    """Which types are in one frame somewhere, [types, types]."""
    if num_types == 1:
        return np.ones((1, 1), bool)
    present = np.zeros((len(scene.offsets) - 1, num_types))
    present[scene.frame, scene.code] = 1
    return np.asarray(present.T @ present > 0)
