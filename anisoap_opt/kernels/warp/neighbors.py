"""Neighbour search on the kernel's own device: particles go there once, and pairs stay.

As in the compiled CPU search there are two passes. The first counts each centre's neighbours of each type; the counts
come to the host, which lays out the segments. The second writes the pairs of a range of segments when they are asked
for, each where it belongs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
import warp as wp

from anisoap_opt.arrays import Bools, Ints
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.kernels.contract import KernelOptions
from anisoap_opt.kernels.device_memory import explained
from anisoap_opt.kernels.warp import search as kernels
from anisoap_opt.kernels.warp.launch import check_driver, cut_runs, launch, set_arrays, upload
from anisoap_opt.lattice import SHELL, reciprocal_vectors, refuse_too_many_images
from anisoap_opt.pairs import Neighborhoods, Pairs, encode_types, lay_out_counts

IMAGE_CANDIDATES = 2000
"""Particles times images above which a grid is quicker than trying them all."""
GRID_PARTICLES = 32
"""Frames with no more particles than this are never searched by grid."""
CELLS_PER_CUTOFF = 1
"""The cutoff divided by this is the smallest width of a grid cell."""
CELLS_PER_PARTICLE = 2
"""Wider cells are used where there would be more of them than this."""
THREADS = 128
"""Of a block."""


@dataclass(frozen=True)
class DevicePairs(Pairs):
    """Pairs whose `j` and `r_ij` are tensors of a device; `start` is NumPy's, `start_there` the same on the device."""

    start_there: torch.Tensor | None = None


def find_neighborhoods(
    batch: ParticleBatch,
    cutoff_radius: float,
    *,
    self_pairs: bool,
    types: Sequence[int] | None = None,
    centers: Bools | None = None,
    keep_shifts: bool = False,
    on_host: bool = True,
    options: KernelOptions = KernelOptions(),  # noqa: B008, which is frozen
) -> Neighborhoods:
    """Find all pairs; parameters and result are those of `anisoap_opt.neighbors.find_neighborhoods`.

    The pairs are written when they are asked for, a range of segments at a time, as tensors of the device of `options`;
    unless their shifts are wanted. Then all are written, and brought to the host unless `on_host` is False. Positions
    may be a tensor of the device.
    """
    check_driver(options.device)
    found = PairSearch(batch, cutoff_radius, torch.device(options.device), self_pairs, types, centers)
    if not keep_shifts:
        return Neighborhoods(found, found.blocks)
    pairs, shifts = found.with_shifts()
    if not on_host:
        return Neighborhoods(pairs, found.blocks, shifts)  # type: ignore[arg-type]
    j, r_ij, of_pairs = (torch.as_tensor(one).cpu().numpy() for one in (pairs.j, pairs.r_ij, shifts))
    return Neighborhoods(Pairs(j.astype(np.int64), r_ij, found.start), found.blocks, of_pairs.astype(np.int64))


class PairSearch:
    """Counted, but not yet written pairs; can be used as `Pairs`.

    Parameters
    ----------
    batch, cutoff_radius, self_pairs, types, centers
        See `find_neighborhoods`.
    device : torch.device

    Attributes
    ----------
    blocks : tuple of CenterBlock
    start : ndarray of int, shape [segments + 1]
        As in `Pairs`, for all segments.
    """

    def __init__(
        self,
        batch: ParticleBatch,
        cutoff_radius: float,
        device: torch.device,
        self_pairs: bool,
        types: Sequence[int] | None,
        centers: Bools | None,
    ) -> None:
        cells = np.where(batch.pbc[:, :, None], batch.cells, 0.0)
        spacing_inverse = np.linalg.norm(reciprocal_vectors(cells, batch.pbc), axis=2)
        refuse_too_many_images(np.where(batch.pbc, np.floor(cutoff_radius * spacing_inverse), 0))
        of_layout, code = encode_types(batch.types, types)
        self.device, self._self_pairs = device, bool(self_pairs)
        self._cutoff2 = (cutoff_radius * (1 - SHELL)) ** 2
        self._scene = self._make_scene(batch, code, cutoff_radius)
        is_center = np.ones(len(code), np.int32) if centers is None else centers.astype(np.int32)
        place = self._new((len(code), len(of_layout)), torch.int32).zero_()
        self._found = kernels.Found()
        set_arrays(self._found, is_center=upload(is_center, device), place=place)
        self._search(fill=False, begin=0, end=0)
        counts = place.cpu().numpy()  # the one time that the host waits
        layout, self.start = lay_out_counts(of_layout, code, counts, fixed=types is not None)
        self.blocks, self._start = layout.blocks, upload(self.start, device)
        set_arrays(
            self._found,
            is_center=(place.sum(1, dtype=torch.int32) > 0).to(torch.int32),
            first_segment=upload(layout.first_segment.astype(np.int32), device),
            columns=upload(layout.columns.astype(np.int32), device),
            start=self._start,
        )

    @property
    def num_segments(self) -> int:
        """Number of segments, empty ones included."""
        return len(self.start) - 1

    @cached_property
    def j(self) -> torch.Tensor:
        """Neighbour of every pair, as in `Pairs`."""
        return torch.as_tensor(self.segments(0, self.num_segments).j)

    @cached_property
    def r_ij(self) -> torch.Tensor:
        """Vector of every pair, as in `Pairs`."""
        return torch.as_tensor(self.segments(0, self.num_segments).r_ij)

    def segments(self, first: int, last: int) -> DevicePairs:
        """The pairs of the segments first … last - 1; both ends must lie between two centres."""
        return self._fill(first, last, keep_shifts=False)[0]

    def with_shifts(self) -> tuple[DevicePairs, torch.Tensor]:
        """All pairs, with their shifts [pairs, 3] from the positions as given."""
        pairs, shifts = self._fill(0, self.num_segments, keep_shifts=True)
        centers = [np.repeat(block.centers, len(block.neighbor_types)) for block in self.blocks]
        of_segment = upload(np.concatenate([*centers, np.zeros(0, np.int64)]), self.device)
        i = of_segment.repeat_interleave(self._start.diff(), output_size=len(shifts))
        wraps = self._tensors["wraps"]
        return pairs, shifts + (wraps[i] - wraps[torch.as_tensor(pairs.j)]).to(shifts.dtype)

    def _fill(self, first: int, last: int, *, keep_shifts: bool) -> tuple[DevicePairs, torch.Tensor]:
        if not 0 <= first <= last <= self.num_segments or not all(map(self._is_between_centers, (first, last))):
            raise ValueError(f"segments {first} to {last} of {self.num_segments} are not those of whole centres")
        total = int(self.start[last] - self.start[first])
        if total >= 1 << 31:
            raise ValueError(f"{total} pairs at once are more than backend 'warp' can number: give it fewer frames")
        with explained(self.device, total, last - first, 28 * total):
            j, r_ij = self._new(total, torch.int32), self._new((total, 3), torch.float64)
            shifts = self._new((total if keep_shifts else 0, 3), torch.int32)
        if total:
            set_arrays(self._found, j=j, r_ij=r_ij, shifts=shifts)
            self._search(fill=True, begin=first, end=last, keep_shifts=keep_shifts)
        start = self._start[first : last + 1]
        there = (start - start[0]).to(torch.int32)
        own = self.start[first : last + 1] - self.start[first]
        return DevicePairs(j, r_ij, own, start_there=there), shifts  # type: ignore[arg-type]

    def _is_between_centers(self, segment: int) -> bool:
        before = [block for block in self.blocks if block.first_segment <= segment]
        return segment in (0, self.num_segments) or (
            (segment - before[-1].first_segment) % len(before[-1].neighbor_types) == 0
        )

    def _new(self, shape: Any, dtype: torch.dtype) -> torch.Tensor:
        return torch.empty(shape, dtype=dtype, device=self.device)

    def _launch(self, kernel: Any, count: int, *inputs: Any) -> None:
        launch(kernel, (count,), inputs, self.device, THREADS)

    def _search(self, *, fill: bool, begin: int, end: int, keep_shifts: bool = False) -> None:
        """One of the two passes."""
        numbers = self._cutoff2, int(self._self_pairs), int(fill), int(keep_shifts), begin, end
        self._launch(kernels.search, len(self._tensors["code"]), self._scene, self._found, *numbers)

    def _make_scene(self, batch: ParticleBatch, code: Ints, cutoff_radius: float) -> Any:
        """Upload the particles, wrap them, choose how each frame is searched, and sort those of large frames."""
        num_particles, num_frames = len(code), batch.num_frames
        cells = np.where(batch.pbc[:, :, None], batch.cells, 0.0)
        first_bin = CELLS_PER_PARTICLE * batch.offsets + 2 * np.arange(num_frames + 1)
        uploaded: dict[str, Any] = {
            "offsets": batch.offsets.astype(np.int32),
            "code": code.astype(np.int32),
            "given": batch.positions,
            "cells": cells.reshape(-1, 3),
            "reciprocal": reciprocal_vectors(cells, batch.pbc).reshape(-1, 3),
            "periodic": batch.pbc.astype(np.int32),
            "first_bin": first_bin.astype(np.int32),
        }
        one = self._tensors = {name: upload(array, self.device) for name, array in uploaded.items()}
        frames = torch.arange(num_frames, dtype=torch.int32, device=self.device)
        one["frame"] = frames.repeat_interleave(one["offsets"].diff(), output_size=num_particles)
        for name in ("wraps", "positions"):
            one[name] = self._new((num_particles, 3), torch.float64)
        for name, dtype in {"low": torch.float64, "per_length": torch.float64, "reach": torch.int32}.items():
            one[name] = self._new((num_frames, 3), dtype)
        one["num_cells"] = self._new((num_frames, 3), torch.int32).zero_()
        one["bin"] = self._new(num_particles, torch.int32)
        scene = kernels.Scene()
        set_arrays(scene, **one)
        self._launch(kernels.wrap, num_particles, scene)
        pieces = cut_runs(batch.offsets, self.device)
        low, high = self._new((pieces.count, 3), torch.float64), self._new((pieces.count, 3), torch.float64)
        bounds = [wp.from_torch(array, dtype=wp.vec3d) for array in (low, high)]
        self._launch(kernels.extents, pieces.count, scene, pieces.run, pieces.first, *bounds)
        self._launch(
            kernels.choose, num_frames, scene, pieces.first, *bounds, cutoff_radius, float(IMAGE_CANDIDATES),
            GRID_PARTICLES, float(CELLS_PER_CUTOFF), float(CELLS_PER_PARTICLE),
        )  # fmt: skip
        self._launch(kernels.assign_bins, num_particles, scene)
        sorted_bin, order = torch.sort(one["bin"], stable=True)
        every_bin = torch.arange(int(first_bin[-1]) + 1, dtype=torch.int32, device=self.device)
        set_arrays(
            scene,
            starts=torch.searchsorted(sorted_bin, every_bin, out_int32=True),
            order=order.to(torch.int32),
            x=one["positions"][order],
            sorted_code=one["code"][order],
        )
        return scene
