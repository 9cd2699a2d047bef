"""Graphs as AniSOAP's torch version takes them, and modules for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from anisoap_opt import EllipsoidalDensityProjection as Calculator
from anisoap_opt.nn import EllipsoidalDensityProjection
from anisoap_opt.nn.neighbors import runs_of_centers

HYPERS: dict[str, Any] = {
    "max_angular": 2, "radial_basis_name": "gto", "cutoff_radius": 3.5, "radial_gaussian_width": 1.5,
    "rotation_key": "c_q", "backend": "numpy_only",
}  # fmt: skip


def projection(**changes: Any) -> EllipsoidalDensityProjection:
    """Small and quick, with the columns of types 1 and 6."""
    return EllipsoidalDensityProjection(**{**HYPERS, "species": [1, 6], **changes})


def calculator(**changes: Any) -> Calculator:
    """The same descriptor by the NumPy way."""
    return Calculator(**{**HYPERS, "types": [1, 6], **changes})


class Graph:
    """Particles and pairs of frames; everything that can wants gradients.

    Attributes
    ----------
    particles : dict
        Arguments of `features_from_torch_state`, but for cells.
    shifts : tensor, shape [pairs, 3]
    pairs : dict
        Arguments of `forward`.
    """

    def __init__(self, frames: list[Any], dtype: torch.dtype = torch.float64, **changes: Any) -> None:
        calc = calculator(**changes)
        batch, found = calc._neighborhoods(frames, None, keep_shifts=True)
        length = calc.radial_basis.length
        order = np.random.default_rng(0).permutation(len(found.pairs.j))  # a list comes in no order
        i, j = np.repeat(*runs_of_centers(found))[order], np.asarray(found.pairs.j)[order]
        shifts = np.asarray(found.shifts)[order]
        quaternions = np.concatenate([frame.arrays["c_q"] for frame in frames])

        def variable(array: Any) -> torch.Tensor:
            return torch.tensor(array, dtype=dtype, requires_grad=True)

        shared = {
            "centers": torch.tensor(i), "neighbors": torch.tensor(j), "species": torch.tensor(batch.types),
            "ellipsoid_lengths": variable(batch.semiaxes * length), "structures": torch.tensor(batch.frame_of_particle),
            "atom_indices": torch.cat([torch.arange(len(frame)) for frame in frames]),
        }  # fmt: skip
        r_ij = variable(np.asarray(found.pairs.r_ij)[order] * length)
        self.pairs = {"R_ij": r_ij, "rotations": variable(batch.rotations), **shared}
        positions = variable(batch.positions * length)
        self.particles = {"positions": positions, "orientation_quaternions": variable(quaternions), **shared}
        self.shifts = torch.tensor(shifts, dtype=dtype)
        self.cell = variable(batch.cells[0] * length)


def dense(feature_map: Any, particles: dict[str, Any]) -> torch.Tensor:
    """Rows of the particles in their order, of `forward`'s map."""
    rows = [block.values for block in feature_map.blocks()]
    order = [torch.nonzero(particles["species"] == key["center_type"])[:, 0] for key in feature_map.keys]
    return torch.cat(rows).index_select(0, torch.argsort(torch.cat(order)))


def rows_of(labels: Any) -> list[list[int]]:
    """The entries of labels, of either metatensor."""
    return labels.values.tolist()


def assert_same_labels(ours: Any, expected: Any) -> None:
    """Two maps, of `metatensor.torch` and of `metatensor`, say the same in the same order."""
    assert list(ours.keys.names) == list(expected.keys.names)
    assert rows_of(ours.keys) == rows_of(expected.keys)
    for one, other in zip(ours.blocks(), expected.blocks(), strict=True):
        sets = [(one.samples, other.samples), (one.properties, other.properties)]
        for left, right in [*sets, *zip(one.components, other.components, strict=True)]:
            assert list(left.names) == list(right.names)
            assert rows_of(left) == rows_of(right)
