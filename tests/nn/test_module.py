"""`anisoap_opt.nn.AniSOAP` as a module: the calculator's features, its ways in, its state, and bad input."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from anisoap_opt import EllipsoidalDensityProjection  # noqa: E402
from tests.frames_for_tests import TRICLINIC, random_frame  # noqa: E402
from tests.nn.systems import System, module, open_frame, periodic_frames  # noqa: E402
from tests.tolerances import TOLERANCES, assert_close  # noqa: E402

FRAMES = [*periodic_frames(), random_frame(7, 4), random_frame(8, 1, types=(1,))]


def calculator(**changes: Any) -> EllipsoidalDensityProjection:
    """The same descriptor by the NumPy way."""
    arguments: dict[str, Any] = {
        "max_angular": 2, "radial_basis_name": "gto", "cutoff_radius": 3.5, "radial_gaussian_width": 1.5,
        "types": [1, 6], "rotation_key": "c_q", "backend": "numpy_only",
    }  # fmt: skip
    arguments.update(changes)
    return EllipsoidalDensityProjection(**arguments)


@pytest.mark.parametrize("reduce", ["mean", "sum"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_rows_of_frames(backend: str, symmetric: bool, reduce: str) -> None:
    features = System(FRAMES).features(module(backend=backend, symmetric=symmetric), reduce=reduce)
    expected = calculator().power_spectrum(FRAMES, symmetric=symmetric, reduce=reduce)
    assert_close(features.detach(), expected, TOLERANCES["float64"].invariance)


def test_rows_of_particles() -> None:
    features = System(FRAMES).features(module(cutoff_smoothing=1.0)).detach().numpy()
    spectra, width = calculator(cutoff_smoothing=1.0).power_spectrum(FRAMES, False), features.shape[1] // 2
    first = np.cumsum([0, *map(len, FRAMES)])
    expected = np.zeros_like(features)
    for key, block in spectra.items():
        column = [1, 6].index(key["types_center"]) * width
        rows = [first[frame] + particle for frame, particle in block.samples.values.tolist()]
        expected[rows, column : column + width] = block.values[:, 0]
    assert_close(features, expected, TOLERANCES["float64"].invariance)


def test_a_particle_without_neighbors_is_a_row_of_zeros() -> None:
    lone = [random_frame(1, 1, types=(6,))]
    features = System(lone).features(module(subtract_center_contribution=True))
    assert features.shape == (1, module().num_features)
    assert not features.any()
    features.sum().backward()


def test_given_pairs(backend: str) -> None:
    """Every pair of a wider search, the particle itself among them: the cutoff is applied all the same."""
    found = calculator(cutoff_radius=6.0)._neighborhoods(FRAMES, None, keep_shifts=True)[1]
    blocks = [np.repeat(block.centers, len(block.neighbor_types)) for block in found.blocks]
    i = np.repeat(np.concatenate(blocks), np.diff(found.pairs.start))
    pairs = tuple(torch.tensor(one) for one in (i, found.pairs.j, found.shifts))
    own, system = module(backend=backend, cutoff_smoothing=1.0), System(FRAMES)
    results = []
    for options in ({}, {"pairs": pairs}):
        features = system.features(own, **options)
        results.append([features.detach(), *torch.autograd.grad(features.square().sum(), system.variables)])
    for given, searched in zip(results[1], results[0], strict=True):
        assert_close(given, searched, 1e-12)


def test_from_batch() -> None:
    own, system = module(learn_width=True), System(FRAMES)
    features = own.from_batch(system.batch, reduce="sum")
    assert_close(features.detach(), system.features(own, reduce="sum").detach(), 1e-14)
    features.sum().backward()
    assert float(own.radial_gaussian_width.grad) != 0


def test_rotation_matrices_and_quaternions_of_any_norm() -> None:
    own, system = module(), System(FRAMES)
    x, a, q, h = (one.detach() for one in system.variables)
    expected = own(x, system.types, a, quaternions=q, cells=h, **system.frames)
    matrices = torch.tensor(system.batch.rotations)
    assert_close(own(x, system.types, a, rotations=matrices, cells=h, **system.frames), expected, 1e-13)
    assert_close(own(x, system.types, a, quaternions=-3 * q, cells=h, **system.frames), expected, 1e-13)


@pytest.mark.parametrize("smoothing", [None, 1.0])
def test_float32(float32_backend: str, smoothing: float | None) -> None:
    own = module(backend=float32_backend, cutoff_smoothing=smoothing)
    results = []
    for dtype in (torch.float32, torch.float64):
        system = System(FRAMES, dtype)
        features = system.features(own)
        gradients = torch.autograd.grad(features.square().sum(), system.variables[:3], create_graph=True)
        second = torch.autograd.grad(gradients[0].square().sum(), system.variables[:1])
        assert {one.dtype for one in (features, *gradients, *second)} == {dtype}
        results.append([features.detach(), *(one.detach() for one in gradients), *second])
    for single, double in zip(*results, strict=True):
        assert_close(single, double, TOLERANCES["float32"].reference)


def test_compiled_and_torch_full_agree(fast_backend: str) -> None:
    """Features, gradients, and the gradient of a loss on forces."""
    results = []
    for name in (fast_backend, "torch_full"):
        system = System(FRAMES)
        features = system.features(module(backend=name, cutoff_smoothing=1.0, max_angular=4))
        gradients = torch.autograd.grad(features.square().sum(), system.variables, create_graph=True)
        loss = sum(one.square().sum() for one in gradients)
        results.append([features, *gradients, *torch.autograd.grad(loss, system.variables)])
    for ours, exact in zip(*results, strict=True):
        assert_close(ours.detach(), exact.detach(), 1e-10)


def test_many_chunks_of_segments(fast_backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from anisoap_opt import kernels

    if fast_backend == "torch_full":
        pytest.skip("not driven in chunks of segments")

    def results() -> list[Any]:
        system = System(FRAMES)
        features = system.features(module(backend=fast_backend))
        gradients = torch.autograd.grad(features.square().sum(), system.variables, create_graph=True)
        return [*gradients, *torch.autograd.grad(gradients[0].square().sum(), system.variables)]

    whole, make = results(), kernels.load(fast_backend).__init__

    def small(self: Any, *arguments: Any) -> None:
        make(self, *arguments)
        self.segments_per_chunk = 3

    monkeypatch.setattr(kernels.load(fast_backend), "__init__", small)
    for chunked, one in zip(results(), whole, strict=True):
        assert_close(chunked.detach(), one.detach(), 1e-12)


def test_a_pass_for_parameters_leaves_out_what_only_positions_need(
    fast_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anisoap_opt import kernels

    if fast_backend == "torch_full":
        pytest.skip("differentiated by Torch")
    kernel, calls = kernels.load(fast_backend), []
    along = kernel.pull_back_along
    monkeypatch.setattr(kernel, "pull_back_along", lambda *given: calls.append(1) or along(*given))
    own, system = module(backend=fast_backend), System(FRAMES)
    weights = torch.ones(own.num_features, dtype=torch.float64, requires_grad=True)
    energy = (system.features(own) @ weights).sum()
    (forces,) = torch.autograd.grad(-energy, system.variables[:1], create_graph=True)
    loss = forces.square().sum()
    (of_weights,) = torch.autograd.grad(loss, [weights], retain_graph=True)
    assert not calls
    both = torch.autograd.grad(loss, [weights, system.variables[0]])
    assert calls
    assert_close(both[0], of_weights, 1e-14)


@pytest.mark.parametrize("learn_width", [False, True])
def test_state_pickle_and_copies(learn_width: bool) -> None:
    own, system = module(learn_width=learn_width), System(open_frame())
    assert list(own.state_dict()) == (["radial_gaussian_width"] if learn_width else [])
    stored = io.BytesIO()
    torch.save(own.state_dict(), stored)
    stored.seek(0)
    other = module(learn_width=learn_width, radial_gaussian_width=1.3 if learn_width else 1.5)
    other.load_state_dict(torch.load(stored))
    expected = system.features(own).detach()
    for twin in (other, copy.deepcopy(own), pickle.loads(pickle.dumps(own))):
        assert_close(system.features(twin).detach(), expected, 1e-13)


def test_another_width_is_that_of_another_module() -> None:
    """A learnt width rescales; the basis is made for the first one only."""
    own, system = module(learn_width=True), System(open_frame())
    with torch.no_grad():
        own.radial_gaussian_width.fill_(1.2)
    assert_close(system.features(own).detach(), system.features(module(radial_gaussian_width=1.2)).detach(), 1e-12)


def test_inside_other_modules() -> None:
    """A linear energy, trained for a step."""
    own, system = module(backend=None), System(open_frame())
    model = torch.nn.Linear(own.num_features, 1, dtype=torch.float64)

    def energy(positions: Any) -> Any:
        return model(own(positions, system.types, system.variables[1], quaternions=system.variables[2])).sum()

    value = energy(system.variables[0])
    (force,) = torch.autograd.grad(-value, system.variables[:1], create_graph=True)
    force.square().sum().backward()
    assert model.weight.grad.abs().max() > 0


BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "positions": (np.zeros((3, 3)), TypeError, "positions must be a tensor of float64 or float32, got ndarray"),
    "types": (torch.tensor([1, 6]), ValueError, r"types must have the shape \[3\], got \[2\]"),
    "semiaxes": (torch.tensor([[1.0, -1.0, 1.0]] * 3), ValueError, "semiaxes must be torch.float64 on cpu"),
    "quaternions": (torch.zeros(3, 4, dtype=torch.float64), ValueError, "quaternions must not be zero"),
    "rotations": (torch.eye(3).repeat(3, 1, 1), ValueError, "one of quaternions and rotations"),
    "cells": (torch.zeros(1, 3, 3, dtype=torch.float64), ValueError, "frame 0: cell is singular"),
    "pbc": (torch.tensor([[True, False, False]]), ValueError, "pbc without cells"),
    "counts": (torch.tensor([1, 1]), ValueError, r"add up to the 3 particles, got \[1, 1\]"),
    "pairs": ((torch.tensor([0]), torch.tensor([5]), torch.zeros(1, 3).long()), ValueError, "particles from 0 to 2"),
    "reduce": ("max", ValueError, "reduce must be one of 'mean', 'sum'"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name: str) -> None:
    system = System(open_frame())
    value, error, message = BAD[name]
    x, a, q, _ = system.variables
    arguments = {"positions": x, "types": system.types, "semiaxes": a, "quaternions": q, name: value}
    with pytest.raises(error, match=message):
        module()(**arguments)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positions": torch.full((3, 3), torch.nan, dtype=torch.float64)}, "positions must be finite"),
        ({"types": torch.tensor([1, 6, 8])}, r"types \[8\], which are not in types=\[1, 6\]"),
        ({"semiaxes": torch.zeros(3, 3, dtype=torch.float64)}, "semiaxes must be greater than 0"),
        ({"quaternions": None}, "one of quaternions and rotations"),
        ({"quaternions": None, "rotations": torch.ones(3, 3, 3, dtype=torch.float64)}, "orthogonal"),
        ({"quaternions": None, "rotations": -torch.eye(3, dtype=torch.float64).repeat(3, 1, 1)}, "reflections"),
        ({"cells": torch.zeros(2, 3, 3, dtype=torch.float64)}, r"cells must have the shape \[1, 3, 3\]"),
        ({"pairs": (torch.tensor([0]), torch.tensor([1]), torch.ones(1, 3).long())}, "shifts must be 0 along axes"),
        ({"pairs": (torch.tensor([0]), torch.tensor([1]), torch.ones(2, 3).long())}, "cell shifts must be integers"),
        (
            {
                "pairs": (torch.tensor([0]), torch.tensor([2]), torch.zeros(1, 3).long()),
                "counts": torch.tensor([2, 1]),
            },
            "of one frame",
        ),
    ],
    ids=str,
)
def test_bad_values(changes: dict[str, Any], message: str) -> None:
    system = System(open_frame())
    x, a, q, _ = system.variables
    with pytest.raises(ValueError, match=message):
        module()(**{"positions": x, "types": system.types, "semiaxes": a, "quaternions": q, **changes})


def test_cells_are_periodic_unless_told() -> None:
    system, own = System([random_frame(1, 2, cell=TRICLINIC, pbc=True)]), module()
    x, a, q, h = system.variables
    assert_close(own(x, system.types, a, quaternions=q, cells=h).detach(), system.features(own).detach(), 1e-14)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"types": []}, "types must name at least one"),
        ({"learn_width": 1}, "learn_width must be True or False"),
        (
            {"learn_width": True, "radial_basis_name": "monomial", "radial_gaussian_width": None},
            "learn_width needs the radial basis 'gto'",
        ),
        ({"cutoff_smoothing": 9.0}, "cutoff_smoothing must be at most"),
    ],
    ids=str,
)
def test_bad_constructor(changes: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        module(**changes)


def test_a_width_below_zero() -> None:
    own, system = module(learn_width=True), System(open_frame())
    with torch.no_grad():
        own.radial_gaussian_width.fill_(-1.0)
    with pytest.raises(ValueError, match="radial_gaussian_width must be greater than 0 Å, it is -1"):
        system.features(own)


def test_float32_on_backends_that_have_none() -> None:
    with pytest.raises(ValueError, match="'torch_mixed' has no float32"):
        System(open_frame(), torch.float32).features(module(backend="torch_mixed"))
