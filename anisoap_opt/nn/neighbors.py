"""Pairs of particles given as tensors: found on a CPU or on the tensors' device, with differentiable vectors."""

# mypy: disable-error-code=no-untyped-call

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from anisoap_opt import kernels
from anisoap_opt.arrays import Ints
from anisoap_opt.chunks import to_numpy
from anisoap_opt.kernels.contract import KernelOptions
from anisoap_opt.kernels.device_memory import upload
from anisoap_opt.lattice import SHELL
from anisoap_opt.nn.particles import Particles
from anisoap_opt.nn.sums import Groups, Runs, sum_rows
from anisoap_opt.pairs import CenterBlock, Neighborhoods, sort_into_segments


@dataclass(frozen=True)
class TensorPairs:
    """Pairs in segments.

    Attributes
    ----------
    j : ndarray of int, shape [pairs]
        Or a tensor, where the pairs were found on its device.
    start : ndarray of int, shape [segments + 1]
        As in `anisoap_opt.pairs.Pairs`.
    blocks : tuple of CenterBlock
        One for each type of the layout, with a column for each.
    r_ij : tensor, shape [pairs, 3]
        x_j - x_i plus cell vectors, Å.
    neighbors : Groups
        Pairs by their neighbours, on the device of `r_ij`.
    """

    j: Any
    start: Ints
    blocks: tuple[CenterBlock, ...]
    r_ij: torch.Tensor
    neighbors: Groups


def find_pairs(
    particles: Particles, cutoff_radius: float, *, self_pairs: bool, types: Sequence[int], backend: str
) -> TensorPairs:
    """Search all pairs within the cutoff: on the particles' device if there is a search for it, else by the fastest.

    Parameters
    ----------
    particles : Particles
    cutoff_radius : float
        Å.
    self_pairs : bool
        Whether to add the pair (i, i) at r = 0.
    types : sequence of int
        Of the layout.
    backend : str
        The one that will compute.

    Returns
    -------
    TensorPairs
    """
    x: Any = particles.positions.detach()
    how: Any = {"self_pairs": self_pairs, "types": types, "keep_shifts": True}
    if name := kernels.device_search(backend, x.device.type):
        search = kernels.load_search(name, KernelOptions(device=str(x.device)))
        found = search(replace(particles.batch, positions=x.double()), cutoff_radius, on_host=False, **how)
    else:
        batch = replace(particles.batch, positions=_host_positions(particles))
        found = kernels.load_search(kernels.fastest())(batch, cutoff_radius, **how)
    return _with_vectors(particles, found)


def _host_positions(particles: Particles) -> Any:
    return np.asarray(to_numpy(particles.batch.positions), dtype=np.float64)


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
    batch, x = particles.batch, _host_positions(particles)
    r_ij = x[j] - x[i] + _cell_vectors(shifts, batch.cells[batch.frame_of_particle[i]])
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
    r_ij = upload(pairs.r_ij, x.device, x.dtype)
    neighbors = Groups(upload(pairs.j, x.device), len(x))
    ends = _Ends(found, neighbors, particles.batch.frame_of_particle)
    r_ij = _Vectors.apply(ends, r_ij, x, particles.cells)
    return TensorPairs(pairs.j, pairs.start, found.blocks, r_ij, neighbors)


@dataclass(frozen=True)
class _Ends:
    """What r_ij = x_j - x_i + Σ_k s_k h_k was made of, h the cell vectors."""

    found: Neighborhoods
    neighbors: Groups
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
        ctx.ends, ctx.num_frames = ends, len(h)
        return r_ij

    @staticmethod
    def backward(ctx: Any, of_r: torch.Tensor) -> tuple[Any, ...]:
        ends, device = ctx.ends, of_r.device
        particles, counts = runs_of_centers(ends.found)
        centers, runs = upload(particles, device), Runs(upload(counts, device), len(of_r))
        of_x = sum_rows(ends.neighbors, of_r).index_add(0, centers, sum_rows(runs, of_r), alpha=-1)
        if not ctx.needs_input_grad[3]:
            return None, None, of_x, None
        shifts = upload(ends.found.shifts, device, of_r.dtype)
        frames = Groups(upload(ends.frame_of_particle[particles], device), ctx.num_frames)
        of_centers = torch.cat([sum_rows(runs, shifts[:, k, None] * of_r) for k in range(3)], dim=1)
        return None, None, of_x, sum_rows(frames, of_centers).reshape(-1, 3, 3)


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
