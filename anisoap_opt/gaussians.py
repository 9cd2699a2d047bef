"""Per particle, once: the product of its own Gaussian with the Gaussian exp(-s r²/2) of the radial basis.

With A = R diag(1/a²) Rᵀ everything is diagonal in the particle's own frame, so no matrix is inverted:

    C = (A + s·1)⁻¹ = R diag(a²/(1 + s a²)) Rᵀ        covariance
    K = 1 - s·C     = R diag(1/(1 + s a²)) Rᵀ         maps r_ij to the centre of the product
    w = sqrt(det C) / prod(a) = prod (1 + s a²)^{-1/2}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class ProductGaussians:
    """What a kernel needs to know of every particle; arrays of NumPy or Torch.

    Attributes
    ----------
    precision : float
        s, Å⁻²: 1/σ² for the GTO basis, 0 for the monomial basis.
    covariance : array, shape [particles, 3, 3]
        C, Å².
    center_map : array, shape [particles, 3, 3]
        K.
    weight : array, shape [particles]
        w.
    """

    precision: float
    covariance: Any
    center_map: Any
    weight: Any


def product_gaussians(rotations: Any, semiaxes: Any, precision: float) -> ProductGaussians:
    """Covariance, centre map and weight of every particle.

    Parameters
    ----------
    rotations : array, shape [particles, 3, 3]
        Body → space; NumPy or Torch (then the result can be differentiated).
    semiaxes : array, shape [particles, 3]
        Å.
    precision : float
        s, Å⁻².

    Returns
    -------
    ProductGaussians
        Of the same array type.
    """
    with np.errstate(over="ignore"):  # 1 / inf = 0 is what an absurdly large or small axis means
        widening = 1 + precision * semiaxes**2  # [particles, 3]
        variances = 1 / (semiaxes**-2 + precision)  # [particles, 3]
        weight = widening.prod(1) ** -0.5
    columns = rotations.swapaxes(1, 2)
    return ProductGaussians(
        precision=precision,
        covariance=(rotations * variances[:, None, :]) @ columns,
        center_map=(rotations / widening[:, None, :]) @ columns,
        weight=weight,
    )
