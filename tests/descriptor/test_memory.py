"""The working set is bounded: by the chunks, not by pairs × moments and not by particles²."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from anisoap_opt.basis.monomials import num_up_to_degree
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.neighbors import find_neighborhoods
from tests.frames_for_tests import calculator, random_frame

MIB = 1 << 20


def peak(function: Callable[[], Any]) -> float:
    """Largest memory that NumPy and Python held at once beyond the start, MiB."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


def test_moments_of_all_pairs_are_never_held() -> None:
    projection = calculator(max_angular=9, max_radial=6, basis_rcond=1e-8, basis_tol=1e-3, cutoff_radius=7.0)
    frames = [random_frame(seed, 24, types=(1,), cell=8 * np.eye(3), pbc=True) for seed in range(10)]
    batch = ParticleBatch.from_frames(frames, "c_q")
    num_pairs = len(find_neighborhoods(batch, 7.0, self_pairs=True).pairs.j)
    all_moments = num_pairs * num_up_to_degree(9 + 2 * 6) * 8 / MIB
    assert peak(lambda: projection.power_spectrum(frames)) < all_moments / 3


def test_a_frame_of_a_thousand_particles() -> None:
    """57 000 pairs take 3 MB; trying all 27 million candidates at once would take a gigabyte."""
    frame = random_frame(1, 1000, types=(1,), cell=25 * np.eye(3), pbc=True)
    projection = calculator(max_angular=1, cutoff_radius=6.0)
    assert peak(lambda: projection.power_spectrum([frame])) < 200


LARGE = {"max_angular": 9, "max_radial": 6, "basis_rcond": 1e-8, "basis_tol": 1e-3, "cutoff_radius": 6.0}


def size(descriptor: Any) -> float:
    """Of the values of a TensorMap, MiB."""
    return sum(block.values.nbytes for block in descriptor.blocks()) / MIB


@pytest.mark.slow_with("warp")
def test_single_pairs_are_expanded_in_chunks(fast_backend: str) -> None:
    """5.6 kB a pair go to the result, and only a chunk's working space beside it."""
    frames = [random_frame(seed, 12, types=(1,), cell=8 * np.eye(3), pbc=True) for seed in range(20)]
    projection = calculator(backend=fast_backend, **LARGE)
    expansion, pairs = projection.transform(frames, return_pef=True)  # warm
    result = size(expansion) + size(pairs)
    del expansion, pairs
    assert result > 10
    assert peak(lambda: projection.transform(frames, return_pef=True)) < 1.2 * result + 20


@pytest.mark.slow_with("warp")
def test_an_expansion_is_written_once(fast_backend: str) -> None:
    """Chunks go straight to their place: joined at the end, they would take the output's size again."""
    frames = [random_frame(seed, 2, types=(1,), cell=30 * np.eye(3), pbc=True) for seed in range(3000)]
    frames[0].positions[1] = frames[0].positions[0] + 0.1
    projection = calculator(backend=fast_backend, **{**LARGE, "cutoff_radius": 0.3})
    result = size(projection.transform(frames))
    assert result > 30
    assert peak(lambda: projection.transform(frames)) < 1.2 * result + 20
