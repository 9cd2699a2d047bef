"""The compiled way from particles to sums over frames: the same numbers as step by step, whatever is cut where."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms

pytest.importorskip("numba")

from anisoap_opt import sweep  # noqa: E402
from anisoap_opt.kernels.numba import frame_sums, reduction, scene, threads  # noqa: E402
from benchmarks.measure import peak_memory  # noqa: E402
from tests.frames_for_tests import TRICLINIC, calculator, random_frame  # noqa: E402
from tests.tolerances import assert_close  # noqa: E402

SMALL = [random_frame(seed, 1 + seed % 7, (1, 6, 8), cell=TRICLINIC, pbc=True) for seed in range(30)]
LARGE = [
    random_frame(seed, size, (6, 8), cell=2 * TRICLINIC, pbc=(1, 1, seed % 2)) for seed, size in enumerate((60, 90))
]
FRAMES = [*SMALL[:12], LARGE[0], *SMALL[12:], LARGE[1]]
KINDS: dict[str, dict[str, Any]] = {
    "hard cutoff": {},
    "smooth cutoff": {"cutoff_smoothing": 1.5},
    "without the centre": {"subtract_center_contribution": True},
    "monomials": {"radial_basis_name": "monomial", "radial_gaussian_width": None},
    "types": {"types": [1, 3, 6, 8]},
    "degree above straight-line code": {"max_angular": 9, "max_radial": 5, "basis_rcond": 1e-8, "basis_tol": 1e-3},
}


@pytest.fixture(autouse=True)
def _many_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches and chunks; frames of more than twenty particles are cut."""
    for module in (frame_sums, reduction):
        monkeypatch.setattr(module, "BATCH", 16, raising=False)
    monkeypatch.setattr(reduction, "WHOLE", 20)
    monkeypatch.setattr(reduction, "_KNOWN", type(reduction._KNOWN)())


def rows(frames: list[Atoms], symmetric: bool = False, centers: Any = None, **changes: Any) -> Any:
    return calculator(backend="numba", **changes).power_spectrum(frames, symmetric=symmetric, centers=centers)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_as_step_by_step(kind: str, symmetric: bool) -> None:
    wanted = calculator(backend="numpy_only", **KINDS[kind]).power_spectrum(FRAMES, symmetric=symmetric)
    assert_close(rows(FRAMES, symmetric, **KINDS[kind]), wanted, 1e-10)


def test_chosen_centres() -> None:
    for centers in ([6], [[0] if len(frame) else [] for frame in FRAMES]):
        wanted = calculator(backend="numpy_only").power_spectrum(FRAMES, centers=centers)
        assert_close(rows(FRAMES, centers=centers), wanted, 1e-11)


@pytest.mark.parametrize("kind", ["hard cutoff", "smooth cutoff"])
def test_bitwise_the_same_for_any_threads_and_chunks(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    first = rows(FRAMES, **KINDS[kind])
    for count in (2, 3):
        for chunk in (16, 48, 4096):
            monkeypatch.setattr(threads, "num_threads", lambda count=count: count)
            monkeypatch.setattr(reduction, "num_threads", lambda count=count: count)
            monkeypatch.setattr(reduction, "CHUNK", chunk)
            assert np.array_equal(rows(FRAMES, **KINDS[kind]), first)


def several_cutoffs(frames: list[Atoms]) -> list[Any]:
    kinds = {"radial_gaussian_width": 1.5, "max_angular": 3, "backend": "numba", "types": [1, 6, 8]}
    return [features for _, features in sweep(frames, cutoff_radius=[1.5, 3.0, 5.0], **kinds)]


def test_several_cutoffs_with_many_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pairs in shells: the same numbers as one cutoff at a time, and to the last bit for any threads and chunks."""
    first = several_cutoffs(FRAMES)
    for radius, features in zip((1.5, 3.0, 5.0), first, strict=True):
        assert_close(features, rows(FRAMES, cutoff_radius=radius, types=[1, 6, 8]), 1e-13)
    for count, chunk in ((2, 16), (3, 48)):
        monkeypatch.setattr(threads, "num_threads", lambda count=count: count)
        monkeypatch.setattr(reduction, "num_threads", lambda count=count: count)
        monkeypatch.setattr(reduction, "CHUNK", chunk)
        assert all(map(np.array_equal, several_cutoffs(FRAMES), first))


def test_bitwise_the_same_in_any_order_of_frames() -> None:
    order = np.random.default_rng(0).permutation(len(FRAMES))
    assert np.array_equal(rows([FRAMES[k] for k in order]), rows(FRAMES)[order])


@pytest.mark.parametrize("grid", [False, True])
def test_any_order_of_particles(monkeypatch: pytest.MonkeyPatch, grid: bool) -> None:
    if grid:
        monkeypatch.setattr(scene, "GRID_PARTICLES", 0)
    rng = np.random.default_rng(1)
    shuffled = [frame[rng.permutation(len(frame))] for frame in FRAMES]
    assert_close(rows(shuffled), rows(FRAMES), 1e-12)


def test_types_that_share_a_frame_but_never_meet_have_no_columns() -> None:
    apart = random_frame(0, 6, (1, 6))
    apart.positions[apart.numbers == 6] += 100.0
    for symmetric in (False, True):
        wanted = calculator(backend="numpy_only").power_spectrum([apart], symmetric=symmetric)
        actual = rows([apart], symmetric)
        assert actual.shape == wanted.shape
        assert_close(actual, wanted, 1e-11)
        labels = calculator(backend="numba").feature_labels([apart], symmetric=symmetric)
        assert len(labels) == actual.shape[1]


def test_nobody_has_a_neighbour() -> None:
    alone = [random_frame(seed, 1) for seed in range(3)]
    assert rows(alone, subtract_center_contribution=True).shape == (3, 0)


def test_calls_side_by_side_do_not_share_buffers() -> None:
    from concurrent.futures import ThreadPoolExecutor

    wanted = [rows(FRAMES[k : k + 4]) for k in range(0, 28, 4)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            actual = list(pool.map(rows, [FRAMES[k : k + 4] for k in range(0, 28, 4)]))
            assert all(np.array_equal(a, b) for a, b in zip(actual, wanted, strict=True))


def test_types_that_never_meet_take_no_room() -> None:
    """All types share the frame: columns for every two of them would be 600 000 numbers."""
    row = random_frame(0, 40, range(1, 41))
    row.positions = [[4.0 * k, 0, 0] for k in range(40)]
    wanted = calculator(backend="numpy_only").power_spectrum([row])
    compiled = calculator(backend="numba")
    assert_close(compiled.power_spectrum([row]), wanted, 1e-11)
    assert peak_memory(lambda: compiled.power_spectrum([row])) < 2e6


@pytest.mark.parametrize("cell", [1e60, 1e103, (1e160, 5.0, 0), (1e155, 1e155, 0), (1e160, 0, 0)])
def test_absurd_cells(cell: Any) -> None:
    pbc = [1, 1, 1] if np.ndim(cell) == 0 else np.array(cell) > 0
    frame = random_frame(3, 40, (6, 8), cell=np.diag(np.broadcast_to(cell, 3)), pbc=pbc)
    frame.positions = random_frame(3, 40).positions
    alone = frame.copy()
    alone.pbc = frame.pbc & (np.abs(frame.cell.array).max(axis=1) < 10)  # nobody sees an image along the others
    assert_close(rows([frame]), rows([alone]), 1e-12)


def test_positions_whose_extent_overflows() -> None:
    far, further = random_frame(3, 40, (6, 8)), random_frame(3, 40, (6, 8))
    far.positions[38:, 0], further.positions[38:, 0] = (1e8, -1e8), (1e308, -1.7e308)
    assert_close(rows([further] * 2), rows([far] * 2), 1e-12)


def test_plans_are_not_kept_without_end() -> None:
    compiled = calculator(backend="numba")
    for k in range(20):
        compiled.power_spectrum([random_frame(k, 4, range(1, 2 + k % 4)), random_frame(k, 3, (k + 1, 30))])
    assert len(reduction._KNOWN[compiled._basis]) <= reduction.MOST_PLANS


def test_many_cutoffs_of_many_types_fit_no_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """One centre at a time, where the coefficients of one take more than a batch is meant to."""
    monkeypatch.setattr(reduction, "TABLE_BYTES", 1)
    radii = [1.0 + 0.5 * k for k in range(9)]
    swept = sweep(FRAMES, cutoff_radius=radii, radial_gaussian_width=1.5, max_angular=3, backend="numba")
    for radius, (_, features) in zip(radii, swept, strict=True):
        assert_close(features, rows(FRAMES, cutoff_radius=radius), 1e-13)
