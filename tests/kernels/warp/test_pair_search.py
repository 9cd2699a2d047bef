"""Pairs that stay on the device: any range of centres, and the same to the last bit every time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("warp")

from anisoap_opt.frames import ParticleBatch  # noqa: E402
from anisoap_opt.kernels.contract import KernelOptions  # noqa: E402
from anisoap_opt.kernels.warp import neighbors  # noqa: E402
from tests.frames_for_tests import random_frame  # noqa: E402
from tests.pairs.test_neighbors import BATCHES  # noqa: E402


def search(name: str) -> Any:
    return neighbors.find_neighborhoods(BATCHES[name], 5.0, self_pairs=True, options=KernelOptions()).pairs


@pytest.mark.parametrize("name", ["small", "crowd"])
def test_ranges_of_segments_give_the_same_pairs(name: str) -> None:
    whole = neighbors.find_neighborhoods(BATCHES[name], 5.0, self_pairs=True, keep_shifts=True).pairs
    found = search(name)
    cuts = [0, *(b.first_segment + len(b.neighbor_types) for b in found.blocks), found.num_segments]
    parts = [found.segments(a, b) for a, b in zip(cuts[:-1], cuts[1:], strict=True)]
    assert np.array_equal(np.concatenate([part.j for part in parts]), whole.j)
    assert np.array_equal(np.concatenate([part.r_ij for part in parts]), whole.r_ij)
    assert all(np.array_equal(part.start, part.start_there) for part in parts)
    starts = [part.start[1:] + found.start[a] for part, a in zip(parts, cuts[:-1], strict=True)]
    assert np.array_equal(np.concatenate([[0], *starts]), whole.start)


@pytest.mark.parametrize(("first", "last"), [(0, 1), (1, 3), (-3, 3), (0, 10**6), (3, 0)])
def test_a_cut_inside_a_center_is_refused(first: int, last: int) -> None:
    """Its pairs would be left out."""
    with pytest.raises(ValueError, match="whole centres"):
        search("crowd").segments(first, last)


def test_large_frames_get_a_grid_and_small_ones_do_not() -> None:
    frames = [random_frame(1, 1000, (1,), cell=27 * np.eye(3), pbc=True), random_frame(2, 8, box=4.0)]
    batch = ParticleBatch.from_frames(frames, "c_q")
    found = neighbors.PairSearch(batch, 7.0, torch.device("cpu"), True, None, None)
    assert found._tensors["num_cells"].tolist() == [[3, 3, 3], [0, 0, 0]]
