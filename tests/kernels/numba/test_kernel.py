"""The compiled kernel against the NumPy one and the literal one, over degrees and shapes of segments."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from anisoap_opt.basis.monomials import num_up_to_degree  # noqa: E402
from anisoap_opt.gaussians import COVARIANCE, ROOT, WEIGHT  # noqa: E402
from anisoap_opt.kernels import numpy_only, reference  # noqa: E402
from anisoap_opt.kernels.numba import Kernel, forward, kernel  # noqa: E402
from anisoap_opt.kernels.numba import threads as pool  # noqa: E402
from anisoap_opt.kernels.numba.contraction import Contraction  # noqa: E402
from anisoap_opt.kernels.numba.layout import exponents_in_planes, rows_by_degree  # noqa: E402
from tests.basis.test_recurrence import moments_by_terms  # noqa: E402
from tests.kernels.numba.problems import arguments, basis, pairs  # noqa: E402
from tests.tolerances import relative_error  # noqa: E402

RTOL = 1e-12


def rounding(degree: int) -> float:
    """Solid harmonics cancel digits, more with each degree; measured on both recurrences, times three."""
    return 1e-14 * 1.35**degree


SHAPES = {
    "none": [],
    "only empty": [0, 0, 0],
    "one pair": [1],
    "fewer than lanes": [3, 0, 5],
    "empty ones between": [0, 2, 0, 0, 7, 1, 0, 3, 3, 0],
    "one long": [1, 2, 900, 1, 0, 3, 2, 2, 1, 4],
    "several windows": list(np.random.default_rng(0).poisson(3, 300)),
}


@pytest.fixture
def plane_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "STRAIGHT_LINE_DEGREE", -1)
    monkeypatch.setattr(forward, "_KNOWN", WeakKeyDictionary())


def errors(actual: list[Any], expected: list[Any]) -> list[float]:
    return [relative_error(a, b) for a, b in zip(actual, expected, strict=True)]


@pytest.mark.parametrize("degree", [0, 1, 2, 3, 6])
def test_straight_line_code(degree: int) -> None:
    problem, segments = arguments(basis(degree)), pairs(SHAPES["empty ones between"])
    assert (
        max(errors(Kernel(*problem).coefficients(segments), numpy_only.Kernel(*problem).coefficients(segments))) < RTOL
    )


@pytest.mark.usefixtures("plane_walk")
@pytest.mark.parametrize("degree", range(31))
def test_plane_walk(degree: int) -> None:
    problem, segments = arguments(basis(degree)), pairs([5, 0, 1, 9, 2, 2, 3, 1, 17, 4])
    assert max(
        errors(Kernel(*problem).coefficients(segments), numpy_only.Kernel(*problem).coefficients(segments))
    ) < rounding(degree)


@pytest.mark.usefixtures("plane_walk")
@pytest.mark.parametrize("degree", [3, 8])
def test_the_plane_walk_sums_what_the_terms_of_the_recurrence_make(degree: int) -> None:
    gaussians, change, options = arguments(basis(degree))
    segments = pairs([4, 1])
    sums = np.zeros((num_up_to_degree(degree), 2))
    for segment in range(2):
        for pair in range(segments.start[segment], segments.start[segment + 1]):
            record, r = gaussians.records[segments.j[pair]], segments.r_ij[pair]
            root = record[ROOT].reshape(3, 3)
            mu, weight = (
                root @ (root.T @ r),
                record[WEIGHT] * np.exp(-0.5 * gaussians.precision * r @ root @ root.T @ r),
            )
            sums[:, segment] += weight * np.array(
                list(moments_by_terms(mu, record[np.array(COVARIANCE)], degree).values())
            )
    expected = numpy_only.Kernel(gaussians, change, options).contract(sums)
    assert max(errors(Kernel(gaussians, change, options).coefficients(segments), expected)) < RTOL


@pytest.mark.parametrize(("max_angular", "max_radial"), [(6, None), (2, [1, 0, 2]), (0, 3)])
def test_like_the_literal_equations(max_angular: int, max_radial: Any) -> None:
    problem = arguments(basis(max_angular, max_radial, orthonormal=True))
    segments = pairs([2, 0, 1, 4])
    assert (
        max(errors(Kernel(*problem).coefficients(segments), reference.Kernel(*problem).coefficients(segments))) < 1e-10
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_shapes_of_segments(shape: str, dtype: str) -> None:
    segments, change = pairs(SHAPES[shape]), basis(2)
    actual = Kernel(*arguments(change, dtype)).coefficients(segments)
    expected = numpy_only.Kernel(*arguments(change)).coefficients(segments)
    assert [c.dtype for c in actual] == [np.dtype(dtype)] * 3
    assert max(errors(actual, expected)) < (RTOL if dtype == "float64" else 1e-6)
    empty = np.diff(segments.start) == 0
    assert not any(c[empty].any() for c in actual)


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(0, 2**31))
@settings(max_examples=30)
def test_any_lengths(lengths: list[int], seed: int) -> None:
    problem, segments = arguments(basis(2), seed=seed), pairs(lengths, seed)
    assert (
        max(errors(Kernel(*problem).coefficients(segments), numpy_only.Kernel(*problem).coefficients(segments))) < RTOL
    )


@pytest.mark.usefixtures("plane_walk")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_bitwise_the_same_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    monkeypatch.setattr(kernel, "MIN_TASK", 1)
    one, segments = Kernel(*arguments(basis(3), dtype)), pairs(SHAPES["several windows"] * 4)
    results = []
    for threads in (1, 2, 3):
        monkeypatch.setattr(pool, "num_threads", lambda threads=threads: threads)
        results.append(one.coefficients(segments))
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


@pytest.mark.usefixtures("plane_walk")
def test_bitwise_the_same_wherever_the_segments_are_cut() -> None:
    one, segments = Kernel(*arguments(basis(3))), pairs(SHAPES["several windows"])
    whole = one.coefficients(segments)
    parts = [one.coefficients(segments.segments(a, b)) for a, b in ((0, 5), (5, 6), (6, 200), (200, 300))]
    for l, c in enumerate(whole):
        assert np.array_equal(c, np.concatenate([part[l] for part in parts]))


@pytest.mark.usefixtures("plane_walk")
@pytest.mark.parametrize(("max_angular", "max_radial", "bound"), [(6, None, 3e-6), (9, 6, 4e-3)])
def test_float32_error(max_angular: int, max_radial: Any, bound: float) -> None:
    """Bounds are three times what was measured; the Löwdin matrices of (9, 6) cancel digits."""
    change, segments = basis(max_angular, max_radial, orthonormal=True), pairs([60, 1, 7, 700, 3])
    single = Kernel(*arguments(change, "float32")).coefficients(segments)
    double = numpy_only.Kernel(*arguments(change)).coefficients(segments)
    assert max(errors(single, double)) < bound


def test_orders_of_monomials() -> None:
    rows = rows_by_degree(4)
    p = np.array(exponents_in_planes(4))[rows]
    assert np.array_equal(np.sort(rows), np.arange(len(p)))
    assert np.array_equal(np.lexsort((-p[:, 1], -p[:, 0], p.sum(axis=1))), np.arange(len(p)))


def test_harmonics_touch_a_quarter_of_the_monomials() -> None:
    change = basis(9, 6)
    dense = sum(table.size for table in change.harmonics)
    assert len(Contraction.of(change).harmonics.factors) < 0.3 * dense
