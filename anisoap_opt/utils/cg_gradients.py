"""Gradients of the Clebsch–Gordan product: ∂(a ⊗ b) = ∂a ⊗ b + a ⊗ ∂b, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from anisoap_opt.utils.clebsch_gordan import ClebschGordanReal

if TYPE_CHECKING:
    from metatensor import Labels, TensorBlock

Gradients = dict[str, tuple["Labels", list["Labels"], npt.NDArray[Any]]]
"""By parameter: samples, the parameter's own components, values [rows, *components, 2L+1, properties]."""


def couple(cg: ClebschGordanReal, a: npt.NDArray[Any], b: npt.NDArray[Any], L: int) -> npt.NDArray[Any]:
    """All products of columns, [items, 2 la + 1, a] and [items, 2 lb + 1, b] → [items, 2L + 1, a · b]."""
    return cg.combine_einsum(a, b, L, "ia,ib->iab").reshape(len(a), 2 * L + 1, a.shape[2] * b.shape[2])


def product_gradients(cg: ClebschGordanReal, block_a: TensorBlock, block_b: TensorBlock, L: int) -> Gradients:
    """Gradients of the product of two blocks; a row that one of them lacks is zero there.

    Raises
    ------
    ValueError
        If one has gradients that the other has not.
    """
    names = block_a.gradients_list()
    if set(names) != set(block_b.gradients_list()):
        raise ValueError(f"cannot couple a block with gradients {names} and one with {block_b.gradients_list()}")
    return {name: _product(cg, (block_a, block_b), name, L) for name in names}


def _product(
    cg: ClebschGordanReal, blocks: tuple[TensorBlock, TensorBlock], name: str, L: int
) -> tuple[Labels, list[Labels], npt.NDArray[Any]]:
    samples = _union([block.gradient(name).samples for block in blocks])
    sample = samples.values[:, 0]
    rows, dots = [], []
    for block in blocks:
        gradient = block.gradient(name)
        components = gradient.components[: -len(block.components)]
        axes = tuple(map(len, components))
        wide = _at(gradient.samples, gradient.values, samples)
        dots.append(wide.reshape(-1, *block.values.shape[1:]))  # [rows · directions, 2l+1, properties]
        rows.append(np.repeat(block.values[sample], np.prod(axes, dtype=int), axis=0))
    values = couple(cg, dots[0], rows[1], L) + couple(cg, rows[0], dots[1], L)
    return samples, components, values.reshape(len(samples), *axes, *values.shape[1:])


def add_joined(block: TensorBlock, parts: Sequence[Gradients]) -> None:
    """Give a product its gradients, which were made for one range of its properties each.

    Raises
    ------
    ValueError
        If the parts have gradients with respect to different parameters.
    """
    from metatensor import TensorBlock

    names = list(parts[0])
    for part in parts:
        if set(part) != set(names):
            raise ValueError(f"cannot join products with gradients {names} and {list(part)}")
    for name in names:
        samples = _union([part[name][0] for part in parts])
        values = [_at(part[name][0], part[name][2], samples) for part in parts]
        components = [*parts[0][name][1], *block.components]
        block.add_gradient(name, TensorBlock(np.concatenate(values, axis=-1), samples, components, block.properties))


def _union(samples: Sequence[Labels]) -> Labels:
    """All rows, sorted; the first as they are if the others are the same."""
    from metatensor import Labels

    if all(one == samples[0] for one in samples):
        return samples[0]
    return Labels(samples[0].names, np.unique(np.concatenate([one.values for one in samples]), axis=0))


def _at(own: Labels, values: npt.NDArray[Any], samples: Labels) -> npt.NDArray[Any]:
    """Values of some rows at their places among more rows, zero elsewhere."""
    if own == samples:
        return values
    wide = np.zeros((len(samples), *values.shape[1:]), dtype=values.dtype)
    wide[[samples.position(row) for row in own.values]] = values
    return wide
