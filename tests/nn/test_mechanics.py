"""Forces, torques and losses: AniSOAP's functions beside its torch class."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

torch = pytest.importorskip("torch")

from anisoap_opt.nn import (  # noqa: E402
    EnergyForceTorqueLoss,
    apply_space_rotations,
    conservative_pair_forces_and_torques,
    conservative_training_step,
    pair_forces_to_atom_forces,
    rotation_vector_to_matrix,
)
from tests.tolerances import assert_close  # noqa: E402


def random(*shape: int, seed: int = 0) -> Any:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def matrices(num: int, seed: int = 0) -> Any:
    return torch.tensor(Rotation.random(num, np.random.default_rng(seed)).as_matrix())


def energy(r_ij: Any, rotations: Any) -> Any:
    """Of two pairs: something that depends on every number."""
    axes = rotations[:, :, 2]
    return (r_ij * axes[[1, 0]]).sum(dim=1) ** 2 + (r_ij**2).sum(dim=1).sqrt() * rotations[0, 0, 0]


def test_rotation_vectors_are_scipy_s() -> None:
    vectors = random(2, 5, 3)
    expected = Rotation.from_rotvec(vectors.reshape(-1, 3).numpy()).as_matrix().reshape(2, 5, 3, 3)
    assert_close(rotation_vector_to_matrix(vectors), expected, 1e-14)
    quarter = torch.tensor([0.0, 0.0, math.pi / 2], dtype=torch.float64)
    turned = apply_space_rotations(torch.eye(3, dtype=torch.float64), quarter)
    assert_close(turned @ torch.tensor([1.0, 0, 0], dtype=torch.float64), [0.0, 1, 0], 1e-14)


def test_rotations_act_in_space() -> None:
    base, vectors = matrices(3), random(3, 3)
    expected = (Rotation.from_rotvec(vectors.numpy()) * Rotation.from_matrix(base.numpy())).as_matrix()
    assert_close(apply_space_rotations(base, vectors), expected, 1e-14)


@pytest.mark.parametrize("size", [0.0, 1e-9, 1.0])
def test_rotation_vectors_can_be_differentiated_twice(size: float) -> None:
    vectors = (size * random(2, 3)).requires_grad_()
    assert torch.autograd.gradcheck(rotation_vector_to_matrix, [vectors])
    assert torch.autograd.gradgradcheck(rotation_vector_to_matrix, [vectors])


def test_forces_and_torques_are_derivatives_of_the_energy() -> None:
    r_ij, base, step = random(2, 3), matrices(2), 1e-5
    total, forces, torques = conservative_pair_forces_and_torques(energy, r_ij, base)
    assert_close(total.detach(), energy(r_ij, base).sum(), 1e-14)
    assert not r_ij.requires_grad
    assert not forces.requires_grad
    for k in range(6):
        unit = torch.zeros(6, dtype=torch.float64)
        unit[k] = step
        unit = unit.reshape(2, 3)
        by_r = [energy(r_ij + sign * unit, base).sum() for sign in (1, -1)]
        by_theta = [energy(r_ij, apply_space_rotations(base, sign * unit)).sum() for sign in (1, -1)]
        for values, derivative in ((by_r, forces), (by_theta, torques)):
            assert_close(derivative.reshape(-1)[k], (values[1] - values[0]) / (2 * step), 1e-7)


def test_what_the_energy_does_not_depend_on_gets_zeros() -> None:
    r_ij, base = random(2, 3).requires_grad_(), matrices(2)
    _, forces, torques = conservative_pair_forces_and_torques(lambda r, _: r.sum(), r_ij, base)
    assert_close(forces, -np.ones((2, 3)), 0)
    assert not torques.any()


def test_the_neighbor_gets_the_force_and_the_center_its_opposite() -> None:
    forces = random(3, 3)
    summed = pair_forces_to_atom_forces(forces, torch.tensor([0, 0, 2]), torch.tensor([1, 2, 2]), n_atoms=4)
    assert_close(summed, torch.stack([-forces[0] - forces[1], forces[0], forces[1], torch.zeros(3)]), 1e-15)
    assert not pair_forces_to_atom_forces(forces[:0], torch.zeros(0).long(), torch.zeros(0).long(), n_atoms=2).any()


def test_a_loss_weighs_mean_squared_errors() -> None:
    loss = EnergyForceTorqueLoss(energy_weight=2.0, force_weight=0.0, torque_weight=0.5)
    total, terms = loss(
        predicted_energy=torch.tensor(3.0), target_energy=torch.tensor(1.0),
        predicted_torques=torch.ones(2, 3), target_torques=torch.zeros(2, 3),
    )  # fmt: skip
    assert {name: float(term) for name, term in terms.items()} == {"energy": 4.0, "torque": 1.0, "total": 8.5}
    assert float(total) == 8.5


def test_a_training_step_reaches_the_parameters() -> None:
    r_ij, base = random(2, 3), matrices(2)
    factor = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    targets = [0.5 * one.detach() for one in conservative_pair_forces_and_torques(energy, r_ij, base)]
    total, terms, predictions = conservative_training_step(
        lambda *x: factor * energy(*x), r_ij, base, target_energy=targets[0], target_pair_forces=targets[1],
        target_torques=targets[2], loss_fn=EnergyForceTorqueLoss(),
    )  # fmt: skip
    assert_close(predictions[1].detach(), 2 * targets[1], 1e-14)
    total.backward()
    squares = sum((2 * one).square().mean() for one in targets)
    assert_close(factor.grad, squares, 1e-12)  # of Σ mean((f - ½)² E²) at f = 1
    assert set(terms) == {"energy", "force", "torque", "total"}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: rotation_vector_to_matrix(random(2, 4)),
            ValueError,
            r"rotation_vectors must have .* \[..., 3\]",
        ),
        (lambda: apply_space_rotations(random(2, 3), random(2, 3)), ValueError, "base_rotations must have the shape"),
        (lambda: apply_space_rotations(matrices(2), random(3, 3)), ValueError, r"rotation_vectors .* \[2, 3\]"),
        (
            lambda: conservative_pair_forces_and_torques(lambda *_: 0.0, random(2, 3), matrices(2)),
            TypeError,
            "energy_fn must return a tensor, got float",
        ),
        (
            lambda: pair_forces_to_atom_forces(random(2, 3), torch.tensor([0]), torch.tensor([0, 1]), n_atoms=2),
            ValueError,
            r"centers must have the shape \[2\]",
        ),
        (
            lambda: pair_forces_to_atom_forces(random(1, 3), torch.tensor([0]), torch.tensor([3]), n_atoms=3),
            ValueError,
            "neighbors must be from 0 to 2, got 3 to 3",
        ),
        (
            lambda: conservative_pair_forces_and_torques(lambda *_: random(2), random(2, 3), matrices(2)),
            ValueError,
            "an energy without a gradient",
        ),
        (lambda: EnergyForceTorqueLoss(force_weight=-1.0), ValueError, "force_weight must be at least 0"),
        (
            lambda: EnergyForceTorqueLoss(energy_weight=0, force_weight=0, torque_weight=0),
            ValueError,
            "must not all be 0",
        ),
        (lambda: EnergyForceTorqueLoss()(predicted_energy=random(1)), ValueError, "energy: its weight is not 0"),
        (
            lambda: EnergyForceTorqueLoss(force_weight=0, torque_weight=0)(
                predicted_energy=random(1), target_energy=random(2)
            ),
            ValueError,
            "energy: predicted has the shape",
        ),
    ],
)
def test_bad_input(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
