"""The parts of a report, as plain numbers with names that stay; None stands for what there is not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from anisoap_opt.arrays import Array
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.inspection.cost import Cost
from anisoap_opt.inspection.distances import Distances
from anisoap_opt.inspection.orientations import alike
from anisoap_opt.inspection.walk import Walk
from anisoap_opt.projection import EllipsoidalDensityProjection


def of_frames(files: list[str], found: Walk, looked_at: int) -> dict[str, Any]:
    """How many frames and particles; `looked_at_closely` frames are those whose distances are known."""
    there = found.good > 0
    return {
        "files": files,
        "number": found.frames,
        "refused": len(found.refused),
        "looked_at_closely": looked_at,
        "particles": found.particles,
        "fewest_particles": int(found.counts[1]) if there else None,
        "most_particles": int(found.counts[2]) if there else None,
    }


def of_types(found: Walk) -> list[dict[str, Any]]:
    """For each type how many particles, and their diameters along the body's x, y and z, Å."""
    from ase.data import chemical_symbols

    return [
        {
            "type": one,
            "symbol": chemical_symbols[one] if one < len(chemical_symbols) else None,
            "particles": sizes.particles,
            "least_diameters": _numbers(sizes.least),
            "mean_diameters": _numbers(sizes.total / sizes.particles),
            "largest_diameters": _numbers(sizes.largest),
        }
        for one, sizes in sorted(found.sizes.items())
    ]


def of_diameters(found: Walk, sample: ParticleBatch) -> dict[str, Any]:
    """Extremes of all particles; shares of shapes among those looked at closely."""
    low, middle, high = np.sort(sample.semiaxes, axis=1).T
    round_, flat, long = alike(low, high), alike(middle, high), alike(low, middle)
    shapes = {
        "spheres": round_,
        "discs": flat & ~long,
        "rods": long & ~flat,
        "three_axes": ~flat & ~long,
    }
    there = bool(found.sizes)
    return {
        "least": _number(min(one.least.min() for one in found.sizes.values())) if there else None,
        "largest": _number(max(one.largest.max() for one in found.sizes.values())) if there else None,
        "least_aspect_ratio": _number(found.aspect[0]) if there else None,
        "largest_aspect_ratio": _number(found.aspect[1]) if there else None,
        "shares": {name: _number(which.mean()) if len(low) else None for name, which in shapes.items()},
    }


def of_quaternions(found: Walk, quaternions: Array, signs: Mapping[str, Sequence[str]]) -> dict[str, Any] | None:
    """Norms of all, root mean squares of w, x, y, z of those looked at; None if there are no quaternions."""
    if not found.order:
        return None
    return {
        "order": found.order,
        "least_norm": _number(found.norms[0]),
        "largest_norm": _number(found.norms[1]),
        "root_mean_square": dict(zip("wxyz", _numbers(np.sqrt((quaternions**2).mean(axis=0))), strict=True)),
        "signs_of_the_other_order": [sign for several in signs.values() for sign in several],
    }


def of_distances(distances: Distances, cutoff: float, found: Walk) -> dict[str, Any]:
    """Neighbours, nearest neighbours, contacts."""
    neighbors, nearest, contact = distances.neighbors, distances.nearest, distances.contact
    return {
        "cutoff_radius": cutoff,
        "centers": distances.centers,
        "fewest_neighbors": int(neighbors.min()) if len(neighbors) else None,
        "mean_neighbors": float(neighbors.mean()) if len(neighbors) else None,
        "most_neighbors": int(neighbors.max()) if len(neighbors) else None,
        "without_neighbors": distances.isolated,
        "mean_distance": _number(distances.mean),
        "least_nearest": _number(nearest.min()) if len(nearest) else distances.shortest,
        "mean_nearest": _number(nearest.mean()) if len(nearest) else None,
        "mean_contact_of_nearest": _number(contact.mean()) if len(contact) else None,
        "least_distance_over_contact": _number(distances.closest),
        "overlapping_centers": distances.overlapping,
        "pairs_on_top_of_each_other": found.on_top,
        "pairs_at_the_cutoff": distances.at_cutoff,
    }


def of_cells(found: Walk) -> dict[str, Any]:
    """Distances of opposite faces of periodic cells, Å."""
    return {
        "periodic_frames": found.periodic,
        "least_height": _number(found.height),
        "narrower_than_cutoff": found.narrow,
    }


def of_cost(costs: Sequence[Cost], calculator: EllipsoidalDensityProjection) -> dict[str, Any]:
    """For each size; times are those of this machine and backend, without reading files."""
    return {
        "backend": calculator.backend,
        "dtype": calculator.dtype,
        "sizes": [one._asdict() for one in costs],
    }


def _number(value: Any) -> float | None:
    """A finite number, or None, for JSON."""
    return float(value) if math.isfinite(value) else None


def _numbers(values: Array) -> list[float | None]:
    return [_number(one) for one in values]
