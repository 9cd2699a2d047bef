"""Every backend's pull-back, push-forward and derivative of the pull-back, against automatic differentiation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from anisoap_opt.gaussians import Gaussians
from anisoap_opt.kernels.contract import Differentiable, KernelOptions, TwiceDifferentiable
from anisoap_opt.pairs import Pairs
from tests.kernels.derivative_problems import BASES, COUNTS, Problem
from tests.tolerances import TOLERANCES, assert_close

RTOL = TOLERANCES["float64"].invariance
TWICE = {"numpy_only", "torch_mixed", "numba", "warp"}


def assert_all_close(actual: Any, expected: Any, rtol: float = RTOL) -> None:
    for one, other in zip(actual, expected, strict=True):
        assert_close(one, other, rtol)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("basis", BASES)
def test_first_derivatives(backend: str, basis: str, weighted: bool) -> None:
    pytest.importorskip("torch")
    problem = Problem(basis, weighted=weighted)
    kernel = problem.kernel(backend)
    assert_all_close(kernel.pull_back(problem.pairs, problem.adjoints), problem.exact_pull_back())
    assert_all_close(kernel.push_forward(problem.pairs, problem.tangents), problem.exact_push_forward())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("basis", BASES)
def test_the_pull_back_along_a_tangent(backend: str, basis: str, weighted: bool) -> None:
    pytest.importorskip("torch")
    problem = Problem(basis, weighted=weighted)
    kernel = problem.kernel(backend)
    assert isinstance(kernel, TwiceDifferentiable) == (backend in TWICE)
    if backend in TWICE:
        actual = kernel.pull_back_along(problem.pairs, problem.adjoints, problem.tangents)
        assert_all_close(actual, problem.exact_pull_back_along())


@pytest.mark.parametrize("basis", BASES)
def test_central_differences(backend: str, basis: str) -> None:
    """Without Torch: r_ij, and one factor of every w."""
    problem = Problem(basis)
    kernel, step = problem.kernel(backend), 1e-4
    r_dot, _, log_w_dot = problem.tangents
    no_c = np.zeros((len(r_dot), 6))

    def at(change: float) -> Any:
        weight = np.exp(change * log_w_dot)
        return kernel.coefficients(replace(problem.pairs, r_ij=problem.pairs.r_ij + change * r_dot, weight=weight))

    expected = [
        (8 * (np.asarray(b) - np.asarray(a)) - (np.asarray(d) - np.asarray(c))) / (12 * step)
        for a, b, c, d in zip(at(-step), at(step), at(-2 * step), at(2 * step), strict=True)
    ]
    assert_all_close(kernel.push_forward(problem.pairs, (r_dot, no_c, log_w_dot)), expected, 1e-10)


def test_the_two_are_each_others_transpose(backend: str) -> None:
    problem = Problem("coupled", weighted=True)
    kernel = problem.kernel(backend)
    assert isinstance(kernel, Differentiable)
    pulled = [np.asarray(one) for one in kernel.pull_back(problem.pairs, problem.adjoints)]
    pushed = kernel.push_forward(problem.pairs, problem.tangents)
    r_dot, c_dot, log_w_dot = problem.tangents
    left = sum((a * np.asarray(c)).sum() for a, c in zip(problem.adjoints, pushed, strict=True))
    right = (pulled[0] * r_dot).sum() + (pulled[1] * c_dot * COUNTS).sum() + (pulled[2] * log_w_dot).sum()
    assert left == pytest.approx(right, rel=1e-12)


@pytest.mark.parametrize("lengths", [[], [0], [0, 0, 0], [1], [0, 5]], ids=str)
def test_empty_segments(backend: str, lengths: list[int]) -> None:
    problem = Problem("gto", lengths)
    kernel = problem.kernel(backend)
    of_r, of_c, of_log_w = kernel.pull_back(problem.pairs, problem.adjoints)
    assert tuple(map(np.shape, (of_r, of_c, of_log_w))) == ((sum(lengths), 3), (sum(lengths), 6), (sum(lengths),))
    along = kernel.push_forward(problem.pairs, problem.tangents)
    assert [c.shape for c in along] == [a.shape for a in problem.adjoints]
    empty = np.array(lengths, dtype=int) == 0
    assert not any(np.asarray(c)[empty].any() for c in along)


def test_segments_can_be_cut_anywhere(backend: str) -> None:
    problem = Problem("gto", (3, 0, 2, 1, 4, 0), weighted=True)
    kernel, start = problem.kernel(backend), problem.pairs.start
    pulled = kernel.pull_back(problem.pairs, problem.adjoints)
    pushed = kernel.push_forward(problem.pairs, problem.tangents)
    for first, last in ((0, 2), (2, 5), (5, 6)):
        part, some = problem.pairs.segments(first, last), slice(start[first], start[last])
        own = kernel.pull_back(part, [a[first:last] for a in problem.adjoints])
        assert_all_close(own, [one[some] for one in pulled], 1e-13)
        along = kernel.push_forward(part, tuple(one[some] for one in problem.tangents))
        assert_all_close(along, [one[first:last] for one in pushed], 1e-13)


def test_chunks_of_pairs(fast_backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many pairs, in chunks that end inside segments."""
    from anisoap_opt.kernels import numpy_only

    problem = Problem("gto", [40, 0, 33])
    whole = problem.kernel(fast_backend)
    expected = whole.pull_back(problem.pairs, problem.adjoints), whole.push_forward(problem.pairs, problem.tangents)
    monkeypatch.setattr(numpy_only, "CHUNK_BYTES", 1)
    setting = {"torch_full": "torch_full.CHUNK_BYTES", "warp": "warp.kernel.CPU_CHUNK_BYTES"}.get(fast_backend)
    if setting:
        monkeypatch.setattr(f"anisoap_opt.kernels.{setting}", 1)
    chunked = problem.kernel(fast_backend)
    assert_all_close(chunked.pull_back(problem.pairs, problem.adjoints), expected[0], 1e-13)
    assert_all_close(chunked.push_forward(problem.pairs, problem.tangents), expected[1], 1e-13)


def test_weights_of_pairs(backend: str) -> None:
    """Coefficients are linear in them."""
    problem = Problem("gto", weighted=True)
    kernel, pairs = problem.kernel(backend), problem.pairs
    alone = Pairs(pairs.j, pairs.r_ij, np.arange(len(pairs.j) + 1))
    for c, single in zip(kernel.coefficients(pairs), kernel.coefficients(alone), strict=True):
        weighted = np.asarray(single) * pairs.weight[:, None, None]
        bounds = zip(pairs.start[:-1], pairs.start[1:], strict=True)
        assert_close(c, np.stack([weighted[a:b].sum(axis=0) for a, b in bounds]), 1e-13)


def test_wide_particles(backend: str) -> None:
    """Thousands of times as wide as the basis; K = F Fᵀ keeps its digits, so the derivative in r does."""
    problem = Problem("gto", widest=3000.0)
    pushed = Problem("gto", widest=3000.0).kernel("reference").push_forward(problem.pairs, problem.tangents)
    assert_all_close(problem.kernel(backend).push_forward(problem.pairs, problem.tangents), pushed, 1e-9)


def test_float32(float32_backend: str) -> None:
    """Rounded inputs, so the error is that of the moments: as large as the coefficients' own."""
    problem = Problem("coupled", weighted=True)
    single, double = (problem.kernel(float32_backend, dtype) for dtype in ("float32", "float64"))
    for one, other in (
        (single.pull_back(problem.pairs, problem.adjoints), double.pull_back(problem.pairs, problem.adjoints)),
        (single.push_forward(problem.pairs, problem.tangents), double.push_forward(problem.pairs, problem.tangents)),
    ):
        assert {str(np.asarray(part).dtype) for part in one} == {"float32"}
        assert_all_close(one, other, TOLERANCES["float32"].invariance)


def test_torch_full_differentiates_its_pull_back() -> None:
    torch = pytest.importorskip("torch")
    from anisoap_opt.kernels.torch_full import Kernel

    problem = Problem("gto", [2, 0, 1])
    base = torch.tensor(problem.gaussians.records)

    def pulled(r_ij: Any, records: Any, *adjoints: Any) -> Any:
        kernel = Kernel(Gaussians(records, problem.precision), problem.change, KernelOptions())
        return kernel.pull_back(Pairs(problem.pairs.j, r_ij, problem.pairs.start), adjoints)

    inputs = [torch.tensor(problem.pairs.r_ij), base, *map(torch.tensor, problem.adjoints)]
    assert torch.autograd.gradcheck(pulled, [one.requires_grad_() for one in inputs])
