"""From tensors to a TensorMap of `metatensor.torch` and back, with the names that AniSOAP's torch version has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from anisoap_opt.nn.expansion import center_coefficients
from anisoap_opt.nn.graph import Graph
from anisoap_opt.pairs import CenterBlock
from anisoap_opt.power_spectrum import power_spectrum
from anisoap_opt.tensormap import PROPERTIES, feature_labels

if TYPE_CHECKING:
    from metatensor.torch import Labels, TensorMap


def pair_map(graph: Graph, coefficients: Sequence[torch.Tensor]) -> TensorMap:
    """TensorMap of the expansion of every single pair.

    Parameters
    ----------
    graph : Graph
    coefficients : sequence of tensor, the l-th of shape [pairs, 2l+1, n_l]

    Returns
    -------
    TensorMap
        Keys `types_center, types_neighbor, angular_channel`; samples `system, first_atom, second_atom, pair`; component
        `spherical_component_m`; property `n`.
    """
    types = np.column_stack([graph.types[graph.i], graph.types[graph.j]])
    all_samples = np.column_stack([graph.samples[graph.i], graph.samples[graph.j, 1], graph.number])
    names = ["system", "first_atom", "second_atom", "pair"]
    keys, blocks = [], []
    for center_type, neighbor_type in np.unique(types, axis=0).tolist():
        chosen = np.flatnonzero((types == (center_type, neighbor_type)).all(axis=1))
        place = torch.as_tensor(chosen, device=graph.r_ij.device)
        samples = _labels(names, all_samples[chosen], graph.r_ij)
        for l, c in enumerate(coefficients):
            keys.append((center_type, neighbor_type, l))
            properties = _labels(["n"], np.arange(c.shape[2])[:, None], c)
            blocks.append((c.index_select(0, place), samples, [_orders("spherical_component_m", l, c)], properties))
    return _map(["types_center", "types_neighbor", "angular_channel"], keys, blocks, graph.r_ij)


def expansion_map(graph: Graph, blocks: Sequence[CenterBlock], coefficients: Sequence[torch.Tensor]) -> TensorMap:
    """TensorMap of the density expansion.

    Parameters
    ----------
    graph : Graph
    blocks : sequence of CenterBlock
    coefficients : sequence of tensor, the l-th of shape [segments, 2l+1, n_l]

    Returns
    -------
    TensorMap
        Keys `types_center, angular_channel`; samples `type, center` (system and particle); component
        `spherical_component_m`; properties `n, neighbor_types`, the first slow.
    """
    keys, parts = [], []
    for block in blocks:
        samples = _labels(["type", "center"], graph.samples[block.centers], graph.r_ij)
        for l, c in enumerate(center_coefficients(coefficients, block)):
            n, neighbor = np.divmod(np.arange(c.shape[2]), len(block.neighbor_types))
            rows = np.column_stack([n, np.array(block.neighbor_types)[neighbor]])
            keys.append((block.center_type, l))
            properties = _labels(["n", "neighbor_types"], rows, c)
            parts.append((c, samples, [_orders("spherical_component_m", l, c)], properties))
    return _map(["types_center", "angular_channel"], keys, parts, graph.r_ij)


def power_spectrum_map(graph: Graph, blocks: Sequence[CenterBlock], coefficients: Sequence[torch.Tensor]) -> TensorMap:
    """TensorMap of the power spectrum of every centre; parameters as for `expansion_map`.

    Returns
    -------
    TensorMap
        Keys `order_nu, angular_channel, types_center`; samples `type, center`; component `spherical_harmonics_m`;
        properties `n_1_a, neighbor_types_1_a, k_2, n_1_b, neighbor_types_1_b, l_2`.
    """
    num_radial = tuple(c.shape[2] for c in coefficients)
    keys, parts = [], []
    for block in blocks:
        values = power_spectrum(center_coefficients(coefficients, block))
        rows = (
            feature_labels([(block.center_type, block.neighbor_types)], num_radial)
            .view(np.int32)
            .reshape(-1, 1 + len(PROPERTIES))[:, 1:]
        )
        samples = _labels(["type", "center"], graph.samples[block.centers], values)
        components = [_orders("spherical_harmonics_m", 0, values)]
        keys.append((2, 0, block.center_type))
        parts.append((values[:, None, :], samples, components, _labels(list(PROPERTIES), rows, values)))
    return _map(["order_nu", "angular_channel", "types_center"], keys, parts, graph.r_ij)


def feature_map(graph: Graph, features: torch.Tensor, *, by_type: bool) -> TensorMap:
    """TensorMap of rows of features.

    Parameters
    ----------
    graph : Graph
    features : tensor, shape [particles, features]
    by_type : bool
        Whether each type of particles that there is gets a block, or all are in one.

    Returns
    -------
    TensorMap
        Keys `center_type`, or `_` which is 0; samples `system, atom`; no components; property `property`.
    """
    keys = [(center_type,) for center_type in np.unique(graph.types).tolist()] if by_type else [(0,)]
    properties = _labels(["property"], np.arange(features.shape[1])[:, None], features)
    parts: list[Any] = []
    for (center_type,) in keys:
        rows = np.flatnonzero(graph.types == center_type) if by_type else np.arange(len(graph.types))
        values = features.index_select(0, torch.as_tensor(rows, device=features.device))
        parts.append((values, _labels(["system", "atom"], graph.samples[rows], features), [], properties))
    return _map(["center_type" if by_type else "_"], keys, parts, features)


def dense_features(nu2: TensorMap, target_samples: Any = None) -> tuple[torch.Tensor, Labels]:
    """The blocks of a power spectrum beside each other.

    Parameters
    ----------
    nu2 : TensorMap
        See `power_spectrum_map`.
    target_samples : Labels, optional
        Rows; by default all samples that there are, ascending.

    Returns
    -------
    tensor, shape [rows, features]
        Zero where a row is no sample of the block.
    Labels

    Raises
    ------
    ValueError
        If there are no blocks, or a sample is not among `target_samples`, which have as many names.
    """
    blocks = _blocks(nu2)
    rows = [block.samples.values for block in blocks]
    wanted = [] if target_samples is None else [target_samples.values]
    if wanted and wanted[0].shape[1] != rows[0].shape[1]:
        raise ValueError(f"target_samples must have {rows[0].shape[1]} names, got {list(target_samples.names)}")
    known, place = torch.unique(torch.cat([*wanted, *rows]), dim=0, return_inverse=True)
    if target_samples is None:
        target_samples = _labels(list(blocks[0].samples.names), known, blocks[0].values)
        row_of_known = torch.arange(len(known), device=place.device)
    else:
        num = len(target_samples.values)
        row_of_known = torch.full((len(known),), -1, device=place.device).scatter(
            0, place[:num], torch.arange(num, device=place.device)
        )
        place = place[num:]
        if bool((row_of_known < 0).any()):
            raise ValueError(f"target_samples lacks the sample {known[row_of_known < 0][0].tolist()} of nu2")
    columns = []
    for block, own in zip(blocks, place.split([len(one) for one in rows]), strict=True):
        values = block.values.flatten(1)
        zeros = values.new_zeros((len(target_samples.values), values.shape[1]))
        columns.append(zeros.index_add(0, row_of_known[own], values))
    return torch.cat(columns, dim=1), target_samples


def system_means(nu2: TensorMap, target_samples: Any = None) -> tuple[torch.Tensor, Labels]:
    """Means of every block over the samples of each system; parameters as for `dense_features`.

    Returns
    -------
    tensor, shape [systems, features]
        Zero where a system has no sample in the block.
    Labels
        `system`, from 0.

    Raises
    ------
    ValueError
        As `dense_features`, and if the samples have neither a name `system` nor `type`.
    """
    blocks = _blocks(nu2)
    names = list(blocks[0].samples.names)
    column = next((names.index(name) for name in ("system", "type") if name in names), None)
    if column is None:
        raise ValueError(f"aggregate_by_system needs samples with the name 'system' or 'type', got {names}")
    systems = [block.samples.values[:, column].long() for block in blocks]
    rows = systems if target_samples is None else [target_samples.values[:, column].long()]
    num = int(torch.cat(rows).max()) + 1 if sum(map(len, rows)) else 0
    columns = []
    for block, system in zip(blocks, systems, strict=True):
        values = block.values.flatten(1)
        sums = values.new_zeros((num, values.shape[1])).index_add(0, system, values)
        columns.append(sums / torch.bincount(system, minlength=num).clamp(min=1).to(values.dtype)[:, None])
    return torch.cat(columns, dim=1), system_labels(num, blocks[0].values)


def system_labels(num: int, like: torch.Tensor) -> Labels:
    """Labels `system` from 0 to num - 1, on a tensor's device."""
    return _labels(["system"], np.arange(num)[:, None], like)


def _blocks(nu2: TensorMap) -> list[Any]:
    if len(nu2) == 0:
        raise ValueError("nu2 has no blocks")
    return list(nu2.blocks())


def _map(names: list[str], keys: Any, parts: list[Any], like: torch.Tensor) -> TensorMap:
    """A TensorMap of (values, samples, components, properties)."""
    metatensor = _metatensor()
    blocks = [metatensor.TensorBlock(*one) for one in parts]
    return metatensor.TensorMap(_labels(names, np.array(keys).reshape(-1, len(names)), like), blocks)


def _labels(names: list[str], rows: Any, like: torch.Tensor) -> Labels:
    """Labels on a tensor's device."""
    values = rows if isinstance(rows, torch.Tensor) else torch.from_numpy(np.array(rows, dtype=np.int32))
    return _metatensor().Labels(names, values.to(like.device))


def _metatensor() -> Any:
    """The module `metatensor.torch`, imported here: it takes a second."""
    try:
        import metatensor.torch
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "TensorMaps of tensors need metatensor-torch, which is not installed: pip install 'anisoap_opt[torch]'",
            name=error.name,
        ) from None
    return metatensor.torch


def _orders(name: str, l: int, like: torch.Tensor) -> Labels:
    """Component labels m = -l … l."""
    return _labels([name], np.arange(-l, l + 1)[:, None], like)
