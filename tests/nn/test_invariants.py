"""What symmetry demands of forces, torques and stress of any energy, to ten digits, through the torch module."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from anisoap_opt import BACKENDS  # noqa: E402
from anisoap_opt.frames import ParticleBatch  # noqa: E402
from tests.frames_for_tests import DIAMETERS, TRICLINIC, random_frame, random_rotation, rotated  # noqa: E402
from tests.nn.systems import module  # noqa: E402
from tests.tolerances import assert_close  # noqa: E402

RTOL = 1e-10
FRAMES = {"open": random_frame(1, 5), "periodic": random_frame(2, 4, cell=TRICLINIC, pbc=True)}


@pytest.fixture(params=["torch_full", "numba"])
def backend(request: pytest.FixtureRequest) -> str:
    """Torch's own derivatives, and compiled ones."""
    if not BACKENDS[request.param].installed:
        pytest.skip(f"{request.param} is not installed")
    return request.param


@pytest.fixture(params=[None, 1.5], ids=["hard", "smooth"])
def energy(request: pytest.FixtureRequest, backend: str) -> Energy:
    """A nonlinear energy on features with either cutoff."""
    return Energy(backend=backend, cutoff_smoothing=request.param)


class Energy:
    """A small neural network on the features of every particle."""

    def __init__(self, **changes: Any) -> None:
        self.descriptor = module(max_angular=3, **changes)
        generator = torch.Generator().manual_seed(0)
        self.weights = torch.randn((self.descriptor.num_features, 5), dtype=torch.float64, generator=generator)

    def __call__(self, frame: Any, strain: Any, moves: Any, turns: Any) -> Any:
        """E with positions and cell times 1 + strain [3, 3], positions moved, and turned by vectors, [particles, 3]."""
        batch = ParticleBatch.from_frames([frame])
        deformation = torch.eye(3, dtype=torch.float64) + strain
        x, y, z = turns.unbind(1)
        none = torch.zeros_like(x)
        skew = torch.stack([none, -z, y, z, none, -x, -y, x, none], dim=1).reshape(-1, 3, 3)
        features = self.descriptor(
            (torch.tensor(batch.positions) + moves) @ deformation, torch.tensor(batch.types),
            torch.tensor(batch.semiaxes), rotations=torch.linalg.matrix_exp(skew) @ torch.tensor(batch.rotations),
            cells=torch.tensor(batch.cells) @ deformation, pbc=torch.tensor(batch.pbc),
        )  # fmt: skip
        return torch.tanh(features @ self.weights).sum()

    def derivatives(self, frame: Any) -> tuple[Any, Any, Any]:
        """∂E/∂ε [3, 3], forces and torques [particles, 3]."""
        zeros = [torch.zeros(shape, dtype=torch.float64, requires_grad=True) for shape in self.shapes(frame)]
        of_strain, of_moves, of_turns = torch.autograd.grad(self(frame, *zeros), zeros)
        return of_strain, -of_moves, -of_turns

    def shapes(self, frame: Any) -> list[tuple[int, int]]:
        return [(3, 3), (len(frame), 3), (len(frame), 3)]


def antisymmetric(matrix: Any) -> Any:
    """The vector v of A - Aᵀ = [v]×, that is v_x = A_zy - A_yz and so on."""
    a = matrix - matrix.T
    return torch.stack([a[2, 1], a[0, 2], a[1, 0]])


@pytest.mark.parametrize("name", FRAMES)
def test_third_law(energy: Energy, name: str) -> None:
    _, forces, _ = energy.derivatives(FRAMES[name])
    assert forces.abs().max() > 1e-3
    assert forces.sum(dim=0).abs().max() <= RTOL * forces.abs().max()


def test_no_torque_on_an_open_system(energy: Energy) -> None:
    frame = FRAMES["open"]
    _, forces, torques = energy.derivatives(frame)
    of_forces = torch.linalg.cross(torch.tensor(frame.positions), forces)
    assert torques.abs().max() > 1e-3
    assert (torques + of_forces).sum(dim=0).abs().max() <= RTOL * max(torques.abs().max(), of_forces.abs().max())


@pytest.mark.parametrize("name", FRAMES)
def test_torques_balance_the_antisymmetric_part_of_the_virial(energy: Energy, name: str) -> None:
    """Turning everything is a strain and a turn of all particles, and changes no energy."""
    of_strain, _, torques = energy.derivatives(FRAMES[name])
    assert torques.sum(dim=0).abs().max() > 1e-4
    assert (antisymmetric(of_strain.T) - torques.sum(dim=0)).abs().max() <= RTOL * of_strain.abs().max()


@pytest.mark.parametrize("name", FRAMES)
def test_no_torque_on_spheres(energy: Energy, name: str) -> None:
    """Nor on one sphere among ellipsoids; and none along the axis of a particle that is round about it."""
    frame = FRAMES[name].copy()
    for diameter in DIAMETERS:
        frame.arrays[diameter][0] = 2.0
    for diameter in DIAMETERS[:2]:
        frame.arrays[diameter][1] = 1.5
    axis = torch.tensor(ParticleBatch.from_frames([frame]).rotations[1, :, 2])
    _, _, torques = energy.derivatives(frame)
    largest = torques.abs().max()
    assert largest > 1e-3
    assert torques[0].abs().max() <= RTOL * largest
    assert abs(torques[1] @ axis) <= RTOL * largest < torques[1].abs().max()
    for diameter in DIAMETERS:
        frame.arrays[diameter][:] = 2.0
    _, forces, torques = energy.derivatives(frame)
    assert torques.abs().max() <= RTOL * forces.abs().max()


@pytest.mark.parametrize("name", FRAMES)
def test_stress_against_finite_strain(energy: Energy, name: str) -> None:
    """Every element, by central differences of fourth order."""
    frame = FRAMES[name]
    numbers = torch.zeros((3, 3), dtype=torch.float64)
    for k in range(9):
        values = []
        for step in (-2e-3, -1e-3, 1e-3, 2e-3):
            strain, moves, turns = (torch.zeros(shape, dtype=torch.float64) for shape in energy.shapes(frame))
            strain.view(-1)[k] = step
            values.append(energy(frame, strain, moves, turns))
        numbers.view(-1)[k] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / 12e-3
    assert_close(numbers, energy.derivatives(frame)[0], 1e-6)


@pytest.mark.parametrize("name", FRAMES)
def test_equivariance(energy: Energy, name: str) -> None:
    rotation = random_rotation(3)
    turn = torch.tensor(rotation.as_matrix())
    of_strain, forces, torques = energy.derivatives(FRAMES[name])
    after = energy.derivatives(rotated(FRAMES[name], rotation))
    for turned, expected in zip(after, (turn @ of_strain @ turn.T, forces @ turn.T, torques @ turn.T), strict=True):
        assert_close(turned, expected, RTOL)
