"""The compiled neighbour search against the NumPy one (itself tested against ASE's), and against ASE's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase.neighborlist import neighbor_list

pytest.importorskip("numba")

from anisoap_opt import neighbors as numpy_search  # noqa: E402
from anisoap_opt.frames import ParticleBatch  # noqa: E402
from anisoap_opt.kernels.numba import neighbors, scene  # noqa: E402
from anisoap_opt.pairs import Neighborhoods  # noqa: E402
from tests.frames_for_tests import TRICLINIC, mixed_frames, random_frame  # noqa: E402


@pytest.fixture(params=["images", "grid", "fine grid"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every frame by images, or every frame by grid."""
    if request.param != "images":
        monkeypatch.setattr(scene, "IMAGE_CANDIDATES", 0)
        monkeypatch.setattr(scene, "GRID_PARTICLES", 0)
    if request.param == "fine grid":
        monkeypatch.setattr(scene, "CELLS_PER_CUTOFF", 3)
        monkeypatch.setattr(scene, "CELLS_PER_PARTICLE", 50)
    return request.param


def batches() -> dict[str, ParticleBatch]:
    crowd = [
        random_frame(seed, 60, (1, 6, 8), cell=2.5 * TRICLINIC, pbc=(seed % 2, 1, seed % 3 > 0)) for seed in range(4)
    ]
    outside = random_frame(9, 40, cell=3 * TRICLINIC, pbc=True)
    outside.positions += np.random.default_rng(0).integers(-3, 4, (40, 3)) @ outside.cell.array
    plane = random_frame(3, 50, box=20.0)
    plane.positions[:, 2] = 1.0
    apart = random_frame(4, 50, box=20.0)
    apart.positions[::2] += 1e5
    frames = {
        "small": mixed_frames(),
        "crowd": crowd,
        "outside the cell": [outside],
        "cluster": [random_frame(5, 80, box=15.0)],
        "plane": [plane],
        "far apart": [apart],
        "one particle": [random_frame(1, 1)],
    }
    return {name: ParticleBatch.from_frames(some, "c_q") for name, some in frames.items()}


BATCHES = batches()


def sorted_pairs(found: Neighborhoods) -> tuple[Any, ...]:
    """Segment, neighbour, shift and vector of every pair, sorted."""
    assert found.shifts is not None
    segment = np.repeat(np.arange(found.pairs.num_segments), np.diff(found.pairs.start))
    order = np.lexsort((*found.shifts.T, found.pairs.j, segment))
    return segment[order], found.pairs.j[order], found.shifts[order], found.pairs.r_ij[order]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("types", [None, [1, 2, 6, 8]])
@pytest.mark.parametrize("self_pairs", [False, True])
@pytest.mark.parametrize("name", BATCHES)
def test_like_the_numpy_search(name: str, self_pairs: bool, types: Any) -> None:
    options = {"self_pairs": self_pairs, "types": types, "keep_shifts": True}
    actual = neighbors.find_neighborhoods(BATCHES[name], 5.0, **options)
    expected = numpy_search.find_neighborhoods(BATCHES[name], 5.0, **options)
    assert len(actual.blocks) == len(expected.blocks)
    for block, other in zip(actual.blocks, expected.blocks, strict=True):
        assert np.array_equal(block.centers, other.centers)
        for field in ("center_type", "neighbor_types", "first_segment"):
            assert getattr(block, field) == getattr(other, field)
    assert np.array_equal(actual.pairs.start, expected.pairs.start)
    for one, other in zip(sorted_pairs(actual)[:3], sorted_pairs(expected)[:3], strict=True):
        assert np.array_equal(one, other)
    np.testing.assert_allclose(sorted_pairs(actual)[3], sorted_pairs(expected)[3], atol=1e-9)


@pytest.mark.usefixtures("way")
def test_like_ase() -> None:
    frame = random_frame(1, 40, (1,), cell=3 * TRICLINIC, pbc=(True, True, False))
    found = neighbors.find_neighborhoods(
        ParticleBatch.from_frames([frame], "c_q"), 5.0, self_pairs=False, keep_shifts=True
    )
    i, j, shifts, vectors = neighbor_list("ijSD", frame, 5.0)
    order = np.lexsort((*shifts.T, j, i))
    segment, *others = sorted_pairs(found)
    assert np.array_equal(found.blocks[0].centers[segment], i[order])
    for one, other in zip(others, (j[order], shifts[order], vectors[order]), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-11)


@pytest.mark.usefixtures("way")
def test_a_pair_at_the_cutoff_is_counted_from_both_ends() -> None:
    batch = BATCHES["outside the cell"]
    lengths = np.linalg.norm(neighbors.find_neighborhoods(batch, 5.0, self_pairs=False).pairs.r_ij, axis=1)
    for cutoff in np.unique(lengths)[1::200]:
        found = neighbors.find_neighborhoods(batch, float(cutoff), self_pairs=False, keep_shifts=True)
        segment, j, shifts, _ = sorted_pairs(found)
        centers = np.concatenate([np.repeat(b.centers, len(b.neighbor_types)) for b in found.blocks])
        there = np.column_stack([centers[segment], j, shifts])
        back = np.column_stack([j, centers[segment], -shifts])
        assert np.array_equal(np.unique(there, axis=0), np.unique(back, axis=0))


@pytest.mark.usefixtures("way")
def test_ranges_of_segments_and_threads_give_the_same_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = BATCHES["crowd"]
    whole = neighbors.find_neighborhoods(batch, 5.0, self_pairs=True, keep_shifts=True)
    monkeypatch.setattr(neighbors, "MIN_TASK", 1)
    monkeypatch.setattr("numba.get_num_threads", lambda: 2)
    search = neighbors.PairSearch(batch, 5.0, self_pairs=True)
    cuts = [
        0,
        *(block.first_segment + 10 * len(block.neighbor_types) for block in search.blocks),
        len(search.start) - 1,
    ]
    parts = [search.fill(a, b, keep_shifts=True) for a, b in zip(cuts[:-1], cuts[1:], strict=True)]
    assert np.array_equal(np.concatenate([p.j for p, _ in parts]), whole.pairs.j)
    assert np.array_equal(np.concatenate([p.r_ij for p, _ in parts]), whole.pairs.r_ij)
    assert np.array_equal(np.concatenate([s for _, s in parts]), whole.shifts)
    assert np.array_equal(
        np.concatenate([[0], *(p.start[1:] + search.start[a] for (p, _), a in zip(parts, cuts[:-1], strict=True))]),
        whole.pairs.start,
    )


def test_an_unknown_type_is_an_error() -> None:
    with pytest.raises(ValueError, match="not in types"):
        neighbors.find_neighborhoods(BATCHES["small"], 5.0, self_pairs=True, types=[1])
