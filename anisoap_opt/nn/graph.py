"""Graphs: the particles of all systems, and pairs of them with given vectors, as AniSOAP's torch version takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from anisoap_opt.arrays import Ints
from anisoap_opt.kernels.device_memory import upload
from anisoap_opt.lattice import SHELL
from anisoap_opt.nn.neighbors import TensorPairs, runs_of_centers
from anisoap_opt.nn.particles import DTYPES, check_rotations, check_tensor, describe, to_array, to_rotations
from anisoap_opt.nn.sums import Groups
from anisoap_opt.pairs import sort_into_segments
from anisoap_opt.projection import EllipsoidalDensityProjection

LABELS = 2**31
"""Labels hold 32 bits."""


@dataclass(frozen=True)
class Graph:
    """Particles and pairs.

    Attributes
    ----------
    r_ij : tensor, shape [pairs, 3]
        From the centre to the neighbour, Å.
    i, j : ndarray of int, shape [pairs]
        Centre and neighbour, particle indices.
    number : ndarray of int, shape [pairs]
        What each pair is called.
    types : ndarray of int, shape [particles]
    samples : ndarray of int, shape [particles, 2]
        System, and what each particle is called in it.
    num_systems : int
    rotations : tensor, shape [particles, 3, 3]
        Body → space.
    semiaxes : tensor, shape [particles, 3]
        Å.
    """

    r_ij: torch.Tensor
    i: Ints
    j: Ints
    number: Ints
    types: Ints
    samples: Ints
    num_systems: int
    rotations: torch.Tensor
    semiaxes: torch.Tensor

    @classmethod
    def checked(
        cls,
        R_ij: Any = None,
        centers: Any = None,
        neighbors: Any = None,
        species: Any = None,
        structures: Any = None,
        atom_indices: Any = None,
        rotations: Any = None,
        ellipsoid_lengths: Any = None,
    ) -> Graph:
        """From the arguments of `EllipsoidalDensityProjection.forward`, where they are described.

        Raises
        ------
        TypeError, ValueError
            If one is missing, or is not usable; the message names it.
        """
        required = {
            "R_ij": R_ij, "centers": centers, "neighbors": neighbors, "species": species, "rotations": rotations,
            "ellipsoid_lengths": ellipsoid_lengths,
        }  # fmt: skip
        missing = [name for name, value in required.items() if value is None]
        if missing:
            raise ValueError(f"give frames=, systems= or a graph, which lacks {', '.join(missing)}")
        vectors = torch.as_tensor(R_ij)
        if vectors.dtype not in DTYPES:
            raise TypeError(f"R_ij must hold float64 or float32, got {describe(R_ij)}")
        types = to_array(species, "species", (-1,), "iu").astype(np.int64)
        if len(types) and not 0 <= types.min() <= types.max() < LABELS:
            raise ValueError(f"species must be from 0 to 2³¹ - 1, got {types.min()} to {types.max()}")
        i, j = check_ends(centers, neighbors, len(types))
        check_tensor("R_ij", vectors, (len(i), 3), vectors)
        matrices, semiaxes = (torch.as_tensor(one).to(vectors) for one in (rotations, ellipsoid_lengths))
        check_tensor("rotations", matrices, (len(types), 3, 3), vectors)
        check_rotations(matrices.detach())
        check_tensor("ellipsoid_lengths", semiaxes, (len(types), 3), vectors)
        if not bool((semiaxes > 0).all()):
            raise ValueError("ellipsoid_lengths must be greater than 0 Å")
        samples, num_systems = _samples(structures, atom_indices, len(types))
        return cls(vectors, i, j, np.arange(len(i)), types, samples, num_systems, matrices, semiaxes)

    @classmethod
    def from_positions(
        cls,
        *,
        positions: torch.Tensor,
        centers: Any,
        neighbors: Any,
        species: Any,
        ellipsoid_lengths: Any,
        orientation_quaternions: Any,
        rotations: Any,
        structures: Any,
        atom_indices: Any,
        cell: Any,
        shifts: Any,
    ) -> Graph:
        """From the arguments of `EllipsoidalDensityProjection.features_from_torch_state`, where they are described.

        Raises
        ------
        TypeError, ValueError
            If one is not usable; the message names it.
        """
        if not isinstance(positions, torch.Tensor) or positions.dtype not in DTYPES:
            raise TypeError(f"positions must be a tensor of float64 or float32, got {describe(positions)}")
        num = len(positions) if positions.ndim else 0
        check_tensor("positions", positions, (num, 3), positions)
        i, j = check_ends(centers, neighbors, num)
        if (orientation_quaternions is None) == (rotations is None):
            raise ValueError("give orientations as one of orientation_quaternions and rotations")
        if rotations is None:
            quaternions = torch.as_tensor(orientation_quaternions).to(positions)
            check_tensor("orientation_quaternions", quaternions, (num, 4), positions)
            rotations = to_rotations("orientation_quaternions", quaternions)
        places = [upload(one, positions.device) for one in (i, j)]
        r_ij = positions.index_select(0, places[1]) - positions.index_select(0, places[0])
        if shifts is not None:
            if cell is None:
                raise ValueError("shifts without cell")
            moved, vectors = (torch.as_tensor(one).to(positions) for one in (shifts, cell))
            check_tensor("shifts", moved, (len(i), 3), positions)
            check_tensor("cell", vectors, (3, 3), positions)
            r_ij = r_ij + moved @ vectors
        return cls.checked(r_ij, i, j, species, structures, atom_indices, rotations, ellipsoid_lengths)

    @classmethod
    def from_frames(cls, projection: EllipsoidalDensityProjection, frames: Any, dtype: torch.dtype) -> Graph:
        """From ASE's frames, or one of them; nothing here can be differentiated.

        Parameters
        ----------
        projection : EllipsoidalDensityProjection
            Reads the frames and searches neighbours.
        frames : list of ase.Atoms, or ase.Atoms
        dtype : torch.dtype
        """
        batch, found = projection._neighborhoods([frames] if hasattr(frames, "arrays") else frames, None)
        length, systems = projection.radial_basis.length, batch.frame_of_particle
        i = np.repeat(*runs_of_centers(found))
        return cls(
            torch.as_tensor(found.pairs.r_ij * length, dtype=dtype), i, np.asarray(found.pairs.j), np.arange(len(i)),
            batch.types, np.column_stack([systems, np.arange(len(systems)) - batch.offsets[systems]]),
            batch.num_frames, torch.as_tensor(batch.rotations, dtype=dtype),
            torch.as_tensor(batch.semiaxes * length, dtype=dtype),
        )  # fmt: skip

    def within(self, cutoff_radius: float) -> Graph:
        """Only the pairs that are closer than this, Å; they keep their numbers."""
        squares = (self.r_ij.detach() ** 2).sum(dim=1).cpu().numpy()
        kept = np.flatnonzero(squares < (cutoff_radius * (1 - SHELL)) ** 2)
        r_ij = self.r_ij.index_select(0, upload(kept, self.r_ij.device))
        return replace(self, r_ij=r_ij, i=self.i[kept], j=self.j[kept], number=self.number[kept])

    def with_self_pairs(self) -> Graph:
        """With the pair (i, i) at r = 0 of every particle, after the others."""
        own = np.arange(len(self.types))
        i, j = np.concatenate([self.i, own]), np.concatenate([self.j, own])
        first = self.number.max(initial=-1) + 1
        r_ij = torch.cat([self.r_ij, self.r_ij.new_zeros((len(own), 3))])
        return replace(self, r_ij=r_ij, i=i, j=j, number=np.concatenate([self.number, first + own]))

    def in_segments(self, types: Sequence[int] | None) -> TensorPairs:
        """The pairs sorted by centre type, centre and neighbour type; see `anisoap_opt.pairs.sort_into_segments`."""
        places: Any = np.arange(len(self.i))  # carried along in place of vectors
        found = sort_into_segments(self.types, self.i, self.j, places, None, types)
        order = upload(found.pairs.r_ij, self.r_ij.device)
        r_ij = self.r_ij.index_select(0, order)
        return TensorPairs(found.pairs.j, found.pairs.start, found.blocks, r_ij, self._neighbors(found.pairs.j))

    def one_by_one(self) -> TensorPairs:
        """Every pair as a segment of its own."""
        return TensorPairs(self.j, np.arange(len(self.j) + 1), (), self.r_ij, self._neighbors(self.j))

    def _neighbors(self, j: Ints) -> Groups:
        return Groups(upload(j, self.r_ij.device), len(self.types))


def check_ends(centers: Any, neighbors: Any, num_particles: int) -> tuple[Ints, Ints]:
    """Centre and neighbour of every pair, two arrays [pairs] of particle indices.

    Raises
    ------
    TypeError, ValueError
        If they are not integers, not equally many, or name a particle that is not there.
    """
    i = to_array(centers, "centers", (-1,), "iu").astype(np.int64)
    j = to_array(neighbors, "neighbors", (len(i),), "iu").astype(np.int64)
    for name, one in (("centers", i), ("neighbors", j)):
        if len(one) and not 0 <= one.min() <= one.max() < num_particles:
            raise ValueError(f"{name} must be particles from 0 to {num_particles - 1}, got {one.min()} to {one.max()}")
    return i, j


def _samples(structures: Any, atom_indices: Any, num: int) -> tuple[Ints, int]:
    """System and name of every particle [particles, 2], and the number of systems."""
    samples = np.zeros((num, 2), dtype=np.int64)
    samples[:, 1] = np.arange(num)
    for column, (name, value) in enumerate((("structures", structures), ("atom_indices", atom_indices))):
        if value is not None:
            samples[:, column] = to_array(value, name, (num,), "iu")
            if num and not 0 <= samples[:, column].min() <= samples[:, column].max() < LABELS:
                raise ValueError(f"{name} must be from 0 to 2³¹ - 1, got {samples[:, column].tolist()}")
    if len(np.unique(samples[:, 0] * LABELS + samples[:, 1])) < num:
        raise ValueError("structures and atom_indices must together be different for every particle")
    return samples, int(samples[:, 0].max(initial=-1)) + 1
