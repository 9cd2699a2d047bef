"""The compiled backend as users run it: straight-line code, chunks on threads, the coupling's blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from anisoap_opt.kernels import numpy_only  # noqa: E402
from anisoap_opt.kernels.numba import Kernel, kernel, threads  # noqa: E402
from tests.frames_for_tests import calculator, random_frame  # noqa: E402
from tests.kernels.numba.problems import arguments, basis, pairs  # noqa: E402
from tests.tolerances import assert_close, assert_same_maps, relative_error  # noqa: E402

FRAMES = [random_frame(seed, 12, cell=6 * np.eye(3), pbc=True) for seed in range(8)]


@pytest.mark.parametrize("symmetric", [False, True])
def test_bitwise_the_same_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch, symmetric: bool) -> None:
    monkeypatch.setattr(kernel, "CHUNK_BYTES", 20_000)  # a dozen chunks
    compiled = calculator(backend="numba", max_angular=6, max_radial=None)
    results: list[list[Any]] = []
    for count in (1, 2, 3):
        monkeypatch.setattr(threads, "num_threads", lambda count=count: count)
        per_center = compiled.power_spectrum(FRAMES, False, symmetric=symmetric)
        results.append([compiled.power_spectrum(FRAMES, symmetric=symmetric), *(b.values for b in per_center.blocks())])
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


@pytest.mark.parametrize("mean", [False, True])
def test_gradients_are_bitwise_the_same_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch, mean: bool) -> None:
    monkeypatch.setattr(kernel, "CHUNK_BYTES", 20_000)
    compiled = calculator(backend="numba")
    results: list[list[Any]] = []
    for count in (1, 2, 3):
        monkeypatch.setattr(threads, "num_threads", lambda count=count: count)
        spectra = compiled.power_spectrum(FRAMES, mean, compute_gradients=True)
        results.append([block.gradient("positions").values for block in spectra.blocks()])
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_errors_on_threads_reach_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "num_threads", lambda: 2)

    def fail_at_three(item: int) -> int:
        if item == 3:
            raise MemoryError("no room for three")
        return item

    results = threads.map_in_order(fail_at_three, range(20))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(MemoryError, match="three"):
        next(results)
    assert list(threads.map_in_order(lambda item: item, range(20))) == list(range(20))


@pytest.mark.parametrize("max_radial", [[9, 3, 8], [16, 7, 0]])
@pytest.mark.parametrize("symmetric", [False, True])
def test_more_radial_functions_than_lanes(max_radial: list[int], symmetric: bool) -> None:
    shared = {"max_angular": 2, "max_radial": max_radial, "basis_rcond": 1e-8, "basis_tol": 1e-3}
    maps = [calculator(backend=b, **shared).power_spectrum(FRAMES[:2], False, symmetric=symmetric) for b in BOTH]
    assert_same_maps(*maps, 1e-9)  # seventeen functions of one l cancel digits
    rows = [calculator(backend=b, **shared).power_spectrum(FRAMES[:2], symmetric=symmetric) for b in BOTH]
    assert_close(*rows, 1e-9)


BOTH = ("numba", "numpy_only")


@pytest.mark.slow
@pytest.mark.parametrize("degree", range(4, 17))
def test_straight_line_code_up_to_its_limit(degree: int) -> None:
    problem, segments = arguments(basis(degree)), pairs([5, 0, 1, 9, 2, 2, 3, 1, 17, 4])
    both = (one.coefficients(segments) for one in (Kernel(*problem), numpy_only.Kernel(*problem)))
    errors = [relative_error(a, b) for a, b in zip(*both, strict=True)]
    assert max(errors) < 1e-14 * 1.35**degree  # as for the plane walk
