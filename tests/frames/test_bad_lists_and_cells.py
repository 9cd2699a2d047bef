"""What is not a list of Atoms, and cells that span no volume."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given
from hypothesis import strategies as st

from anisoap_opt.frames import ParticleBatch
from tests.frames.test_bad_frames import assert_refused
from tests.frames_for_tests import TRICLINIC, calculator, random_frame


@pytest.mark.parametrize("frames", [[], (), np.array([]), iter([])], ids=repr)
def test_no_frames(frames: Any) -> None:
    with pytest.raises(ValueError, match="frames is empty"):
        calculator().power_spectrum(frames)


@pytest.mark.parametrize("frames", [None, 3, random_frame], ids=str)
def test_no_list(frames: Any) -> None:
    assert_refused(frames, TypeError, "frames must be a list of ase.Atoms")


def test_a_single_frame() -> None:
    assert_refused(random_frame(1), TypeError, "list of ase.Atoms", "[frame]")


@pytest.mark.parametrize(
    "odd", [None, "frame.xyz", 3, np.zeros((4, 3)), [random_frame(1)], random_frame(1)[0]], ids=type
)
def test_a_list_of_other_things(odd: Any) -> None:
    assert_refused([*(random_frame(seed) for seed in range(3)), odd], TypeError, "frames[3]", type(odd).__name__)


@pytest.mark.parametrize("frames", ["frames.xyz", {"a": random_frame(1)}, b"xyz"], ids=type)
def test_iterables_of_other_things(frames: Any) -> None:
    assert_refused(frames, TypeError, "frames[0]", "ase.Atoms")


@pytest.mark.parametrize(
    "kind", [tuple, iter, lambda frames: (frame for frame in frames)], ids=["tuple", "iter", "gen"]
)
def test_other_iterables_of_frames(kind: Any) -> None:
    frames = [random_frame(seed) for seed in range(3)]
    expected = calculator().power_spectrum(frames)
    np.testing.assert_array_equal(calculator().power_spectrum(kind(frames)), expected)


def with_cell(cell: Any, pbc: Any) -> list[Atoms]:
    frames = [random_frame(seed, 2, cell=TRICLINIC, pbc=True) for seed in range(4)]
    frames[2].cell[:] = np.asarray(cell, dtype=float)
    frames[2].pbc = pbc
    return frames


SINGULAR = {
    "zero": (np.zeros((3, 3)), True),
    "one_zero": ([[4, 0, 0], [0, 4, 0], [0, 0, 0]], True),
    "one_zero_periodic": ([[0, 0, 0], [0, 4, 0], [0, 0, 4]], (True, False, False)),
    "parallel": ([[4, 0, 0], [8, 0, 0], [0, 0, 4]], True),
    "parallel_2d": ([[4, 0, 0], [0, 0, 4], [-8, 0, 0]], (True, False, True)),
    "coplanar": ([[1, 2, 3], [4, 5, 6], [5, 7, 9]], True),
}


@pytest.mark.parametrize(("cell", "pbc"), SINGULAR.values(), ids=SINGULAR)
def test_singular_cells(cell: Any, pbc: Any) -> None:
    assert_refused(with_cell(cell, pbc), ValueError, "frame 2", "cell", "singular")


@given(seed=st.integers(0, 2**31))
def test_vectors_in_one_plane(seed: int) -> None:
    """Flat up to rounding: the determinant is some 1e-16, not zero, and must not pass for a volume."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 3)) * 5
    s, t = rng.uniform(-2, 2, 2)
    with pytest.raises(ValueError, match="frame 2: cell is singular"):
        ParticleBatch.from_frames(with_cell([a, b, s * a + t * b], True), "c_q")


@given(seed=st.integers(0, 2**31))
def test_vectors_along_one_line(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, other = rng.normal(size=(2, 3)) * 5
    with pytest.raises(ValueError, match="frame 2: cell is singular"):
        ParticleBatch.from_frames(with_cell([a, rng.uniform(0.1, 2) * a, other], (True, True, False)), "c_q")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_cells_that_are_not_finite(value: float) -> None:
    cell = TRICLINIC.copy()
    cell[1, 2] = value
    assert_refused(with_cell(cell, True), ValueError, "frame 2", "cell", "finite")
    assert_refused(with_cell(cell, (False, True, False)), ValueError, "frame 2", "cell", "finite")


def test_thin_cells_are_no_singular_cells() -> None:
    frames = with_cell(np.diag([0.5, 40.0, 1e4]) @ [[1, 0.2, 0], [0, 1, 0], [0.99, 0, 0.1]], True)
    assert np.isfinite(calculator().power_spectrum(frames)).all()
