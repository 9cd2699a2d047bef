"""Integrals by Gaussian quadrature: exact for polynomials, and independent of every recurrence of the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def gauss_hermite_moments(covariance: Any, center: Any, degree: int) -> Any:
    """E[x^p] of a normal distribution for p_x + p_y + p_z ≤ degree, zero above: [degree+1, degree+1, degree+1]."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(degree // 2 + 1)
    weights = weights / np.sqrt(2 * np.pi)
    root = np.linalg.cholesky(covariance)
    grid = np.stack(np.meshgrid(nodes, nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 3)
    points = grid @ root.T + center
    w = np.einsum("a,b,c->abc", weights, weights, weights).ravel()
    x, y, z = (points[:, axis, None] ** np.arange(degree + 1) for axis in range(3))
    moments = np.einsum("q,qa,qb,qc->abc", w, x, y, z, optimize=True)
    power = np.arange(degree + 1)
    return np.where(power[:, None, None] + power[:, None] + power <= degree, moments, 0.0)


def integrate(function: Callable[[Any], Any], end: float, intervals: int = 40) -> Any:
    """∫_0^end f(r) dr by Gauss–Legendre with 20 points on each interval; f takes [points], gives [points, ...]."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = np.linspace(0, end, intervals + 1)
    half = np.diff(edges)[:, None] / 2
    r = (edges[:-1, None] + half * (nodes + 1)).ravel()
    w = (half * weights).ravel()
    return np.tensordot(w, function(r), axes=1)
