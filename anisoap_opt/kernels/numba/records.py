"""What the kernel reads of every particle, one cache line each: C_xx, C_xy, C_xz, C_yy, C_yz, C_zz, w, and nothing."""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from typing import Any

from anisoap_opt.kernels.numba.jit import entry_point


@entry_point
def fill_records(rotations: Any, semiaxes: Any, precision: Any, records: Any) -> None:
    """C = R diag(1/(1/a² + s)) Rᵀ and w = prod (1 + s a²)^{-1/2}, as in `anisoap_opt.gaussians`.

    Parameters
    ----------
    rotations : ndarray, shape [particles, 3, 3]
    semiaxes : ndarray, shape [particles, 3]
        Å.
    precision : float
        s, Å⁻².
    records : ndarray, shape [particles + 1, RECORD]
        Written; the last one is that of nobody, all zero.
    """
    records[:] = 0.0
    for p in range(len(semiaxes)):
        widening = 1.0
        for k in range(3):
            a2 = semiaxes[p, k] * semiaxes[p, k]
            widening *= 1 + precision * a2
            variance = 1 / (1 / a2 + precision)
            x, y, z = rotations[p, 0, k], rotations[p, 1, k], rotations[p, 2, k]
            records[p, 0] += variance * x * x
            records[p, 1] += variance * x * y
            records[p, 2] += variance * x * z
            records[p, 3] += variance * y * y
            records[p, 4] += variance * y * z
            records[p, 5] += variance * z * z
        records[p, 6] = widening**-0.5
