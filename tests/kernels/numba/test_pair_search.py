"""Pairs that are written when they are asked for: any range of centres, on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from anisoap_opt.kernels.numba import neighbors, threads  # noqa: E402
from tests.pairs.test_neighbors import BATCHES  # noqa: E402


@pytest.mark.parametrize("count", [1, 2])
def test_ranges_of_segments_give_the_same_pairs(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    batch = BATCHES["crowd"]
    whole = neighbors.find_neighborhoods(batch, 5.0, self_pairs=True, keep_shifts=True)
    monkeypatch.setattr(neighbors, "MIN_TASK", 1)
    monkeypatch.setattr(threads, "num_threads", lambda: count)
    search = neighbors.PairSearch(batch, 5.0, self_pairs=True)
    cuts = [0, *(b.first_segment + 10 * len(b.neighbor_types) for b in search.blocks), search.num_segments]
    parts = [search.fill(a, b, keep_shifts=True) for a, b in zip(cuts[:-1], cuts[1:], strict=True)]
    assert np.array_equal(np.concatenate([p.j for p, _ in parts]), whole.pairs.j)
    assert np.array_equal(np.concatenate([p.r_ij for p, _ in parts]), whole.pairs.r_ij)
    assert np.array_equal(np.concatenate([s for _, s in parts]), whole.shifts)
    starts = [p.start[1:] + search.start[a] for (p, _), a in zip(parts, cuts[:-1], strict=True)]
    assert np.array_equal(np.concatenate([[0], *starts]), whole.pairs.start)


@pytest.mark.parametrize(("first", "last"), [(0, 1), (1, 3), (-3, 3), (0, 10**6), (3, 0)])
def test_a_cut_inside_a_center_is_refused(first: int, last: int) -> None:
    """Pairs would be written where there is no room for them."""
    search = neighbors.PairSearch(BATCHES["crowd"], 5.0, self_pairs=True)
    assert len(search.blocks[0].neighbor_types) == 3
    with pytest.raises(ValueError, match="segment"):
        search.fill(first, last)
