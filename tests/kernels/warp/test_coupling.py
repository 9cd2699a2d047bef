"""The dense change of basis, and sums of power spectra that no spectrum is stored for."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("warp")

from anisoap_opt.kernels.numpy_only import Kernel as NumpyKernel  # noqa: E402
from anisoap_opt.kernels.warp.kernel import Kernel  # noqa: E402
from anisoap_opt.power_spectrum import sum_power_spectra  # noqa: E402
from tests.kernels.numba.problems import arguments, basis, pairs  # noqa: E402
from tests.tolerances import assert_close  # noqa: E402


@pytest.mark.parametrize("shape", [(6, None), (3, [3, 0, 2, 1]), (0, 2)], ids=str)
@pytest.mark.parametrize("orthonormal", [False, True])
def test_the_dense_change_of_basis_is_that_in_factors(shape: tuple[int, int | None], orthonormal: bool) -> None:
    made = arguments(basis(*shape, orthonormal=orthonormal))
    some = pairs([3, 0, 1, 40])
    expected = NumpyKernel(*made).coefficients(some)
    for ours, other in zip(Kernel(*made).coefficients(some), expected, strict=True):
        assert_close(ours, other, 1e-11)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("num_types", [1, 3])
@pytest.mark.parametrize("runs", [[0], [0, 1, 2, 900], list(range(1200))], ids=["one", "four", "every centre"])
def test_sums_over_runs_of_centers(runs: list[int], num_types: int, symmetric: bool) -> None:
    """Long runs are summed in pieces."""
    own, start = Kernel(*arguments(basis(4, None))), np.array(runs)
    some = pairs(np.random.default_rng(0).integers(0, 4, 1200 * num_types).tolist())
    expected = sum_power_spectra(own.coefficients(some), num_types, start, symmetric=symmetric)
    actual = own.sum_power_spectra(some, num_types, start, symmetric=symmetric)
    assert_close(actual, expected, 1e-12)
    assert np.array_equal(own.sum_power_spectra(some, num_types, start, symmetric=symmetric), actual)
