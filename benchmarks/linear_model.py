"""A linear model on the torch module, whose passes the benchmarks of derivatives run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.common import Work, calculator

SMOOTHING = {"cutoff_smoothing": 1.5}
PASSES = ("energy", "forces", "training")


def passes(work: Work) -> Callable[[list[Any]], Any]:
    """A function that takes frames, makes their tensors when it first sees them, and runs one of PASSES."""
    calculator(work.backend, work.hypers, work.threads)  # pins threads, and skips where something is absent
    try:
        import anisoap_opt.nn  # noqa: F401
    except ModuleNotFoundError as error:
        raise NotImplementedError("this commit, or this environment, has no torch module") from error
    models: dict[int, LinearModel] = {}

    def run(frames: list[Any]) -> Any:
        if id(frames) not in models:
            models[id(frames)] = LinearModel(work.backend, work.hypers, frames)
        return getattr(models[id(frames)], work.method)()

    return run


class LinearModel:
    """Energies of frames, linear in the features of `anisoap_opt.nn.AniSOAP`.

    Parameters
    ----------
    backend : str
    hypers : dict
        As for the calculator of the same descriptor.
    frames : list of ase.Atoms
    """

    def __init__(self, backend: str, hypers: dict[str, Any], frames: list[Any]) -> None:
        import torch
        from scipy.spatial.transform import Rotation

        from anisoap_opt.nn import AniSOAP

        def stacked(name: str) -> Any:
            return torch.tensor(np.concatenate([frame.arrays[name] for frame in frames]))

        self.positions = stacked("positions")
        self.types = stacked("numbers").long()
        self.semiaxes = torch.stack([stacked(f"c_diameter[{k}]") for k in (1, 2, 3)], dim=1) / 2
        self.rotations = torch.tensor(Rotation.from_quat(stacked("c_q")[:, [1, 2, 3, 0]].numpy()).as_matrix())
        self.frames = {
            "cells": torch.tensor(np.array([frame.cell.array for frame in frames])),
            "pbc": torch.tensor(np.array([frame.pbc for frame in frames])),
            "counts": torch.tensor([len(frame) for frame in frames]),
        }
        arguments = {name: value for name, value in hypers.items() if name != "rotation_key"}
        self.descriptor = AniSOAP(**arguments, types=self.types.unique().tolist(), backend=backend)
        random = torch.Generator().manual_seed(0)
        weights = torch.randn(self.descriptor.num_features, dtype=torch.float64, generator=random)
        self.weights = weights.requires_grad_()

    def energy(self) -> Any:
        """Of each frame, without derivatives."""
        import torch

        with torch.no_grad():
            return self._energies(self.positions, self.rotations)

    def forces(self) -> tuple[Any, Any]:
        """Forces and torques."""
        import torch

        energies, variables = self.differentiable()
        return torch.autograd.grad(-energies.sum(), variables)

    def training(self) -> tuple[Any, ...]:
        """Gradient of a loss on energies, forces and torques with respect to the weights."""
        import torch

        loss = sum((one**2).sum() for one in self.differentiable_forces())
        return torch.autograd.grad(loss, [self.weights])

    def differentiable_forces(self) -> tuple[Any, ...]:
        """Energies, and their gradients with what a second derivative needs."""
        import torch

        energies, variables = self.differentiable()
        return energies, *torch.autograd.grad(energies.sum(), variables, create_graph=True)

    def differentiable(self) -> tuple[Any, list[Any]]:
        """Energies of frames, and positions and rotation vectors that they depend on; these are zero."""
        import torch

        x = self.positions.clone().requires_grad_()
        theta = torch.zeros_like(x).requires_grad_()
        turned = torch.linalg.cross(theta[:, None, :].expand_as(self.rotations), self.rotations.mT, dim=2)
        return self._energies(x, self.rotations + turned.mT), [x, theta]

    def _energies(self, positions: Any, rotations: Any) -> Any:
        return (
            self.descriptor(positions, self.types, self.semiaxes, rotations=rotations, reduce="sum", **self.frames)
            @ self.weights
        )
