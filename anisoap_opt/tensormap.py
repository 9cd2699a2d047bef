"""From arrays to metatensor's TensorMap, with AniSOAP's names; the only room that imports metatensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from anisoap_opt.arrays import Floats, Ints
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.pairs import CenterBlock, Neighborhoods
from anisoap_opt.parameters import PARAMETERS

if TYPE_CHECKING:
    from metatensor import Labels, TensorBlock, TensorMap

    from anisoap_opt.gradients import Gradient

PROPERTIES = ("n_1_a", "neighbor_types_1_a", "k_2", "n_1_b", "neighbor_types_1_b", "l_2")
"""Of a power spectrum."""


def expansion_map(
    batch: ParticleBatch,
    values: list[tuple[CenterBlock, list[Any]]],
    num_radial: tuple[int, ...],
    gradients: Sequence[Sequence[Gradient]] | None = None,
) -> TensorMap:
    """TensorMap of the density expansion.

    Parameters
    ----------
    batch : ParticleBatch
    values : list of (CenterBlock, list of ndarray)
        Per block and l: [centers, 2l+1, n_l · neighbor types].
    num_radial : tuple of int
        n_l.
    gradients : list of list of Gradient
        Of each block, perhaps.

    Returns
    -------
    TensorMap
        Keys `types_center, angular_channel`; samples `type, center` (frame and particle); component
        `spherical_component_m`; properties `n, neighbor_types`.
    """
    from metatensor import TensorBlock, TensorMap

    keys, blocks = [], []
    for number, (block, per_l) in enumerate(values):
        samples = _labels(["type", "center"], _frame_and_particle(batch, block.centers))
        for l, array in enumerate(per_l):
            properties = _product(range(num_radial[l]), block.neighbor_types)
            keys.append((block.center_type, l))
            blocks.append(
                TensorBlock(
                    values=np.ascontiguousarray(array),
                    samples=samples,
                    components=[_orders("spherical_component_m", l)],
                    properties=_labels(["n", "neighbor_types"], properties),
                )
            )
        if gradients:
            _add_gradients(blocks[-len(per_l) :], gradients[number])
    return TensorMap(_labels(["types_center", "angular_channel"], _rows(keys, 2)), blocks)


def power_spectrum_map(
    batch: ParticleBatch,
    values: list[tuple[CenterBlock, Any]],
    num_radial: tuple[int, ...],
    *,
    symmetric: bool = False,
    gradients: Sequence[Sequence[Gradient]] | None = None,
    reduced: bool = False,
) -> TensorMap:
    """TensorMap of the power spectrum of every centre, or of every frame.

    Parameters
    ----------
    batch : ParticleBatch
    values : list of (CenterBlock, ndarray)
        Per block: [centers, features], or [frames, features].
    num_radial : tuple of int
        n_l.
    symmetric : bool
        Whether only a ≤ b is kept, as in `power_spectrum`.
    gradients : list of list of Gradient
        Of each block, perhaps.
    reduced : bool
        Whether a row is that of a frame: every block has one for each frame, and side by side they are the array of
        `anisoap_opt.power_spectrum.reduced_power_spectrum`.

    Returns
    -------
    TensorMap
        Keys `order_nu, angular_channel, types_center`; samples `type, center`, or `type`; component
        `spherical_harmonics_m`; properties `n_1_a, neighbor_types_1_a, k_2, n_1_b, neighbor_types_1_b, l_2`.
    """
    from metatensor import TensorBlock, TensorMap

    keys, blocks = [], []
    for number, (block, array) in enumerate(values):
        centers = _frame_and_particle(batch, block.centers)
        frames = np.arange(batch.num_frames)[:, None]
        keys.append((2, 0, block.center_type))
        blocks.append(
            TensorBlock(
                values=np.ascontiguousarray(array)[:, None, :],
                samples=_labels(["type"], frames) if reduced else _labels(["type", "center"], centers),
                components=[_orders("spherical_harmonics_m", 0)],
                properties=power_spectrum_properties(block.neighbor_types, num_radial, symmetric=symmetric),
            )
        )
        if gradients:
            spectra = [one._replace(values=[np.expand_dims(v, -2) for v in one.values]) for one in gradients[number]]
            _add_gradients(blocks[-1:], spectra)
    return TensorMap(_labels(["order_nu", "angular_channel", "types_center"], _rows(keys, 3)), blocks)


def _add_gradients(blocks: list[TensorBlock], gradients: Sequence[Gradient]) -> None:
    """Give each block its gradients: components of the parameter first, then those of the block."""
    from metatensor import TensorBlock

    for one in gradients:
        parameter = PARAMETERS[one.parameter]
        names = ["sample", "system", "atom"] if parameter.per_particle else ["sample"]
        samples = _labels(names, one.samples)
        axes = [_labels([name], np.arange(3)[:, None]) for name in parameter.components]
        for block, values in zip(blocks, one.values, strict=True):
            components = [*axes, *block.components]
            block.add_gradient(one.parameter, TensorBlock(values, samples, components, block.properties))


def power_spectrum_properties(
    neighbor_types: tuple[int, ...], num_radial: tuple[int, ...], *, symmetric: bool = False
) -> Labels:
    """Labels of the columns of one centre type's power spectrum, in the order of `power_spectrum`."""
    return _labels(list(PROPERTIES), _property_values(neighbor_types, num_radial, symmetric))


def feature_labels(
    layout: Sequence[tuple[int, tuple[int, ...]]], num_radial: tuple[int, ...], *, symmetric: bool = False
) -> npt.NDArray[np.void]:
    """What stands in each column of a power spectrum whose blocks follow each other.

    Parameters
    ----------
    layout : sequence of (int, tuple of int)
        Centre type and neighbour types of each block.
    num_radial : tuple of int
        n_l.
    symmetric : bool
        Whether only a ≤ b is kept, as in `power_spectrum`.

    Returns
    -------
    ndarray, shape [features]
        With the fields `types_center` and those of `power_spectrum_map`, integers.
    """
    names = ("types_center", *PROPERTIES)
    per_block = [
        np.insert(_property_values(neighbor_types, num_radial, symmetric), 0, center_type, axis=1)
        for center_type, neighbor_types in layout
    ]
    rows = np.concatenate([np.zeros((0, len(names)), dtype=np.int64), *per_block])
    return np.ascontiguousarray(rows, dtype=np.int32).view([(name, np.int32) for name in names])[:, 0]


def _property_values(neighbor_types: tuple[int, ...], num_radial: tuple[int, ...], symmetric: bool) -> Ints:
    per_l = []
    for l, num in enumerate(num_radial):
        one = np.insert(_product(range(num), neighbor_types), 2, l, axis=1)  # n, neighbor_type, l
        size = len(one)
        a, b = np.triu_indices(size) if symmetric else np.indices((size, size)).reshape(2, -1)
        per_l.append(np.hstack([one[a], one[b]]))
    return np.concatenate(per_l)


def pair_map(
    batch: ParticleBatch,
    neighborhoods: Neighborhoods,
    expand: Callable[[Ints], list[Floats]],
    num_radial: tuple[int, ...],
) -> TensorMap:
    """TensorMap of the expansion of every single pair.

    Parameters
    ----------
    batch : ParticleBatch
    neighborhoods : Neighborhoods
        With cell shifts.
    expand : callable
        From some pairs' numbers to their coefficients, a list of ndarray, the l-th of shape [these pairs, 2l+1, n_l].
    num_radial : tuple of int
        n_l.

    Returns
    -------
    TensorMap
        Keys `types_center, types_neighbor, angular_channel`; samples `system, first_atom, second_atom, cell_shift_a,
        cell_shift_b, cell_shift_c`; component `spherical_component_m`; property `n`.
    """
    from metatensor import TensorBlock, TensorMap

    pairs = neighborhoods.pairs
    names = ["system", "first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
    keys, blocks = [], []
    for block in neighborhoods.blocks:
        width = len(block.neighbor_types)
        for column, neighbor_type in enumerate(block.neighbor_types):
            segments = block.first_segment + width * np.arange(len(block.centers)) + column
            counts = pairs.start[segments + 1] - pairs.start[segments]
            if not counts.sum():
                continue
            within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            chosen = np.repeat(pairs.start[segments], counts) + within
            assert neighborhoods.shifts is not None
            samples = _labels(
                names,
                np.hstack(
                    [
                        _frame_and_particle(batch, np.repeat(block.centers, counts)),
                        _frame_and_particle(batch, pairs.j[chosen])[:, 1:],
                        neighborhoods.shifts[chosen],
                    ]
                ),
            )
            for l, array in enumerate(expand(chosen)):
                keys.append((block.center_type, neighbor_type, l))
                blocks.append(
                    TensorBlock(
                        values=array,
                        samples=samples,
                        components=[_orders("spherical_component_m", l)],
                        properties=_labels(["n"], np.arange(num_radial[l])[:, None]),
                    )
                )
    return TensorMap(_labels(["types_center", "types_neighbor", "angular_channel"], _rows(keys, 3)), blocks)


def _labels(names: list[str], values: npt.NDArray[Any]) -> Labels:
    from metatensor import Labels

    return Labels(names, np.ascontiguousarray(values, dtype=np.int32))


def _orders(name: str, l: int) -> Labels:
    """Component labels m = -l … l."""
    return _labels([name], np.arange(-l, l + 1)[:, None])


def _rows(keys: Sequence[tuple[int, ...]], width: int) -> Ints:
    return np.array(keys, dtype=np.int64).reshape(-1, width)


def _product(slow: range, fast: tuple[int, ...]) -> Ints:
    """All (slow, fast) rows, the second index fastest."""
    return np.column_stack([np.repeat(slow, len(fast)), np.tile(fast, len(slow))])


def _frame_and_particle(batch: ParticleBatch, particles: Ints) -> Ints:
    """Frame index and index within the frame, [particles, 2]."""
    frame = np.searchsorted(batch.offsets, particles, side="right") - 1
    return np.column_stack([frame, particles - batch.offsets[frame]])
