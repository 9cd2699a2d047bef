"""Per particle, once: the product of its own Gaussian with the Gaussian exp(-s r²/2) of the radial basis.

With A = R diag(1/a²) Rᵀ everything is diagonal in the particle's own frame, so no matrix is inverted:

    C = (A + s·1)⁻¹ = R diag(a²/(1 + s a²)) Rᵀ        covariance
    K = 1 - s·C     = R diag(1/(1 + s a²)) Rᵀ         maps r_ij to the centre of the product
    w = sqrt(det C) / prod(a) = prod (1 + s a²)^{-1/2}

Arrays are NumPy's or Torch's; with Torch the results can be differentiated. An absurdly large or small axis makes an
infinity on the way, of which 1 / inf = 0 is what it means.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def covariance(rotations: Any, semiaxes: Any, precision: float) -> Any:
    """C of every particle.

    Parameters
    ----------
    rotations : array, shape [particles, 3, 3]
        Body → space.
    semiaxes : array, shape [particles, 3]
        Å.
    precision : float
        s, Å⁻²: 1/σ² for the GTO basis, 0 for the monomial basis.

    Returns
    -------
    array, shape [3, 3, particles]
        Å².
    """
    with np.errstate(over="ignore", divide="ignore"):
        return _in_space(rotations, 1 / (1 / semiaxes**2 + precision))


def center_map(rotations: Any, semiaxes: Any, precision: float) -> Any:
    """K of every particle, shape [3, 3, particles]; parameters as for `covariance`."""
    with np.errstate(over="ignore"):
        return _in_space(rotations, 1 / (1 + precision * semiaxes**2))


def weight(semiaxes: Any, precision: float) -> Any:
    """Weight w of every particle, shape [particles]; parameters as for `covariance`."""
    with np.errstate(over="ignore"):
        return 1 / (1 + precision * semiaxes**2).prod(1) ** 0.5


def _in_space(rotations: Any, diagonal: Any) -> Any:
    """R diag(d) Rᵀ as a sum over the body's axes; particles last, so that all of them are one loop."""
    axes = rotations.swapaxes(0, 2)  # [axis, component, particles]
    axes = np.ascontiguousarray(axes) if isinstance(axes, np.ndarray) else axes.contiguous()
    x, y, z = (diagonal[:, k] * axes[k][:, None] * axes[k] for k in range(3))
    return x + y + z
