"""The neighbour searches: one body for every engine, against ASE's and against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given
from hypothesis import strategies as st

from anisoap_opt import neighbors
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.lattice import SHELL
from tests.frames_for_tests import TRICLINIC, mixed_frames, random_frame
from tests.pairs.engines import ENGINES, Search, assert_same, engine, expected, found, rows_of


@pytest.fixture(params=ENGINES)
def search(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Search:
    return engine(request.param, monkeypatch)


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


@pytest.mark.parametrize("name", ENGINES)
@given(seeds=st.lists(st.integers(0, 2**31), min_size=1, max_size=4))
def test_against_ase(name: str, seeds: list[int]) -> None:
    frames = [any_frame(seed) for seed in seeds]
    with pytest.MonkeyPatch.context() as patch:
        assert_same(found(engine(name, patch), frames, 4.5), expected(frames, 4.5))


@pytest.mark.parametrize("types", [None, [1, 2, 6, 8]])
@pytest.mark.parametrize("self_pairs", [False, True])
@pytest.mark.parametrize("name", BATCHES)
def test_the_same_segments_from_every_engine(search: Search, name: str, self_pairs: bool, types: Any) -> None:
    options = {"self_pairs": self_pairs, "types": types, "keep_shifts": True}
    with pytest.MonkeyPatch.context() as patch:
        wanted = engine("all pairs", patch)(BATCHES[name], 5.0, **options)
    actual = search(BATCHES[name], 5.0, **options)
    for block, other in zip(actual.blocks, wanted.blocks, strict=True):
        assert np.array_equal(block.centers, other.centers)
        for field in ("center_type", "neighbor_types", "first_segment"):
            assert getattr(block, field) == getattr(other, field)
    assert np.array_equal(actual.pairs.start, wanted.pairs.start)
    assert_same(rows_of(actual), rows_of(wanted))


@pytest.mark.parametrize("name", ["small", "crowd", "cluster"])
def test_only_the_centers_asked_for(search: Search, name: str) -> None:
    batch = BATCHES[name]
    centers = np.random.default_rng(0).random(len(batch.types)) < 0.3
    whole = rows_of(search(batch, 5.0, self_pairs=True, keep_shifts=True))
    actual = search(batch, 5.0, self_pairs=True, keep_shifts=True, centers=centers)
    assert sorted(np.concatenate([b.centers for b in actual.blocks])) == np.flatnonzero(centers).tolist()
    assert_same(rows_of(actual), {pair: r for pair, r in whole.items() if centers[pair[0]]})


def test_a_pair_at_the_cutoff_is_counted_from_both_ends(search: Search) -> None:
    batch = BATCHES["outside the cell"]
    lengths = np.linalg.norm(search(batch, 5.0, self_pairs=False).pairs.r_ij, axis=1)
    for cutoff in np.unique(lengths)[1::200] / (1 - SHELL):
        rows = rows_of(search(batch, float(cutoff), self_pairs=False, keep_shifts=True))
        assert all((j, i, *(-s for s in shift)) in rows for i, j, *shift in rows)


def test_an_unknown_type_is_an_error(search: Search) -> None:
    with pytest.raises(ValueError, match="not in types"):
        search(BATCHES["small"], 5.0, self_pairs=True, types=[1])


class TestEdges:
    """Cases where a search may be off by one."""

    def test_a_particle_at_the_cutoff_is_no_neighbor(self, search: Search) -> None:
        frame = random_frame(1, 3)
        frame.positions = [[0, 0, 0], [5, 0, 0], [0, 5 * (1 - 1e-8), 0]]
        assert set(found(search, [frame], 5.0)) == {(0, 2, 0, 0, 0), (2, 0, 0, 0, 0)}

    def test_an_image_at_the_cutoff_is_no_neighbor(self, search: Search) -> None:
        frame = random_frame(1, 1, cell=[5, 5, 5], pbc=True)
        assert not found(search, [frame], 5.0)
        assert len(found(search, [frame], 5.0 * (1 + 1e-8))) == 6

    @pytest.mark.parametrize("shift", [0.0, 1 / 3, 0.1, 1234.5678])
    @pytest.mark.parametrize("turned", [False, True])
    def test_rounding_decides_nothing_in_a_perfect_crystal(self, search: Search, shift: float, turned: bool) -> None:
        """All neighbours lie at the cutoff exactly, but for rounding."""
        lattice = 5.1 * (np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0] if turned else np.eye(3))
        frame = random_frame(1, 27, cell=3 * lattice, pbc=True)
        sites = np.stack(np.meshgrid(*[range(3)] * 3), axis=-1).reshape(-1, 3)
        frame.positions = sites @ lattice + shift * np.array([1.0, 0.7, -0.3])
        assert not found(search, [frame], 5.1)
        assert len(found(search, [frame], 5.1 * np.sqrt(2))) == 27 * 6

    def test_particles_on_top_of_each_other(self, search: Search) -> None:
        frame = random_frame(1, 3)
        frame.positions[:] = 1.0
        assert len(found(search, [frame], 5.0)) == 6
        assert len(found(search, [frame], 5.0, self_pairs=True)) == 9

    def test_images_on_top_of_each_other(self, search: Search) -> None:
        frame = random_frame(1, 2, cell=TRICLINIC, pbc=True)
        frame.positions = [[0, 0, 0], TRICLINIC[0]]
        assert_same(found(search, [frame], 4.0), expected([frame], 4.0))

    def test_on_the_faces_of_the_cell(self, search: Search) -> None:
        fractional = np.array([[0, 0, 0], [1, 1, 1], [-1e-17, 1 - 1e-16, 0.5], [0.5, 1e-17, 2]])
        frame = random_frame(1, 4, cell=TRICLINIC, pbc=True)
        frame.positions = fractional @ TRICLINIC
        rows = found(search, [frame], 5.0)
        assert len(rows) == len(expected([frame], 5.0))
        assert all((j, i, *(-s for s in shift)) in rows for i, j, *shift in rows)

    def test_a_tiny_cutoff(self, search: Search) -> None:
        frame = random_frame(1, 3)
        assert not found(search, [frame], 1e-5)
        assert len(found(search, [frame], 1e-5, self_pairs=True)) == 3

    def test_a_cutoff_of_many_cells(self, search: Search) -> None:
        frame = random_frame(1, 1, cell=np.eye(3) * 1.1, pbc=True)
        assert_same(found(search, [frame], 6.0), expected([frame], 6.0))

    def test_frames_without_particles(self, search: Search) -> None:
        frames = [random_frame(1, 0), random_frame(2, 2), random_frame(3, 0, cell=TRICLINIC, pbc=True)]
        assert set(found(search, frames, 5.0)) == {(0, 1, 0, 0, 0), (1, 0, 0, 0, 0)}
        assert not found(search, frames[:1], 5.0)


@pytest.mark.parametrize("name", BATCHES)
def test_trees_and_all_pairs_agree_to_the_last_bit(name: str) -> None:
    results = []
    for one in ("all pairs", "trees"):
        with pytest.MonkeyPatch.context() as patch:
            results.append(engine(one, patch)(BATCHES[name], 5.0, self_pairs=True, keep_shifts=True))
    ours, wanted = results
    for field in ("j", "r_ij", "start"):
        np.testing.assert_array_equal(getattr(ours.pairs, field), getattr(wanted.pairs, field))
    np.testing.assert_array_equal(ours.shifts, wanted.shifts)


@pytest.mark.parametrize("pbc", [True, (True, True, False), (False, True, False)])
def test_trees_of_awkward_cells(monkeypatch: pytest.MonkeyPatch, pbc: Any) -> None:
    """Far narrower than the cutoff, and skewed beyond recognition; far from the origin where there is no cell."""
    narrow = random_frame(1, 3, cell=[[0.9, 0.1, 0], [0, 1.1, 0], [0.4, 0, 60.0]], pbc=pbc)
    skewed = random_frame(2, 30, cell=np.array([[1, 0, 0], [5, 1, 0], [-4, 7, 1]]) @ TRICLINIC, pbc=pbc)
    away = random_frame(3, 12, cell=2 * TRICLINIC, pbc=pbc)
    away.positions += [1e6, -1e6, 1e6]
    frames = [narrow, skewed, away]
    wanted = found(engine("all pairs", monkeypatch), frames, 5.0)
    actual = found(engine("trees", monkeypatch), frames, 5.0)
    assert list(actual) == list(wanted)  # in the same order
    assert all((actual[pair] == wanted[pair]).all() for pair in wanted)
    for i, j, *shift in actual:
        assert (actual[(j, i, *(-s for s in shift))] == -actual[(i, j, *shift)]).all()


def test_trees_of_particles_astray(monkeypatch: pytest.MonkeyPatch) -> None:
    """So far away that the square of a distance overflows."""
    frame = random_frame(1, 20, box=8.0)
    frame.positions[:3] = [[1e160, 0, 0], [1e160, -1e150, 0], [1e5, 0, 1e120]]
    wanted = found(engine("all pairs", monkeypatch), [frame], 5.0)
    assert found(engine("trees", monkeypatch), [frame], 5.0).keys() == wanted.keys()


def test_trees_lose_no_image_where_positions_have_few_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The particles' own images lie just inside. Their positions, unlike their vectors, are rounded to some 1e-8."""
    rng = np.random.default_rng(0)
    for angle in rng.random(20):
        cell = np.diag([5.0, 1.0, 1.0])
        cell[0, :2] = 5 * np.cos(angle), 5 * np.sin(angle)
        frame = random_frame(1, 10, cell=cell, pbc=(True, False, False))
        frame.positions = rng.random((10, 3)) + np.arange(10)[:, None] * [0, 0, 10] + [4e8, 0, 0]
        assert len(found(engine("trees", monkeypatch), [frame], 5.0 * (1 + 1.1e-9))) == 20


@pytest.mark.parametrize(
    ("num_particles", "one_by_one"), [(2, False), (16, False), (64, True), (300, True), (1000, True)]
)
def test_the_search_is_chosen_by_what_it_costs(
    monkeypatch: pytest.MonkeyPatch, num_particles: int, one_by_one: bool
) -> None:
    """Trying all pairs of a frame of 200 took nine times as long as trees."""
    asked = []
    trees = neighbors._trees
    monkeypatch.setattr(neighbors, "_trees", lambda *a: asked.append(a[2]) or trees(*a))
    edge = (num_particles / 0.05) ** (1 / 3)
    frame = random_frame(1, num_particles, (1,), cell=edge * np.eye(3), pbc=True)
    neighbors.find_neighborhoods(ParticleBatch.from_frames([frame], "c_q"), 7.0, self_pairs=True)
    assert bool(asked) == one_by_one
