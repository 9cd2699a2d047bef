"""Pairs of particles given as tensors: which there are is found on a CPU, their vectors are differentiable."""

# mypy: disable-error-code=no-untyped-call

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from anisoap_opt import kernels
from anisoap_opt.arrays import Ints
from anisoap_opt.lattice import SHELL
from anisoap_opt.nn.particles import Particles
from anisoap_opt.pairs import CenterBlock, Neighborhoods, sort_into_segments


@dataclass(frozen=True)
class TensorPairs:
    """Pairs in segments.

    Attributes
    ----------
    j : ndarray of int, shape [pairs]
    start : ndarray of int, shape [segments + 1]
        As in `anisoap_opt.pairs.Pairs`.
    blocks : tuple of CenterBlock
        One for each type of the layout, with a column for each.
    r_ij : tensor, shape [pairs, 3]
        x_j - x_i plus cell vectors, Å.
    """

    j: Ints
    start: Ints
    blocks: tuple[CenterBlock, ...]
    r_ij: torch.Tensor


def find_pairs(particles: Particles, cutoff_radius: float, *, self_pairs: bool, types: Sequence[int]) -> TensorPairs:
    """Search all pairs within the cutoff, by the fastest search that is installed.

    Parameters
    ----------
    particles : Particles
    cutoff_radius : float
        Å.
    self_pairs : bool
        Whether to add the pair (i, i) at r = 0.
    types : sequence of int
        Of the layout.

    Returns
    -------
    TensorPairs
    """
    search = kernels.load_search(kernels.fastest())
    found = search(particles.batch, cutoff_radius, self_pairs=self_pairs, types=types, keep_shifts=True)
    return _with_vectors(particles, found)


def sort_pairs(
    particles: Particles, pairs: Any, cutoff_radius: float, *, self_pairs: bool, types: Sequence[int]
) -> TensorPairs:
    """Take those of given pairs that are within the cutoff; see `AniSOAP.forward` for `pairs` and `find_pairs`.

    Raises
    ------
    TypeError, ValueError
        If they are not three arrays of integers, or name a particle that is not there or of another frame.
    """
    i, j, shifts = _check_pairs(particles, pairs)
    batch = particles.batch
    r_ij = batch.positions[j] - batch.positions[i] + _cell_vectors(shifts, batch.cells[batch.frame_of_particle[i]])
    squares = np.einsum("pk,pk->p", r_ij, r_ij)
    kept = (squares < (cutoff_radius * (1 - SHELL)) ** 2) & ~((i == j) & ~shifts.any(axis=1))
    i, j, r_ij, shifts = i[kept], j[kept], r_ij[kept], shifts[kept]
    if self_pairs:
        own = np.arange(len(batch.types))
        i, j = np.concatenate([i, own]), np.concatenate([j, own])
        r_ij = np.concatenate([r_ij, np.zeros((len(own), 3))])
        shifts = np.concatenate([shifts, np.zeros((len(own), 3), np.int64)])
    return _with_vectors(particles, sort_into_segments(batch.types, i, j, r_ij, shifts, types))


def _with_vectors(particles: Particles, found: Neighborhoods) -> TensorPairs:
    """The vectors of pairs, of the positions' and cells' tensors."""
    pairs, x = found.pairs, particles.positions
    r_ij = torch.as_tensor(pairs.r_ij, dtype=x.dtype, device=x.device)
    ends = _Ends(found, particles.batch.frame_of_particle)
    return TensorPairs(pairs.j, pairs.start, found.blocks, _Vectors.apply(ends, r_ij, x, particles.cells))


@dataclass(frozen=True)
class _Ends:
    """What r_ij = x_j - x_i + Σ_k s_k h_k was made of, h the cell vectors."""

    found: Neighborhoods
    frame_of_particle: Ints


def runs_of_centers(found: Neighborhoods) -> tuple[Ints, Ints]:
    """Centres in the order of their pairs, and how many pairs each has."""
    start, num_pairs = found.pairs.start, len(found.pairs.j)
    particles, firsts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for block in found.blocks:
        num_types = len(block.neighbor_types)
        last = block.first_segment + num_types * len(block.centers)
        particles.append(block.centers)
        firsts.append(start[block.first_segment : last : num_types])
    ends = np.concatenate([*firsts, [num_pairs]])
    return np.concatenate(particles), ends[1:] - ends[:-1]


class _Vectors(torch.autograd.Function):
    """r_ij, whose values the search has found, as a function of positions and cells."""

    @staticmethod
    def forward(ctx: Any, ends: _Ends, r_ij: torch.Tensor, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        ctx.ends, ctx.sizes = ends, (len(x), len(h))
        return r_ij

    @staticmethod
    def backward(ctx: Any, of_r: torch.Tensor) -> tuple[Any, ...]:
        def tensor(array: Any) -> torch.Tensor:
            return torch.as_tensor(array, device=of_r.device)

        ends, (num_particles, num_frames) = ctx.ends, ctx.sizes
        centers, counts = (tensor(one) for one in runs_of_centers(ends.found))
        of_x = of_r.new_zeros((num_particles, 3)).index_add(0, tensor(ends.found.pairs.j), of_r)
        of_x = of_x.index_add(0, centers, _sum_runs(of_r, counts), alpha=-1)
        if not ctx.needs_input_grad[3]:
            return None, None, of_x, None
        shifts, frame = tensor(ends.found.shifts).to(of_r.dtype), tensor(ends.frame_of_particle)[centers]
        none = of_r.new_zeros((num_frames, 3))
        of_h = [none.index_add(0, frame, _sum_runs(shifts[:, k, None] * of_r, counts)) for k in range(3)]
        return None, None, of_x, torch.stack(of_h, dim=1)


def _sum_runs(rows: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Sums over runs of rows, [rows, columns] → [runs, columns]."""
    if rows.device.type in ("cpu", "cuda"):
        sums: torch.Tensor = _SumRuns.apply(rows, counts)
        return sums
    run = torch.repeat_interleave(counts)
    return rows.new_zeros((len(counts), rows.shape[1])).index_add(0, run, rows)


class _SumRuns(torch.autograd.Function):
    """`torch.segment_reduce`, which has no second derivative of its own."""

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
        ctx.counts = counts
        return torch.segment_reduce(rows, "sum", lengths=counts, unsafe=True)

    @staticmethod
    def backward(ctx: Any, adjoint: torch.Tensor) -> tuple[Any, ...]:
        return torch.repeat_interleave(adjoint, ctx.counts, dim=0), None


def _cell_vectors(shifts: Any, cells: Any) -> Any:
    return np.einsum("pk,pkc->pc", shifts, cells)


def _check_pairs(particles: Particles, pairs: Any) -> tuple[Ints, Ints, Ints]:
    try:
        centers, neighbors, shifts = (
            one.detach().cpu().numpy() if isinstance(one, torch.Tensor) else np.asarray(one) for one in pairs
        )
    except (TypeError, ValueError):
        raise TypeError("pairs must be three tensors: centres, neighbours, cell shifts") from None
    num = len(centers) if centers.ndim else 0
    for name, one, shape in (
        ("centres", centers, (num,)),
        ("neighbours", neighbors, (num,)),
        ("cell shifts", shifts, (num, 3)),
    ):
        if one.dtype.kind not in "iu" or one.shape != shape:
            raise ValueError(
                f"pairs: {name} must be integers of the shape {list(shape)}, got {one.dtype} {list(one.shape)}"
            )
    i, j = centers.astype(np.int64), neighbors.astype(np.int64)
    both, last = np.concatenate([i, j]), len(particles.batch.types) - 1
    if len(both) and not 0 <= both.min() <= both.max() <= last:
        raise ValueError(f"pairs must name particles from 0 to {last}, got {both.min()} to {both.max()}")
    frame = particles.batch.frame_of_particle
    if (frame[i] != frame[j]).any():
        raise ValueError("pairs: centre and neighbour must be of one frame")
    if (shifts[~particles.batch.pbc[frame[i]]] != 0).any():
        raise ValueError("pairs: shifts must be 0 along axes that are not periodic")
    return i, j, shifts.astype(np.int64)
