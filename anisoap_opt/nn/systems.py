"""Systems of metatomic, with a neighbour list and per-atom data, as graphs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from anisoap_opt.nn.graph import Graph
from anisoap_opt.nn.particles import check_tensor, to_rotations

ROTATIONS = "anisoap::rotations"
"""Rotation matrices, body → space: three by three numbers an atom, in any number of axes."""
QUATERNIONS = "anisoap::quaternions"
"""Or quaternions (w, x, y, z), of any norm."""
SEMIAXES = "anisoap::ellipsoid_lengths"
"""Semiaxes, Å."""
DIAMETERS = "anisoap::c_diameters"
"""Or full axes, Å."""


def neighbor_list_options(cutoff_radius: float) -> Any:
    """The neighbour list that a system must carry: every pair in both directions.

    Raises
    ------
    ModuleNotFoundError
        If metatomic is not installed.
    """
    try:
        from metatomic.torch import NeighborListOptions
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "systems need metatomic-torch, which is not installed: pip install 'anisoap_opt[metatomic]'",
            name=error.name,
        ) from None
    return NeighborListOptions(cutoff=cutoff_radius, full_list=True, strict=False)


def graph_of_systems(systems: Any, cutoff_radius: float, *, self_pairs: bool) -> Graph:
    """The particles and pairs of systems.

    Parameters
    ----------
    systems : sequence of metatomic.torch.System, or one of them
        Of one dtype, on one device.
    cutoff_radius : float
        Pairs of the lists that are not closer are left out, Å.
    self_pairs : bool
        Whether to add the pair (i, i) at r = 0, which no list has.

    Returns
    -------
    Graph

    Raises
    ------
    TypeError, ValueError
        If a system lacks the neighbour list or data, or they are not usable; the message names system and data.
    """
    every = [systems] if hasattr(systems, "positions") else list(systems)
    if not every:
        raise ValueError("systems must hold at least one system")
    options = neighbor_list_options(cutoff_radius)
    like, first = every[0].positions, np.cumsum([0, *(len(system.types) for system in every)])
    vectors, rotations, semiaxes = [], [], []
    centers: list[torch.Tensor] = []
    neighbors: list[torch.Tensor] = []
    for index, system in enumerate(every):
        x = system.positions
        if x.dtype != like.dtype or x.device != like.device:
            raise ValueError(
                f"system {index}: positions must be {like.dtype} on {like.device} as those of system 0, "
                f"got {x.dtype} on {x.device}"
            )
        pairs = _neighbor_list(system, index, options)
        vectors.append(pairs.values.reshape(-1, 3))
        for ends, name in ((centers, "first_atom"), (neighbors, "second_atom")):
            ends.append(pairs.samples.column(name).long() + int(first[index]))
        rotations.append(_rotations(system, index))
        semiaxes.append(_semiaxes(system, index))
    counts = torch.as_tensor(np.diff(first))
    graph = Graph.checked(
        torch.cat(vectors), torch.cat(centers), torch.cat(neighbors), torch.cat([system.types for system in every]),
        torch.repeat_interleave(counts), np.arange(first[-1]) - np.repeat(first[:-1], counts),
        torch.cat(rotations), torch.cat(semiaxes),
    )  # fmt: skip
    graph = replace(graph.within(cutoff_radius), num_systems=len(every))
    return graph.with_self_pairs() if self_pairs else graph


def _neighbor_list(system: Any, index: int, options: Any) -> Any:
    try:
        return system.get_neighbor_list(options)
    except (RuntimeError, ValueError):
        known = ", ".join(map(str, system.known_neighbor_lists())) or "none"
        raise ValueError(
            f"system {index} lacks the neighbour list {options} of requested_neighbor_lists(); it has: {known}"
        ) from None


def _rotations(system: Any, index: int) -> torch.Tensor:
    """Rotation matrices, [particles, 3, 3]."""
    name, values = _data(system, index, {ROTATIONS: 9, QUATERNIONS: 4})
    if name == QUATERNIONS:
        return to_rotations(f"system {index}: {name}", values)
    return values.reshape(-1, 3, 3)


def _semiaxes(system: Any, index: int) -> torch.Tensor:
    """Å, [particles, 3]."""
    name, values = _data(system, index, {SEMIAXES: 3, DIAMETERS: 3})
    return values / 2 if name == DIAMETERS else values


def _data(system: Any, index: int, widths: dict[str, int]) -> tuple[str, torch.Tensor]:
    """Name and values of the one of two data that a system has, [particles, width]."""
    known = system.known_data()
    found = [name for name in widths if name in known]
    if len(found) != 1:
        told = f"has both {' and '.join(found)}" if found else f"has neither {' nor '.join(widths)}"
        raise ValueError(f"system {index} {told}; its data are: {', '.join(known) or 'none'}")
    (name,) = found
    blocks = system.get_data(name).blocks()
    if len(blocks) != 1:
        raise ValueError(f"system {index}: {name} must be one block, got {len(blocks)}")
    samples, values = blocks[0].samples, blocks[0].values.flatten(1)
    check_tensor(f"system {index}: {name}", values, (len(system.positions), widths[name]), system.positions)
    if "atom" in samples.names and bool((samples.column("atom").diff() < 0).any()):
        raise ValueError(f"system {index}: {name} must have the atoms in their order")
    return name, values
