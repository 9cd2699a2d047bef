"""Where derivatives end: third ones, and frames without pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from anisoap_opt.nn.operators import features  # noqa: E402
from tests.nn.systems import System, module, open_frame  # noqa: E402
from tests.tolerances import assert_close  # noqa: E402

THIRD = pytest.raises(NotImplementedError, match="third derivatives, which only the backend 'torch_full' has")


def squares(backend: str, which: int) -> tuple[Any, Any]:
    """A function of one variable of a small system, and the variable's value."""
    own, system = module(backend=backend, cutoff_smoothing=1.0), System(open_frame())
    others = [one.detach() for one in system.variables]

    def function(variable: Any) -> Any:
        return system.features(own, *others[:which], variable, *others[which + 1 :]).square().sum()

    return function, others[which]


@pytest.mark.parametrize("which", [0, 1, 2], ids=["positions", "semiaxes", "quaternions"])
def test_products_with_the_hessian(backend: str, which: int) -> None:
    """`hvp` differentiates a third time; what only has second derivatives must say so, not leave something out."""
    if backend == "reference":
        pytest.skip("has first derivatives only")
    exact, at = squares("torch_full", which)
    along = torch.linspace(-1, 1, at.numel(), dtype=at.dtype).reshape(at.shape)
    expected = torch.autograd.functional.hvp(exact, at, along)[1]
    function, _ = squares(backend, which)
    assert_close(torch.autograd.functional.vhp(function, at, along)[1], expected, 1e-10)
    if backend == "torch_full":
        return
    with THIRD:
        torch.autograd.functional.hvp(function, at, along)


def test_third_derivatives_by_either_way(fast_backend: str) -> None:
    if fast_backend == "torch_full":
        pytest.skip("has them")
    function, at = squares(fast_backend, 0)
    x = at.requires_grad_()
    (first,) = torch.autograd.grad(function(x), x, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), x, create_graph=True)
    with THIRD:
        torch.autograd.grad(second.sum(), x, retain_graph=True)
    with THIRD:
        second.sum().backward()


def test_without_pairs_gradients_are_zero(backend: str) -> None:
    apart = open_frame()
    apart[0].positions = 50.0 * np.arange(3)[:, None] * np.ones(3)
    own, system = module(backend=backend, subtract_center_contribution=True), System(apart)
    for one in torch.autograd.grad(
        system.features(own).sum(), system.variables[:3], create_graph=backend != "reference"
    ):
        assert not one.any()
    x, a, q, h = system.variables
    frames = None, None, system.frames["counts"]
    values = features(x, system.types, a, q, None, *frames, None, None, None, None, "sum", own._made_with)
    assert not torch.autograd.grad(values.sum(), [x])[0].any()


def test_numpy_s_numbers_as_max_radial() -> None:
    assert module(max_radial=np.int64(2)).num_features == module(max_radial=np.array([2, 2, 2])).num_features
