"""Torch's own checks of first and second derivatives, with its default tolerances.

The quick ones compare along random directions, the slow ones every element.
"""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from anisoap_opt import BACKENDS  # noqa: E402
from tests.nn.systems import System, module, open_frame, periodic_frames  # noqa: E402

KINDS: dict[str, dict[str, Any]] = {
    "hard": {},
    "smooth": {"cutoff_smoothing": 2.0},
    "monomial": {"radial_basis_name": "monomial", "radial_gaussian_width": None, "max_angular": 1},
    "coupled n, no center": {"max_radial": [1, 0, 1], "subtract_center_contribution": True},
}
FRAMES = {"open": open_frame, "periodic": periodic_frames}


def few(features: Any) -> Any:
    """Four fixed combinations of all numbers: checks of second derivatives take a time that grows with their number."""
    weights = torch.randn((features.numel(), 4), dtype=features.dtype, generator=torch.Generator().manual_seed(0))
    return features.reshape(-1) @ weights


@pytest.mark.parametrize("frames", FRAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_first_and_second_derivatives(twice_backend: str, kind: str, frames: str) -> None:
    calculator, system = module(backend=twice_backend, **KINDS[kind]), System(FRAMES[frames]())
    assert torch.autograd.gradcheck(lambda *x: few(system.features(calculator, *x)), system.variables, fast_mode=True)
    assert torch.autograd.gradgradcheck(
        lambda *x: few(system.features(calculator, *x)), system.variables, fast_mode=True
    )


@pytest.mark.slow
@pytest.mark.parametrize("frames", FRAMES)
@pytest.mark.parametrize("smoothing", [None, 2.0])
@pytest.mark.parametrize("backend", ["torch_full", "numba", "warp"])
def test_every_element(backend: str, smoothing: float | None, frames: str) -> None:
    if not BACKENDS[backend].installed:
        pytest.skip(f"{backend} is not installed")
    calculator, system = module(backend=backend, cutoff_smoothing=smoothing), System(FRAMES[frames]())
    assert torch.autograd.gradcheck(lambda *x: few(system.features(calculator, *x)), system.variables)
    assert torch.autograd.gradgradcheck(lambda *x: few(system.features(calculator, *x)), system.variables)


@pytest.mark.parametrize("smoothing", [None, 1.0])
def test_a_learnt_width(twice_backend: str, smoothing: float | None) -> None:
    calculator = module(backend=twice_backend, learn_width=True, cutoff_smoothing=smoothing)
    system = System(open_frame())

    def of_width(width: Any, positions: Any) -> Any:
        arguments = positions, system.types, system.variables[1].detach()
        keywords = {"quaternions": system.variables[2].detach()}
        own = {"radial_gaussian_width": width}
        return few(torch.func.functional_call(calculator, own, arguments, keywords))

    inputs = [torch.tensor(1.4, dtype=torch.float64, requires_grad=True), system.variables[0]]
    assert torch.autograd.gradcheck(of_width, inputs, fast_mode=True)
    assert torch.autograd.gradgradcheck(of_width, inputs, fast_mode=True)


def test_the_reference_backend_says_that_it_has_first_derivatives_only() -> None:
    system, calculator = System(open_frame()), module(backend="reference")
    assert torch.autograd.gradcheck(lambda *x: few(system.features(calculator, *x)), system.variables, fast_mode=True)
    total = system.features(calculator).sum()
    (first,) = torch.autograd.grad(total, system.variables[:1], create_graph=True)
    with pytest.raises(NotImplementedError, match="'reference' has first derivatives only"):
        first.sum().backward()


@pytest.mark.parametrize("reduce", ["mean", "sum"])
def test_reduced(reduce: str) -> None:
    calculator, system = module(cutoff_smoothing=1.0, symmetric=True), System(periodic_frames())

    def features(*x: Any) -> Any:
        return few(system.features(calculator, *x, reduce=reduce))

    assert torch.autograd.gradcheck(features, system.variables, fast_mode=True)
