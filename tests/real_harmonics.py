"""Real spherical harmonics from SciPy's complex ones, and how they turn: the tests' own, independent of the package."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special
from scipy.spatial.transform import Rotation


def _complex_harmonics(l: int, m: int, polar: Any, azimuth: Any) -> Any:
    """Y_lm with the Condon–Shortley phase."""
    if hasattr(scipy.special, "sph_harm_y"):
        return scipy.special.sph_harm_y(l, m, polar, azimuth)
    return scipy.special.sph_harm(m, l, azimuth, polar)  # SciPy < 1.15


def real_harmonics(l: int, points: Any) -> Any:
    """Y_lm for m = -l … l, without the Condon–Shortley phase, at points of any length: [points, 2l+1]."""
    x, y, z = np.asarray(points, dtype=np.float64).T
    polar, azimuth = np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)
    columns = []
    for m in range(-l, l + 1):
        value = _complex_harmonics(l, abs(m), polar, azimuth) * (-1.0) ** m
        columns.append(np.sqrt(2) * (value.imag if m < 0 else value.real) if m else value.real)
    return np.column_stack(columns)


def wigner_d(l: int, rotation: Rotation) -> Any:
    """D [2l+1, 2l+1] with Y(R x) = D Y(x), fitted on random points.

    A density ρ turned by R has the coefficients D c: ∫ρ(R⁻¹x) Y(x) dx = ∫ρ(y) Y(R y) dy.
    """
    points = np.random.default_rng(l).normal(size=(20 * (l + 1), 3))
    transposed, *_ = np.linalg.lstsq(real_harmonics(l, points), real_harmonics(l, rotation.apply(points)), rcond=None)
    return transposed.T
