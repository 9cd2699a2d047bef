"""The change of basis of low degrees: what its code is made from, and bases that lack some of its functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from anisoap_opt.basis.monomials import num_up_to_degree  # noqa: E402
from anisoap_opt.basis.solid_harmonics import radial_solid_harmonics  # noqa: E402
from anisoap_opt.kernels import numpy_only  # noqa: E402
from anisoap_opt.kernels.numba import Kernel  # noqa: E402
from anisoap_opt.kernels.numba.harmonics import ZERO, harmonics_of  # noqa: E402
from anisoap_opt.kernels.numba.recurrence import LOW_DEGREE  # noqa: E402
from tests.kernels.numba.problems import arguments, basis, pairs  # noqa: E402
from tests.tolerances import relative_error  # noqa: E402


def test_every_function_has_a_place_of_its_own() -> None:
    for limit in range(LOW_DEGREE + 1):
        found = [one.place for degree in range(limit + 1) for one in harmonics_of(degree, limit)]
        assert sorted(found) == list(range(num_up_to_degree(limit)))


def test_a_coefficient_is_zero_or_far_from_it() -> None:
    for l in range(LOW_DEGREE + 1):
        for table in radial_solid_harmonics(l, (LOW_DEGREE - l) // 2 + 1):
            sizes = np.abs(table)
            assert not np.any((sizes > ZERO / 10) & (sizes < 0.2))


@pytest.mark.parametrize(("max_angular", "max_radial"), [(3, 0), (4, [0, 2, 1, 0, 1]), (6, [0, 0, 1, 0, 0, 0, 0])])
def test_bases_that_lack_functions(max_angular: int, max_radial: Any) -> None:
    change, segments = basis(max_angular, max_radial, orthonormal=True), pairs([5, 0, 1, 9, 2, 2, 3, 1, 17, 4])
    assert change.degree in (3, 6)  # code that other tests have compiled
    both = (one.coefficients(segments) for one in (Kernel(*arguments(change)), numpy_only.Kernel(*arguments(change))))
    assert max(relative_error(a, b) for a, b in zip(*both, strict=True)) < 1e-12
