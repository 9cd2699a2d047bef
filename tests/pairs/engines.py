"""Every way to search for neighbours, as one parameter of the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list

from anisoap_opt import kernels, neighbors
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.pairs import Neighborhoods

Search = Callable[..., Neighborhoods]
Rows = dict[tuple[int, ...], Any]

ENGINES = {  # name → backend whose search it is, and the constants that make it take this way for every frame
    "all pairs": ("numpy_only", {"BRUTE_FORCE_CANDIDATES": 1 << 60}),
    "trees": ("numpy_only", {"BRUTE_FORCE_CANDIDATES": 0}),
    "images": ("numba", {"GRID_PARTICLES": 1 << 60}),
    "grid": ("numba", {"GRID_PARTICLES": 0}),
    "fine grid": (
        "numba",
        {"GRID_PARTICLES": 0, "CELLS_PER_CUTOFF": 3, "CELLS_PER_PARTICLE": 50},
    ),
    "warp images": ("warp", {"IMAGE_CANDIDATES": 1 << 60}),
    "warp grid": (
        "warp",
        {"IMAGE_CANDIDATES": 0, "GRID_PARTICLES": 0, "CELLS_PER_CUTOFF": 2, "CELLS_PER_PARTICLE": 20},
    ),
}


def engine(name: str, patch: pytest.MonkeyPatch) -> Search:
    """The search of this name; skips where its backend is not installed."""
    backend, constants = ENGINES[name]
    if not kernels.BACKENDS[backend].installed:
        pytest.skip(f"{backend} is not installed")
    module = neighbors
    if backend == "numba":
        from anisoap_opt.kernels.numba import scene as module  # type: ignore[no-redef]
    if backend == "warp":
        from anisoap_opt.kernels.warp import neighbors as module  # type: ignore[no-redef]
    for constant, value in constants.items():
        patch.setattr(module, constant, value)
    return kernels.load_search(backend)


def rows_of(found: Neighborhoods) -> Rows:
    """(i, j, shift) → r_ij of every pair; i from the segment it lies in."""
    pairs, shifts = found.pairs, found.shifts
    assert shifts is not None
    centers = np.concatenate([np.repeat(b.centers, len(b.neighbor_types)) for b in found.blocks] or [np.zeros(0, int)])
    i = np.repeat(centers, np.diff(pairs.start))
    rows = {(int(a), int(b), *map(int, s)): r for a, b, s, r in zip(i, pairs.j, shifts, pairs.r_ij, strict=True)}
    assert len(rows) == len(pairs.j)  # no pair twice
    return rows


def found(search: Search, frames: list[Atoms], cutoff: float, **options: Any) -> Rows:
    """Pairs of one search."""
    batch = ParticleBatch.from_frames(frames, "c_q")
    return rows_of(search(batch, cutoff, **{"self_pairs": False, "keep_shifts": True, **options}))


def expected(frames: list[Atoms], cutoff: float) -> Rows:
    """Pairs as ASE finds them."""
    rows, first = {}, 0
    for frame in frames:
        i, j, shifts, vectors = neighbor_list("ijSD", frame, cutoff)
        for a, b, s, r in zip(i, j, shifts, vectors, strict=True):
            rows[(int(a) + first, int(b) + first, *map(int, s))] = r
        first += len(frame)
    return rows


def assert_same(actual: Rows, wanted: Rows) -> None:
    """The same pairs, with the same vectors."""
    assert actual.keys() == wanted.keys()
    for pair, r in wanted.items():
        np.testing.assert_allclose(actual[pair], r, atol=1e-9 if np.abs(r).max() > 1e3 else 1e-11)
