"""The neighbour search against ASE's, and its own two ways against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list
from hypothesis import given, settings
from hypothesis import strategies as st

from anisoap_opt import neighbors
from anisoap_opt.frames import ParticleBatch
from tests.frames_for_tests import TRICLINIC, random_frame

Rows = dict[tuple[int, ...], Any]


def found(frames: list[Atoms], cutoff: float, self_pairs: bool = False) -> Rows:
    """(i, j, shift) → r_ij of every pair; i from the segment it lies in."""
    batch = ParticleBatch.from_frames(frames, "c_q")
    result = neighbors.find_neighborhoods(batch, cutoff, self_pairs=self_pairs, keep_shifts=True)
    pairs, shifts = result.pairs, result.shifts
    assert shifts is not None
    centers = np.concatenate([np.repeat(b.centers, len(b.neighbor_types)) for b in result.blocks] or [np.zeros(0, int)])
    i = np.repeat(centers, np.diff(pairs.start))
    rows = {(int(a), int(b), *map(int, s)): r for a, b, s, r in zip(i, pairs.j, shifts, pairs.r_ij, strict=True)}
    assert len(rows) == len(pairs.j)  # no pair twice
    return rows


def expected(frames: list[Atoms], cutoff: float) -> Rows:
    rows, first = {}, 0
    for frame in frames:
        i, j, shifts, vectors = neighbor_list("ijSD", frame, cutoff)
        for a, b, s, r in zip(i, j, shifts, vectors, strict=True):
            rows[(int(a) + first, int(b) + first, *map(int, s))] = r
        first += len(frame)
    return rows


def assert_same(actual: Rows, wanted: Rows) -> None:
    assert actual.keys() == wanted.keys()
    for pair, r in wanted.items():
        np.testing.assert_allclose(actual[pair], r, atol=1e-11)


def any_frame(seed: int) -> Atoms:
    """Random cell, perhaps narrow or flat or left-handed, random periodicity, positions outside the cell."""
    rng = np.random.default_rng(seed)
    while True:
        cell = rng.normal(size=(3, 3)) * rng.uniform(1.5, 5, (3, 1))
        if abs(np.linalg.det(cell)) > 0.15 * np.linalg.norm(cell, axis=1).prod():
            break
    frame = random_frame(seed, int(rng.integers(1, 6)), cell=cell, pbc=rng.integers(0, 2, 3).astype(bool))
    frame.positions += rng.integers(-2, 3, (len(frame), 3)) @ cell
    return frame


@given(seeds=st.lists(st.integers(0, 2**31), min_size=1, max_size=4))
def test_against_ase(seeds: list[int]) -> None:
    frames = [any_frame(seed) for seed in seeds]
    assert_same(found(frames, 4.5), expected(frames, 4.5))


@settings(max_examples=15)
@given(seeds=st.lists(st.integers(0, 2**31), min_size=1, max_size=3))
def test_vesin_against_ase(seeds: list[int]) -> None:
    frames = [any_frame(seed) for seed in seeds]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbors, "BRUTE_FORCE_CANDIDATES", 0)
        assert_same(found(frames, 4.5), expected(frames, 4.5))


@pytest.mark.parametrize("pbc", [False, True, (True, True, False)], ids=str)
@pytest.mark.parametrize("self_pairs", [False, True])
def test_both_ways_give_the_same_arrays(pbc: Any, self_pairs: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [random_frame(seed, 4, cell=TRICLINIC, pbc=pbc) for seed in range(3)]
    tried = found(frames, 6.0, self_pairs)
    monkeypatch.setattr(neighbors, "BRUTE_FORCE_CANDIDATES", 0)
    assert_same(found(frames, 6.0, self_pairs), tried)


@pytest.mark.parametrize("limit", [30_000_000, 0], ids=["brute_force", "vesin"])
class TestEdges:
    """Cases where a search may be off by one."""

    @pytest.fixture(autouse=True)
    def _way(self, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(neighbors, "BRUTE_FORCE_CANDIDATES", limit)

    def test_a_particle_exactly_at_the_cutoff_is_no_neighbor(self) -> None:
        frame = random_frame(1, 3)
        frame.positions = [[0, 0, 0], [5, 0, 0], [0, np.nextafter(5, 0), 0]]
        assert set(found([frame], 5.0)) == {(0, 2, 0, 0, 0), (2, 0, 0, 0, 0)}

    def test_an_image_exactly_at_the_cutoff_is_no_neighbor(self) -> None:
        frame = random_frame(1, 1, cell=[5, 5, 5], pbc=True)
        assert not found([frame], 5.0)
        assert len(found([frame], 5.0 + 1e-9)) == 6

    def test_particles_on_top_of_each_other(self) -> None:
        frame = random_frame(1, 3)
        frame.positions[:] = 1.0
        assert len(found([frame], 5.0)) == 6
        assert len(found([frame], 5.0, self_pairs=True)) == 9

    def test_images_on_top_of_each_other(self) -> None:
        frame = random_frame(1, 2, cell=TRICLINIC, pbc=True)
        frame.positions = [[0, 0, 0], TRICLINIC[0]]
        assert_same(found([frame], 4.0), expected([frame], 4.0))

    def test_on_the_faces_of_the_cell(self) -> None:
        fractional = np.array([[0, 0, 0], [1, 1, 1], [-1e-17, 1 - 1e-16, 0.5], [0.5, 1e-17, 2]])
        frame = random_frame(1, 4, cell=TRICLINIC, pbc=True)
        frame.positions = fractional @ TRICLINIC
        rows = found([frame], 5.0)
        assert len(rows) == len(expected([frame], 5.0))
        assert all((j, i, *(-s for s in shift)) in rows for i, j, *shift in rows)

    def test_a_tiny_cutoff(self) -> None:
        frame = random_frame(1, 3)
        assert not found([frame], 1e-5)
        assert len(found([frame], 1e-5, self_pairs=True)) == 3

    def test_a_cutoff_of_many_cells(self) -> None:
        frame = random_frame(1, 1, cell=np.eye(3) * 1.1, pbc=True)
        assert_same(found([frame], 6.0), expected([frame], 6.0))

    def test_frames_without_particles(self) -> None:
        frames = [random_frame(1, 0), random_frame(2, 2), random_frame(3, 0, cell=TRICLINIC, pbc=True)]
        assert set(found(frames, 5.0)) == {(0, 1, 0, 0, 0), (1, 0, 0, 0, 0)}
        assert not found(frames[:1], 5.0)
