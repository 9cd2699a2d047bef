"""Random particles and pairs in segments of given lengths, for a kernel without the rest of the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.radial import GTORadialBasis
from anisoap_opt.gaussians import Gaussians
from anisoap_opt.kernels.contract import KernelOptions
from anisoap_opt.pairs import Pairs

PARTICLES = 7


def basis(max_angular: int, max_radial: Any = None, *, orthonormal: bool = False) -> BasisChange:
    """By default without the Löwdin matrices: they cancel digits, and moments are what is compared."""
    radial = GTORadialBasis(max_angular, 5.0, radial_gaussian_width=1.5, max_radial=max_radial)
    return BasisChange.of(radial, orthonormal=orthonormal)


def arguments(change: BasisChange, dtype: str = "float64", seed: int = 0) -> tuple[Any, ...]:
    """Of a kernel."""
    rng = np.random.default_rng(seed)
    rotations = Rotation.random(PARTICLES, random_state=seed).as_matrix()
    gaussians = Gaussians.of(rotations, rng.uniform(0.4, 1.8, (PARTICLES, 3)), 1.5**-2)
    return gaussians, change, KernelOptions(dtype=dtype)


def pairs(lengths: Sequence[int], seed: int = 0) -> Pairs:
    """Segments of these lengths."""
    rng = np.random.default_rng(seed)
    start = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    total = int(start[-1])
    return Pairs(rng.integers(0, PARTICLES, total), rng.uniform(-2.5, 2.5, (total, 3)), start)
