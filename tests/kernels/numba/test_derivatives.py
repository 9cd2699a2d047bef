"""Derivatives of the compiled kernel: both ways through the moments, windows, lanes and threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from anisoap_opt.kernels.numba import kernel  # noqa: E402
from anisoap_opt.kernels.numba import threads as pool  # noqa: E402
from tests.kernels.derivative_problems import Problem  # noqa: E402
from tests.kernels.numba.problems import basis  # noqa: E402
from tests.kernels.numba.test_kernel import SHAPES, rounding  # noqa: E402
from tests.tolerances import relative_error  # noqa: E402


def results(one: Any, problem: Problem) -> list[Any]:
    """All three kinds of derivatives."""
    return [
        *one.pull_back(problem.pairs, problem.adjoints),
        *one.push_forward(problem.pairs, problem.tangents),
        *one.pull_back_along(problem.pairs, problem.adjoints, problem.tangents),
    ]


def worst(problem: Problem) -> float:
    """Largest difference from the vectorised backend."""
    pairs = zip(*(results(problem.kernel(backend), problem) for backend in ("numba", "numpy_only")), strict=True)
    return max(relative_error(actual, expected) for actual, expected in pairs)


@pytest.fixture
def plane_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "STRAIGHT_DERIVATIVES_DEGREE", -1)


@pytest.mark.parametrize("degree", [0, 1, 2])
def test_straight_line_code(degree: int) -> None:
    assert worst(Problem(basis(degree), [3, 0, 9, 1])) < 1e-12


@pytest.mark.usefixtures("plane_walk")
@pytest.mark.parametrize("degree", [0, 1, 2, 3, 7, 12, 21])
def test_plane_walk(degree: int) -> None:
    assert worst(Problem(basis(degree), [3, 0, 9, 1], weighted=True)) < rounding(degree)


@pytest.mark.usefixtures("plane_walk")
@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_segments(shape: str) -> None:
    assert worst(Problem(basis(2), SHAPES[shape])) < 1e-12


@pytest.mark.usefixtures("plane_walk")
def test_particles_much_wider_than_the_basis() -> None:
    """Other machine code: K = F Fᵀ in place of 1 - s·C."""
    problem = Problem(basis(3), widest=40.0)
    assert problem.kernel("numba").roots is not None
    assert worst(problem) < 1e-12


@pytest.mark.usefixtures("plane_walk")
def test_bitwise_the_same_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "MIN_TASK", 1)
    problem = Problem(basis(2), SHAPES["several windows"] * 4)
    one, found = problem.kernel("numba"), []
    for threads in (1, 2, 3):
        monkeypatch.setattr(pool, "num_threads", lambda threads=threads: threads)
        found.append(results(one, problem))
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


@pytest.mark.usefixtures("plane_walk")
def test_bitwise_the_same_wherever_the_segments_are_cut() -> None:
    problem = Problem(basis(2), SHAPES["several windows"])
    one, start = problem.kernel("numba"), problem.pairs.start
    whole = one.pull_back(problem.pairs, problem.adjoints)
    for first, last in ((0, 5), (5, 6), (6, 200), (200, 300)):
        part = one.pull_back(problem.pairs.segments(first, last), [a[first:last] for a in problem.adjoints])
        some = slice(start[first], start[last])
        assert all(np.array_equal(a, b[some]) for a, b in zip(part, whole, strict=True))
