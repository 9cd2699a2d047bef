"""Features and other numbers as axes of a map, as `anisoap_opt.viewing` gives them to chemiscope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from anisoap_opt.arrays import Array
from anisoap_opt.frames import ParticleBatch

if TYPE_CHECKING:
    from metatensor import TensorMap


def property_of(name: str, values: Any, batch: ParticleBatch, description: str = "") -> dict[str, Any]:
    """One value a frame or a particle, as chemiscope is given it."""
    table = np.asarray(values)
    if table.ndim != 1:
        raise ValueError(f"properties: {name!r} must have one value a frame or a particle, got shape {table.shape}")
    return {"target": _target(name, table, batch), "values": table, "description": description}


def _target(name: str, table: Any, batch: ParticleBatch) -> str:
    """Whether rows belong to frames or particles, of finite numbers."""
    if not np.issubdtype(table.dtype, np.number) or np.iscomplexobj(table):
        raise TypeError(f"{name!r} must hold real numbers, got {table.dtype}")
    frames, particles = batch.num_frames, len(batch.types)
    if len(table) not in (frames, particles or frames):
        raise ValueError(f"{name!r} has {len(table)} rows, but there are {frames} frames of {particles} particles")
    if not np.isfinite(table).all():
        row = int(np.argwhere(~np.isfinite(table))[0][0])
        raise ValueError(f"{name!r} must be finite, but row {row} is not")
    return "structure" if len(table) == frames else "atom"


def axes_of_map(features: Any, names: Sequence[str] | None, batch: ParticleBatch) -> dict[str, dict[str, Any]]:
    """Axes of the map: features themselves if they are few, else principal components."""
    table = _table(features, batch) if hasattr(features, "blocks") else np.asarray(features)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2 or not table.shape[1]:
        raise ValueError(f"features must be [frames, columns] or [particles, columns], got shape {table.shape}")
    _target("features", table, batch)
    count = table.shape[1]
    if names is not None and (len(set(names)) != count or count > 3 or not all(names) or "frame" in names):
        raise ValueError(f"feature_names must be different names of up to three columns, got {names} for {count}")
    if count <= 3:
        names = names or [f"feature {k}" for k in range(count)]
        return {name: property_of("features", table[:, k], batch) for k, name in enumerate(names)}
    largest = float(np.abs(table).max()) or 1.0  # squares neither over- nor underflow
    table = table / largest
    left, sizes, _ = np.linalg.svd(table - table.mean(axis=0, dtype=np.float64), full_matrices=False)
    share = sizes**2 / max((sizes**2).sum(), np.finfo(float).tiny)
    return {
        f"PC {k + 1}": property_of(
            "features", left[:, k] * sizes[k] * largest, batch, f"{share[k]:.1%} of the variance"
        )
        for k in range(min(3, len(sizes)))
    }


def _table(features: TensorMap, batch: ParticleBatch) -> Array:
    """The columns of all blocks beside each other, zero where a block has no row."""
    rows, parts = [], []
    for block in features.blocks():
        samples = np.asarray(block.samples.values)
        if block.samples.names not in (["type"], ["type", "center"]):
            raise ValueError(f"features: samples must be 'type', or 'type' and 'center', got {block.samples.names}")
        centers = samples.shape[1] == 2
        rows.append(batch.offsets[samples[:, 0]] + samples[:, 1] if centers else samples[:, 0])
        parts.append(np.asarray(block.values).reshape(len(samples), -1))
    table = np.zeros((len(batch.types) if centers else batch.num_frames, sum(part.shape[1] for part in parts)))
    first = 0
    for row, part in zip(rows, parts, strict=True):
        table[row, first : first + part.shape[1]] = part
        first += part.shape[1]
    return table
