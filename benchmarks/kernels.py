"""A kernel alone: synthetic pairs in segments of chosen length, and the machine's dgemm to compare with."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks import measure, workloads

DEGREES = {6: "(6, None)", 21: "(9, 6)"}
"""Largest degree of a moment, and the basis that needs it."""
BLOCKS = {6: 1024, 21: 128}
"""Segments whose coefficients are asked for at once: about a megabyte."""
MEAN_PAIRS = {"long": 62, "short": 7}


def dgemm_rate(size: int = 900) -> float:
    """Flops per second of NumPy's matrix product, the best of four."""
    a, b = np.random.default_rng(0).random((2, size, size))
    return 2 * size**3 / measure.best_time(partial(np.dot, a, b, out=np.empty_like(a)), 4)


class KernelLoad:
    """A kernel of one backend, and pairs for it in segments of 50 to 75 ("long"), or of about 7 ("short")."""

    def __init__(self, backend: str, degree: int, lengths: str) -> None:
        from anisoap_opt import EllipsoidalDensityProjection, kernels
        from anisoap_opt.gaussians import Gaussians
        from anisoap_opt.pairs import Pairs

        calculator = EllipsoidalDensityProjection(**workloads.HYPERS[DEGREES[degree]], backend=backend)
        kernel = kernels.load(calculator.backend)
        rng = np.random.default_rng(0)
        self.block = BLOCKS[degree]
        mean = MEAN_PAIRS[lengths]
        count = (400_000 if degree == 6 else 40_000) // mean
        sizes = rng.integers(50, 76, count) if lengths == "long" else np.maximum(1, rng.poisson(mean, count))
        start = np.append(0, np.cumsum(sizes))
        self.num_pairs = int(start[-1])
        particles = 4000
        rotations = Rotation.random(particles, rng).as_matrix()
        semiaxes = (0.5 + rng.random((particles, 3))) / 1.5  # in units of the width
        r_ij = 2.0 / 1.5 * rng.standard_normal((self.num_pairs, 3))
        self.pairs = Pairs(rng.integers(0, particles, self.num_pairs), r_ij, start)
        self.kernel = kernel(Gaussians.of(rotations, semiaxes, 1.0), calculator._basis, calculator.options)

    def run(self) -> None:
        """Coefficients of all segments, a block at a time, as a caller uses them: while they are in cache."""
        for first in range(0, self.pairs.num_segments, self.block):
            last = min(first + self.block, self.pairs.num_segments)
            self.kernel.coefficients(self.pairs.segments(first, last))
