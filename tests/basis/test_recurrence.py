"""The recurrence as data: what it adds up to, and how much work that is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from anisoap_opt.basis.monomials import exponents
from anisoap_opt.basis.recurrence import Exponents, count_flops, lowered, terms
from tests.frames_for_tests import random_rotation
from tests.quadrature import gauss_hermite_moments


def moments_by_terms(mu: Any, covariance: Any, degree: int) -> dict[Exponents, float]:
    """Scaled moments of weight 1, term by term."""
    values = {(0, 0, 0): 1.0}
    for d in range(1, degree + 1):
        for p in map(tuple, exponents(d).tolist()):
            axis, products = terms(p)
            factors = [mu[f[0]] if len(f) == 1 else covariance[f] for f, _ in products]
            total = sum(factor * values[term.source] for factor, term in zip(factors, products, strict=True))
            values[p] = total / p[axis]
    return values


def test_they_add_up_to_the_moments() -> None:
    """Against Gauss–Hermite quadrature."""
    matrix = random_rotation(5).as_matrix()
    covariance, mu = matrix @ np.diag([0.3, 1.1, 0.6]) @ matrix.T, np.array([0.4, -1.2, 0.7])
    cube = gauss_hermite_moments(covariance, mu, 8)
    for p, value in moments_by_terms(mu, covariance, 8).items():
        assert value == pytest.approx(cube[p] / math.prod(map(math.factorial, p)), rel=1e-11, abs=1e-13)


def test_the_axis_of_fewest_terms() -> None:
    for p in (tuple(p) for degree in range(1, 13) for p in exponents(degree).tolist()):
        axis, products = terms(p)
        base = lowered(p, axis)
        assert products[-1] == ((axis,), base)
        assert {term.source for term in products[:-1]} == {lowered(base, k) for k in range(3) if base[k]}
        assert len(products) == min(1 + sum(map(bool, lowered(p, k))) for k in range(3) if p[k])


@pytest.mark.parametrize(("degree", "flops"), [(0, 0), (1, 6), (6, 404), (21, 13404)])
def test_flops(degree: int, flops: int) -> None:
    assert count_flops(degree) == flops
