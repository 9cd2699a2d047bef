"""Forces and torques of an energy, and a loss on them: functions of AniSOAP's ``anisoap.nn``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

Energy = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""From vectors of pairs [pairs, 3] and rotation matrices [particles, 3, 3] to energies of any shape."""


def rotation_vector_to_matrix(rotation_vectors: torch.Tensor) -> torch.Tensor:
    """Rotation matrices exp([v]×), differentiable as often as wanted, at v = 0 too.

    Parameters
    ----------
    rotation_vectors : tensor, shape [..., 3]
        Axes times angles in radians.

    Returns
    -------
    tensor, shape [..., 3, 3]

    Raises
    ------
    ValueError
        If the shape is another one.
    """
    v = _checked("rotation_vectors", rotation_vectors, (3,))
    unit = torch.eye(3, dtype=v.dtype, device=v.device).expand(*v.shape, 3)
    return torch.linalg.matrix_exp(torch.linalg.cross(v[..., None], unit, dim=-2))  # column k of [v]× is v × e_k


def apply_space_rotations(base_rotations: torch.Tensor, rotation_vectors: torch.Tensor) -> torch.Tensor:
    """Turn bodies in space: exp([v]×) R. Minus the derivative of an energy by v, at v = 0, is the torque.

    Parameters
    ----------
    base_rotations : tensor, shape [..., 3, 3]
        R, body → space.
    rotation_vectors : tensor, shape [..., 3]
        v.

    Returns
    -------
    tensor, shape [..., 3, 3]

    Raises
    ------
    ValueError
        If the shapes are other ones.
    """
    _checked("base_rotations", base_rotations, (3, 3))
    if rotation_vectors.shape != base_rotations.shape[:-1]:
        raise ValueError(
            f"rotation_vectors must have the shape {list(base_rotations.shape[:-1])} for base_rotations of "
            f"{list(base_rotations.shape)}, got {list(rotation_vectors.shape)}"
        )
    return rotation_vector_to_matrix(rotation_vectors) @ base_rotations


def conservative_pair_forces_and_torques(
    energy_fn: Energy, pair_vectors: torch.Tensor, base_rotations: torch.Tensor, *, create_graph: bool = False
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Energy, forces on pairs and torques on particles.

    Parameters
    ----------
    energy_fn : callable
        Takes pair vectors and rotations, and returns energies, which are added up.
    pair_vectors : tensor, shape [pairs, 3]
        r_ij.
    base_rotations : tensor, shape [particles, 3, 3]
        Body → space.
    create_graph : bool
        Whether the results can be differentiated, as training on them needs.

    Returns
    -------
    energy : tensor of one number
    pair_forces : tensor, shape [pairs, 3]
        -∂E/∂r_ij.
    torques : tensor, shape [particles, 3]
        -∂E/∂θ in the space frame, R → exp([θ]×) R.

    Raises
    ------
    TypeError, ValueError
        If shapes are other ones, or the energy is no tensor, or one without a gradient.
    """
    r_ij = _checked("pair_vectors", pair_vectors, (3,))
    if not r_ij.requires_grad:
        r_ij = r_ij.detach().requires_grad_()
    theta = torch.zeros_like(_checked("base_rotations", base_rotations, (3, 3))[..., 0]).detach().requires_grad_()
    energies = energy_fn(r_ij, apply_space_rotations(base_rotations, theta))
    if not isinstance(energies, torch.Tensor):
        raise TypeError(f"energy_fn must return a tensor, got {type(energies).__name__}")
    energy = energies.sum()
    if not energy.requires_grad:
        raise ValueError("energy_fn returned an energy without a gradient: it is detached, or made under torch.no_grad")
    gradients = torch.autograd.grad(energy, (r_ij, theta), create_graph=create_graph, allow_unused=True)
    of_r, of_theta = (torch.zeros_like(x) if g is None else g for x, g in zip((r_ij, theta), gradients, strict=True))
    return energy, -of_r, -of_theta


def pair_forces_to_atom_forces(
    pair_forces: torch.Tensor, centers: torch.Tensor, neighbors: torch.Tensor, *, n_atoms: int
) -> torch.Tensor:
    """Forces on particles: the neighbour of each pair gets its force, the centre the opposite one.

    Parameters
    ----------
    pair_forces : tensor, shape [pairs, 3]
        -∂E/∂r_ij, r_ij = x_j - x_i.
    centers, neighbors : tensor of int, shape [pairs]
        i and j.
    n_atoms : int
        Number of particles.

    Returns
    -------
    tensor, shape [n_atoms, 3]

    Raises
    ------
    ValueError
        If the shapes do not agree, or a particle is named that is not there.
    """
    num = len(_checked("pair_forces", pair_forces, (3,)))
    for name, one in (("centers", centers), ("neighbors", neighbors)):
        if tuple(one.shape) != (num,):
            raise ValueError(f"{name} must have the shape [{num}], one for each of pair_forces, got {list(one.shape)}")
        if len(one) and not 0 <= int(one.min()) <= int(one.max()) < n_atoms:
            raise ValueError(f"{name} must be from 0 to {n_atoms - 1}, got {int(one.min())} to {int(one.max())}")
    i, j = (one.to(device=pair_forces.device, dtype=torch.int64) for one in (centers, neighbors))
    return pair_forces.new_zeros((n_atoms, 3)).index_add(0, j, pair_forces).index_add(0, i, pair_forces, alpha=-1)


class EnergyForceTorqueLoss(torch.nn.Module):
    """Weighted sum of the mean squared errors of energies, forces and torques.

    Parameters
    ----------
    energy_weight, force_weight, torque_weight : float
        At least 0, and not all 0. What has the weight 0 need not be given.

    Raises
    ------
    ValueError
        If a weight is negative, or all are 0.
    """

    def __init__(self, *, energy_weight: float = 1.0, force_weight: float = 1.0, torque_weight: float = 1.0) -> None:
        super().__init__()
        self.energy_weight, self.force_weight, self.torque_weight = energy_weight, force_weight, torque_weight
        for name, weight in self._weights.items():
            if not weight >= 0:
                raise ValueError(f"{name}_weight must be at least 0, got {weight}")
        if not any(self._weights.values()):
            raise ValueError("energy_weight, force_weight and torque_weight must not all be 0")

    @property
    def _weights(self) -> dict[str, float]:
        return {"energy": self.energy_weight, "force": self.force_weight, "torque": self.torque_weight}

    def forward(
        self,
        *,
        predicted_energy: torch.Tensor | None = None,
        target_energy: torch.Tensor | None = None,
        predicted_forces: torch.Tensor | None = None,
        target_forces: torch.Tensor | None = None,
        predicted_torques: torch.Tensor | None = None,
        target_torques: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Loss.

        Parameters
        ----------
        predicted_energy, target_energy, predicted_forces, target_forces, predicted_torques, target_torques : tensor
            Each two of one shape.

        Returns
        -------
        total : tensor of one number
        terms : dict
            The mean squared errors without their weights, "energy", "force" and "torque", and "total".

        Raises
        ------
        ValueError
            If one that has a weight is missing, or shapes differ.
        """
        pairs = {
            "energy": (predicted_energy, target_energy),
            "force": (predicted_forces, target_forces),
            "torque": (predicted_torques, target_torques),
        }
        used = {name: weight for name, weight in self._weights.items() if weight}
        terms = {name: _mean_squared_error(name, *pairs[name]) for name in used}
        total = torch.stack([weight * terms[name] for name, weight in used.items()]).sum()
        return total, {**terms, "total": total}


def conservative_training_step(
    energy_fn: Energy,
    pair_vectors: torch.Tensor,
    base_rotations: torch.Tensor,
    *,
    target_energy: torch.Tensor | None,
    target_pair_forces: torch.Tensor | None,
    target_torques: torch.Tensor | None,
    loss_fn: EnergyForceTorqueLoss,
) -> tuple[torch.Tensor, dict[str, torch.Tensor], tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Loss on energy, forces on pairs and torques, ready for ``backward``.

    Parameters
    ----------
    energy_fn, pair_vectors, base_rotations
        As for `conservative_pair_forces_and_torques`.
    target_energy, target_pair_forces, target_torques : tensor or None
        In the shapes that it returns.
    loss_fn : EnergyForceTorqueLoss

    Returns
    -------
    total : tensor of one number
    terms : dict
        See `EnergyForceTorqueLoss.forward`.
    predictions : tuple of tensor
        Energy, forces on pairs, torques.
    """
    predictions = conservative_pair_forces_and_torques(energy_fn, pair_vectors, base_rotations, create_graph=True)
    energy, pair_forces, torques = predictions
    total, terms = loss_fn(
        predicted_energy=energy, target_energy=target_energy,
        predicted_forces=pair_forces, target_forces=target_pair_forces,
        predicted_torques=torques, target_torques=target_torques,
    )  # fmt: skip
    return total, terms, predictions


def _mean_squared_error(name: str, predicted: Any, target: Any) -> torch.Tensor:
    if predicted is None or target is None:
        raise ValueError(f"{name}: its weight is not 0, so give both what is predicted and the target")
    if predicted.shape != target.shape:
        raise ValueError(f"{name}: predicted has the shape {list(predicted.shape)}, target {list(target.shape)}")
    return torch.mean((predicted - target) ** 2)


def _checked(name: str, value: torch.Tensor, last: tuple[int, ...]) -> torch.Tensor:
    """The tensor, whose shape ends in this one."""
    if tuple(value.shape[-len(last) :]) != last:
        raise ValueError(f"{name} must have the shape [..., {', '.join(map(str, last))}], got {list(value.shape)}")
    return value
