"""Values, gradients and Hessian-vector products of AniSOAP's own torch version; see ``tests/data/torch/README.md``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from anisoap_opt.nn import AniSOAP  # noqa: E402
from anisoap_opt.tensormap import power_spectrum_properties  # noqa: E402
from tests.nn.systems import BACKENDS_TWICE, System  # noqa: E402
from tests.tolerances import TOLERANCES, assert_close  # noqa: E402

DATA = Path(__file__).parents[1] / "data" / "torch"
CASES = {case["name"]: case for case in json.loads((DATA / "index.json").read_text())["cases"]}
KINDS = ("positions", "rotation_vectors", "lengths")
RTOL = TOLERANCES["float64"].reference


def turned(theta: Any, rotations: Any) -> Any:
    """exp([θ]×) R."""
    none = torch.zeros_like(theta[:, 0])
    x, y, z = theta.unbind(1)
    skew = torch.stack([none, -z, y, z, none, -x, -y, x, none], dim=1).reshape(-1, 3, 3)
    return torch.linalg.matrix_exp(skew) @ rotations


@pytest.mark.parametrize("name", CASES)
def test_case(backend: str, name: str) -> None:
    case = CASES[name]
    with np.load(DATA / case["npz"]) as data:
        stored = {key: data[key] for key in data.files}
    hypers = {key: value for key, value in case["hypers"].items() if not key.startswith("rotation_")}
    types = case["species"]
    calculator = AniSOAP(**hypers, types=types, backend=backend)
    properties = power_spectrum_properties(tuple(types), tuple(calculator._projection.num_ns)).values.tolist()
    labels = [(center, *row) for center in types for row in properties]
    place = {tuple(row): column for column, row in enumerate(stored["columns"].tolist())}
    order = [place[label] for label in labels]  # upstream's column of each of ours

    batch = System(ase.io.read(DATA / case["xyz"], ":")).batch
    x, a = (torch.tensor(one, requires_grad=True) for one in (batch.positions, batch.semiaxes))
    theta = torch.zeros_like(x, requires_grad=True)
    features = calculator(
        x, torch.tensor(batch.types), a, rotations=turned(theta, torch.tensor(batch.rotations)),
        cells=torch.tensor(batch.cells), pbc=torch.tensor(batch.pbc), counts=torch.tensor(np.diff(batch.offsets)),
    )  # fmt: skip
    assert_close(features.detach(), stored["features"][:, order], RTOL)
    functional = (features * torch.tensor(stored["W"][:, order])).sum()
    gradients = torch.autograd.grad(functional, [x, theta, a], create_graph=backend in BACKENDS_TWICE)
    for kind, gradient in zip(KINDS, gradients, strict=True):
        assert_close(gradient.detach(), stored[f"grad_{kind}"], RTOL, kind)
    if backend in BACKENDS_TWICE:
        along = sum((g * torch.tensor(stored[f"v_{kind}"])).sum() for kind, g in zip(KINDS, gradients, strict=True))
        for kind, product in zip(KINDS, torch.autograd.grad(along, [x, theta, a]), strict=True):
            assert_close(product, stored[f"hvp_{kind}"], RTOL, f"Hessian-vector product, {kind}")
