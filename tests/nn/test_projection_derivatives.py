"""Derivatives of `anisoap_opt.nn.EllipsoidalDensityProjection`: Torch's checks, and AniSOAP's own numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("metatensor.torch")

from anisoap_opt.nn import (  # noqa: E402
    EllipsoidalDensityProjection,
    apply_space_rotations,
    conservative_pair_forces_and_torques,
    pair_forces_to_atom_forces,
)
from tests.frames_for_tests import random_frame  # noqa: E402
from tests.nn.graphs import Graph, dense, projection, rows_of  # noqa: E402
from tests.nn.systems import periodic_frames  # noqa: E402
from tests.tolerances import TOLERANCES, assert_close  # noqa: E402

DATA = Path(__file__).parents[1] / "data" / "torch"
CASES = {case["name"]: case for case in json.loads((DATA / "index.json").read_text())["cases"]}
RTOL = TOLERANCES["float64"].reference


class Case:
    """One of AniSOAP's calculations."""

    def __init__(self, name: str, backend: str) -> None:
        case = CASES[name]
        with np.load(DATA / case["npz"]) as data:
            self.stored = {key: data[key] for key in data.files}
        self.module = EllipsoidalDensityProjection(**case["hypers"], species=case["species"], backend=backend)
        tensors = {key: torch.tensor(value) for key, value in self.stored.items()}
        self.positions = tensors["positions"].requires_grad_()
        self.lengths = tensors["lengths"].requires_grad_()
        self.theta = torch.zeros_like(self.positions, requires_grad=True)
        self.graph = {
            "centers": tensors["pair_centers"], "neighbors": tensors["pair_neighbors"], "species": tensors["types"],
            "structures": tensors["structures"], "atom_indices": tensors["atom_indices"],
            "rotations": apply_space_rotations(tensors["rotations"], self.theta), "ellipsoid_lengths": self.lengths,
        }  # fmt: skip
        self.r_ij = tensors["pair_vectors"].requires_grad_()
        self.cell = {"cell": tensors["cells"][0], "shifts": tensors["pair_shifts"]} if tensors["pbc"].any() else {}

    def ordered(self, columns: Any) -> Any:
        """Columns [..., features] of AniSOAP in our order, found by their labels."""
        spectra = self.module.power_spectrum(R_ij=self.r_ij, **self.graph, mean_over_samples=False)
        place = {tuple(row): column for column, row in enumerate(self.stored["columns"].tolist())}
        labels = [
            (center_type, *row)
            for (_, _, center_type), block in zip(rows_of(spectra.keys), spectra.blocks(), strict=True)
            for row in rows_of(block.properties)
        ]
        assert len(set(labels)) == columns.shape[-1]
        return columns[..., [place[label] for label in labels]]


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_of_anisoap_from_its_pairs(backend: str, name: str) -> None:
    case = Case(name, backend)
    features = dense(case.module(case.r_ij, **case.graph), case.graph)
    assert_close(features.detach(), case.ordered(case.stored["features"]), RTOL)
    functional = (features * torch.tensor(case.ordered(case.stored["W"]))).sum()
    assert_close(functional.detach(), case.stored["functional"], RTOL)
    of_r, of_theta, of_lengths = torch.autograd.grad(functional, [case.r_ij, case.theta, case.lengths])
    of_positions = pair_forces_to_atom_forces(
        of_r, case.graph["centers"], case.graph["neighbors"], n_atoms=len(case.positions)
    )
    for kind, gradient in (("positions", of_positions), ("rotation_vectors", of_theta), ("lengths", of_lengths)):
        assert_close(gradient, case.stored[f"grad_{kind}"], RTOL, kind)


@pytest.mark.parametrize("name", CASES)
def test_hessian_vector_products_of_anisoap(twice_backend: str, name: str) -> None:
    case = Case(name, twice_backend)
    features = case.module.features_from_torch_state(positions=case.positions, **case.graph, **case.cell).block().values
    functional = (features * torch.tensor(case.ordered(case.stored["W"]))).sum()
    variables = {"positions": case.positions, "rotation_vectors": case.theta, "lengths": case.lengths}
    gradients = torch.autograd.grad(functional, list(variables.values()), create_graph=True)
    along = sum(
        (one * torch.tensor(case.stored[f"v_{kind}"])).sum() for kind, one in zip(variables, gradients, strict=True)
    )
    for kind, product in zip(variables, torch.autograd.grad(along, list(variables.values())), strict=True):
        assert_close(product, case.stored[f"hvp_{kind}"], RTOL, kind)


@pytest.mark.parametrize("name", CASES)
def test_means_of_anisoap_are_over_centers_of_all_types(name: str) -> None:
    """Its means and ours differ by the factor that docs/switching.md says."""
    case = Case(name, "numpy_only")
    ours = case.module.power_spectrum(R_ij=case.r_ij, **case.graph).detach().numpy()
    with_neighbors = np.unique(case.stored["pair_centers"])
    systems, types = (case.stored[key][with_neighbors] for key in ("structures", "types"))
    of_column = np.repeat(case.module.species, ours.shape[1] // len(case.module.species))
    counts = np.array([[(types[systems == system] == one).sum() for one in of_column] for system in range(len(ours))])
    expected = ours * counts / np.bincount(systems, minlength=len(ours))[:, None]
    assert_close(expected, case.ordered(case.stored["system_mean"]), RTOL)


def few(features: Any) -> Any:
    """Four fixed combinations of all numbers."""
    weights = torch.randn((features.numel(), 4), dtype=features.dtype, generator=torch.Generator().manual_seed(0))
    return features.reshape(-1) @ weights


@pytest.mark.parametrize("options", [{}, {"cutoff_smoothing": 2.0}], ids=["hard", "smooth"])
def test_forward_in_vectors_rotations_and_lengths(twice_backend: str, options: dict[str, Any]) -> None:
    frames = [periodic_frames()[1], random_frame(3, 2, box=2.0)]
    graph, own = Graph(frames).pairs, projection(backend=twice_backend, **options)
    fixed = {name: value for name, value in graph.items() if not value.requires_grad}

    def features(r_ij: Any, theta: Any, lengths: Any) -> Any:
        rotations = apply_space_rotations(graph["rotations"].detach(), theta)
        return few(dense(own(R_ij=r_ij, rotations=rotations, ellipsoid_lengths=lengths, **fixed), graph))

    theta = torch.zeros((len(graph["species"]), 3), dtype=torch.float64, requires_grad=True)
    variables = [graph["R_ij"], theta, graph["ellipsoid_lengths"]]
    assert torch.autograd.gradcheck(features, variables, fast_mode=True)
    assert torch.autograd.gradgradcheck(features, variables, fast_mode=True)


def test_features_in_positions_quaternions_lengths_and_cell() -> None:
    graph, own = Graph(periodic_frames()[:1]), projection()
    variables = {name: value for name, value in graph.particles.items() if value.requires_grad}
    fixed = {name: value for name, value in graph.particles.items() if not value.requires_grad}

    def features(cell: Any, *own_variables: Any) -> Any:
        given = dict(zip(variables, own_variables, strict=True))
        return few(own.features_from_torch_state(**given, **fixed, cell=cell, shifts=graph.shifts).block().values)

    assert torch.autograd.gradcheck(features, [graph.cell, *variables.values()], fast_mode=True)
    assert torch.autograd.gradgradcheck(features, [graph.cell, *variables.values()], fast_mode=True)


@pytest.mark.parametrize("method", ["pairwise_expansion", "transform", "power_spectrum"])
def test_the_other_methods(method: str) -> None:
    graph, own = Graph([random_frame(3, 3, box=2.0)]).pairs, projection(species=None)
    fixed = {name: value for name, value in graph.items() if not value.requires_grad}

    def values(r_ij: Any, lengths: Any) -> Any:
        result = getattr(own, method)(R_ij=r_ij, rotations=graph["rotations"], ellipsoid_lengths=lengths, **fixed)
        return result if method == "power_spectrum" else torch.cat([one.values.flatten() for one in result.blocks()])

    variables = [graph["R_ij"], graph["ellipsoid_lengths"]]
    assert torch.autograd.gradcheck(lambda *x: few(values(*x)), variables, fast_mode=True)
    assert torch.autograd.gradgradcheck(lambda *x: few(values(*x)), variables, fast_mode=True)


def test_forces_and_torques_balance() -> None:
    """Turning everything changes nothing: Σ (τ + r × F) = 0, and Σ F = 0."""
    frame = random_frame(5, 4, box=2.5)
    graph, own = Graph([frame]).pairs, projection(cutoff_smoothing=1.0)
    fixed = {name: value for name, value in graph.items() if name not in ("R_ij", "rotations")}
    weights = torch.linspace(-1, 1, own.shape, dtype=torch.float64)
    _, of_pairs, torques = conservative_pair_forces_and_torques(
        lambda r_ij, rotations: dense(own(R_ij=r_ij, rotations=rotations, **fixed), graph) @ weights,
        graph["R_ij"].detach(), graph["rotations"].detach(),
    )  # fmt: skip
    forces = pair_forces_to_atom_forces(of_pairs, graph["centers"], graph["neighbors"], n_atoms=4)
    moments = torch.linalg.cross(torch.tensor(frame.positions), forces)
    assert_close(forces.sum(dim=0) / forces.abs().max(), np.zeros(3), 1e-10)
    assert_close((torques + moments).sum(dim=0) / moments.abs().max(), np.zeros(3), 1e-10)
