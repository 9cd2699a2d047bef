"""The features as an operator of `torch.library`, so that `torch.compile` leaves them whole.

A compiled graph holds the operator with its tensors, and what the features were made with as text. Its derivative is a
second operator. Each is computed as without compiling, so the second one looks for pairs and makes coefficients anew.
Second derivatives of compiled graphs are nothing that Torch offers.
"""

# mypy: disable-error-code=no-untyped-call

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

from anisoap_opt.nn.features import from_text

DIFFERENTIABLE = (0, 2, 3, 4, 5, 11)
"""Which arguments of the operator have gradients: positions, semiaxes, quaternions, rotations, cells, width."""
_SCHEMA = (
    "(Tensor positions, Tensor types, Tensor semiaxes, Tensor? quaternions, Tensor? rotations, Tensor? cells, "
    "Tensor? pbc, Tensor? counts, Tensor? centers, Tensor? neighbors, Tensor? shifts, Tensor? width, "
    "str reduce, str made_with) -> Tensor"
)


def _features(tensors: tuple[Any, ...], reduce: str, made_with: str) -> torch.Tensor:
    *particles, centers, neighbors, shifts, width = tensors
    pairs = None if centers is None else (centers, neighbors, shifts)
    arguments: tuple[Any, ...] = (*particles, pairs, width, reduce or None)
    return from_text(made_with).of(*arguments)


@torch.library.custom_op("anisoap_opt::features", mutates_args=(), schema=_SCHEMA)
def features(*arguments: Any) -> Any:
    """Features; an empty `reduce` is None, and the pairs are all None, or none is."""
    *tensors, reduce, made_with = arguments
    with torch.no_grad():
        return _features(tuple(tensors), reduce, made_with).clone()


@torch.library.custom_op(
    "anisoap_opt::features_backward",
    mutates_args=(),
    schema=_SCHEMA.replace("(", "(Tensor adjoint, bool[] wanted, ", 1).replace("-> Tensor", "-> Tensor[]"),
)
def features_backward(adjoint: torch.Tensor, wanted: list[bool], *arguments: Any) -> Any:
    """Gradients of the wanted ones of the differentiable arguments."""
    *tensors, reduce, made_with = arguments
    places = _places(wanted)

    def gradients() -> list[torch.Tensor]:
        given: list[Any] = [None if one is None else one.detach() for one in tensors]
        variables = [given[place].requires_grad_() for place in places]
        values = _features(tuple(given), reduce, made_with)
        return list(torch.autograd.grad(values, variables, adjoint, allow_unused=True, materialize_grads=True))

    with ThreadPoolExecutor(1) as another_thread:  # Torch records nothing on the thread that runs an operator
        return another_thread.submit(gradients).result()


def _places(wanted: Sequence[bool]) -> list[int]:
    """Places of the arguments whose gradients are wanted."""
    return [place for place, want in zip(DIFFERENTIABLE, wanted, strict=True) if want]


@features.register_fake
def _fake(positions: Any, *rest: Any) -> torch.Tensor:
    reduce, made_with, counts = rest[-2], rest[-1], rest[6]
    num_rows = positions.shape[0] if not reduce else 1 if counts is None else counts.shape[0]
    like: torch.Tensor = positions
    return like.new_empty((num_rows, from_text(made_with).num_features))


@features_backward.register_fake
def _fake_backward(adjoint: Any, wanted: Any, *arguments: Any) -> list[torch.Tensor]:
    return [torch.empty_like(arguments[place]) for place in _places(wanted)]


def _setup_context(ctx: Any, inputs: Any, output: Any) -> None:
    *tensors, ctx.reduce, ctx.made_with = inputs
    ctx.save_for_backward(*tensors)


def _backward(ctx: Any, adjoint: torch.Tensor) -> tuple[Any, ...]:
    wanted = [ctx.needs_input_grad[place] for place in DIFFERENTIABLE]
    found = iter(features_backward(adjoint, wanted, *ctx.saved_tensors, ctx.reduce, ctx.made_with))
    places = _places(wanted)
    return tuple(next(found) if place in places else None for place in range(len(ctx.needs_input_grad)))


features.register_autograd(_backward, setup_context=_setup_context)
