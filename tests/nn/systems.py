"""Small systems of tensors, and modules for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from anisoap_opt.frames import ParticleBatch
from anisoap_opt.nn import AniSOAP
from tests.frames_for_tests import TRICLINIC, random_frame

BACKENDS_TWICE = ("numpy_only", "torch_mixed", "torch_full", "numba", "warp")


def module(**changes: Any) -> AniSOAP:
    """Small and quick, for types 1 and 6."""
    arguments: dict[str, Any] = {
        "max_angular": 2,
        "radial_basis_name": "gto",
        "cutoff_radius": 3.5,
        "radial_gaussian_width": 1.5,
        "types": [1, 6],
        "backend": "numpy_only",
    }
    arguments.update(changes)
    return AniSOAP(**arguments)


def open_frame(seed: int = 0, num: int = 3) -> list[Any]:
    """One frame without a cell."""
    return [random_frame(seed, num, box=2.5)]


def periodic_frames(seed: int = 0) -> list[Any]:
    """Two frames: a crystal narrower than the cutoff, and a slab."""
    return [
        random_frame(seed, 2, cell=TRICLINIC, pbc=True),
        random_frame(seed + 1, 2, cell=TRICLINIC, pbc=(True, True, False)),
    ]


class System:
    """The tensors of some frames; everything that can wants gradients."""

    def __init__(self, frames: list[Any], dtype: torch.dtype = torch.float64) -> None:
        batch = ParticleBatch.from_frames(frames, "c_q")
        self.batch = batch
        quaternions = np.concatenate([frame.arrays["c_q"] for frame in frames])
        differentiable = batch.positions, batch.semiaxes, quaternions, batch.cells
        self.variables = [torch.tensor(one, dtype=dtype, requires_grad=True) for one in differentiable]
        self.types = torch.tensor(batch.types)
        self.frames = {"pbc": torch.tensor(batch.pbc), "counts": torch.tensor(np.diff(batch.offsets))}

    def features(self, calculator: AniSOAP, *variables: Any, **options: Any) -> torch.Tensor:
        """The module's, of these variables or of its own ones."""
        positions, semiaxes, quaternions, cells = variables or self.variables
        return calculator(
            positions, self.types, semiaxes, quaternions=quaternions, cells=cells, **self.frames, **options
        )
