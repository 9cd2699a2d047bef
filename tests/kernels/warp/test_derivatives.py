"""Derivatives of summed moments of every degree, without the change of basis and the digits that it costs."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("warp")

from anisoap_opt.basis.monomials import num_up_to_degree  # noqa: E402
from anisoap_opt.gaussians import Gaussians  # noqa: E402
from anisoap_opt.kernels import numpy_only, warp  # noqa: E402
from anisoap_opt.kernels.contract import KernelOptions  # noqa: E402
from anisoap_opt.kernels.warp.launch import LARGEST_DEGREE  # noqa: E402
from anisoap_opt.pairs import Pairs  # noqa: E402
from tests.frames_for_tests import random_rotation  # noqa: E402
from tests.tolerances import TOLERANCES, assert_close  # noqa: E402

LENGTHS = (3, 0, 1, 40, 2)
SLOW = (1, 2, 3, 5, 6, 7, 8, 12, 21, LARGEST_DEGREE)
DEGREES = [0, 4, 9, *(pytest.param(degree, marks=pytest.mark.slow) for degree in SLOW)]
WITH_CHECKS = """
from dataclasses import replace
import warp
warp.config.mode = "debug"
from tests.kernels.warp.test_derivatives import Problem
from anisoap_opt.kernels import warp
for degree in {degrees}:
    problem = Problem(degree, (3, 0, 2))
    problem.pairs = replace(problem.pairs, j=problem.pairs.j + {shift})
    problem.derivatives(warp)
print("no index is out of range")
"""
"""A program: Warp checks indices where its setting says so, and ends the process that uses a bad one."""


class Problem:
    """Pairs with weights, and kernels whose coefficients are their moments."""

    def __init__(self, degree: int, lengths: Any = LENGTHS) -> None:
        rng = np.random.default_rng(degree)
        start = np.cumsum([0, *lengths])
        total, self.degree = int(start[-1]), degree
        rotations = np.stack([random_rotation(seed).as_matrix() for seed in range(4)])
        self.gaussians = Gaussians.of(rotations, rng.uniform(0.5, 1.5, (4, 3)), 0.7)
        self.pairs = Pairs(rng.integers(0, 4, total), rng.uniform(-2, 2, (total, 3)), start, rng.uniform(0.1, 1, total))
        size = num_up_to_degree(degree)
        self.adjoints = rng.normal(size=(size, len(lengths)))
        self.tangents = rng.normal(size=(total, 3)), rng.normal(size=(total, 6)), rng.normal(size=total)

    def derivatives(self, module: Any, dtype: str = "float64") -> list[Any]:
        """All three, as arrays."""
        basis = SimpleNamespace(degree=self.degree, num_radial=(), harmonics=(), radial=())
        kernel = module.Kernel(self.gaussians, basis, KernelOptions(dtype=dtype))
        kernel.contract, kernel.spread = lambda moments: [moments], self._spread(module)
        pushed = kernel.push_forward(self.pairs, self.tangents)
        pulled = kernel.pull_back(self.pairs, self.adjoints)
        along = kernel.pull_back_along(self.pairs, self.adjoints, self.tangents)
        return [np.asarray(one) for one in (*pushed, *pulled, *along)]

    def _spread(self, module: Any) -> Any:
        import torch

        return torch.as_tensor if module is warp else np.asarray


def assert_all_close(actual: Any, expected: Any, rtol: float) -> None:
    for one, other in zip(actual, expected, strict=True):
        assert_close(one, other, rtol)


@pytest.mark.parametrize("degree", DEGREES)
def test_every_degree(degree: int) -> None:
    problem = Problem(degree)
    assert_all_close(problem.derivatives(warp), problem.derivatives(numpy_only), TOLERANCES["float64"].invariance)


@pytest.mark.parametrize("degree", [4, pytest.param(9, marks=pytest.mark.slow)])
def test_float32(degree: int) -> None:
    problem = Problem(degree)
    single = problem.derivatives(warp, "float32")
    assert {str(one.dtype) for one in single[1:]} == {"float32"}
    assert_all_close(single, problem.derivatives(numpy_only), TOLERANCES["float32"].invariance)


def test_a_long_segment_the_same_to_the_last_bit() -> None:
    problem = Problem(4, [2, 10_000, 0, 1])
    once, again = (problem.derivatives(warp) for _ in range(2))
    assert all(map(np.array_equal, once, again))
    assert_all_close(once, problem.derivatives(numpy_only), TOLERANCES["float64"].invariance)


@pytest.mark.slow
def test_indices_are_in_range() -> None:
    """Of straight-line code and of the code for any degree."""
    good = run([sys.executable, "-c", WITH_CHECKS.format(degrees=(2, 9), shift=0)])
    assert good.returncode == 0, good.stderr
    assert "no index is out of range" in good.stdout
    bad = run([sys.executable, "-c", WITH_CHECKS.format(degrees=(2,), shift=4)])
    assert bad.returncode != 0
    assert "q < records.shape[0]" in bad.stdout + bad.stderr


def run(command: list[str]) -> Any:
    return subprocess.run(command, capture_output=True, text=True)
