"""Per particle, once: the product of its own Gaussian with the Gaussian exp(-s r²/2) of the radial basis.

With A = R diag(1/a²) Rᵀ everything is diagonal in the particle's own frame, so no matrix is inverted:

    C = (A + s·1)⁻¹ = R diag(a²/(1 + s a²)) Rᵀ        covariance of the product
    K = 1 - s·C     = R diag(1/(1 + s a²)) Rᵀ         maps r_ij to its centre, μ = K r
    F = R diag((1 + s a²)^{-1/2})                     root of it, K = F Fᵀ
    w = sqrt(det C) / prod(a) = prod (1 + s a²)^{-1/2}

A pair's weight is w exp(-½ s r·μ) = w exp(-½ s ‖Fᵀr‖²). Where a particle is much wider than the basis, s a² ≫ 1, the
difference 1 - s·C keeps few of K's digits, and a product K r few of those of r·μ; F keeps them all.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from anisoap_opt.arrays import Array

COVARIANCE = ((0, 1, 2), (1, 3, 4), (2, 4, 5))
"""Place of C_ik in a record."""
WEIGHT = 6
"""Place of w in a record."""
ROOT = slice(7, 16)
"""Place of F in a record, row by row."""
RECORD = 16
"""Numbers in a record."""


class Gaussians(NamedTuple):
    """The product Gaussians of all particles; what a kernel reads of them.

    Attributes
    ----------
    records : array, shape [particles, RECORD]
        C_xx, C_xy, C_xz, C_yy, C_yz, C_zz, w, F_xa, F_xb, F_xc, F_ya, …, F_zc. NumPy's, or Torch's and differentiable.
    precision : float
        s of the radial basis, 1 for GTOs and 0 for monomials in the basis's own unit of length.
    """

    records: Any
    precision: float

    @classmethod
    def of(cls, rotations: Any, semiaxes: Any, precision: float) -> Gaussians:
        """Product Gaussians of particles.

        Parameters
        ----------
        rotations : array, shape [particles, 3, 3]
            Body → space; NumPy's or Torch's, as `semiaxes`.
        semiaxes : array, shape [particles, 3]
            In the unit of length that `precision` is given in.
        precision : float
            s, in this unit to the power -2.

        Returns
        -------
        Gaussians
        """
        if not isinstance(semiaxes, np.ndarray):
            import torch

            return cls(torch.stack(product_gaussian(rotations.permute(1, 2, 0), semiaxes.T, precision), 1), precision)
        with np.errstate(over="ignore", divide="ignore", under="ignore"):
            columns = product_gaussian(np.ascontiguousarray(rotations.transpose(1, 2, 0)), semiaxes.T.copy(), precision)
        return cls(np.stack(columns, axis=1), precision)


def product_gaussian(rotation: Any, semiaxes: Any, precision: Any) -> Any:
    """The sixteen numbers of a record.

    Written for single numbers and for arrays of them alike: NumPy's, Torch's, and those of compiled loops. An absurdly
    large or small axis makes an infinity on the way, of which 1 / inf = 0 is what it means.

    Parameters
    ----------
    rotation : three rows of three numbers
        R; column k is the body's axis k in space.
    semiaxes : three numbers
        a.
    precision : number
        s.

    Returns
    -------
    tuple of RECORD numbers
    """
    (xa, xb, xc), (ya, yb, yc), (za, zb, zc) = rotation
    a, b, c = semiaxes
    a, b, c = a * a, b * b, c * c
    variance_a, variance_b, variance_c = 1 / (1 / a + precision), 1 / (1 / b + precision), 1 / (1 / c + precision)
    root_a = (1 + precision * a) ** -0.5
    root_b = (1 + precision * b) ** -0.5
    root_c = (1 + precision * c) ** -0.5
    return (
        variance_a * xa * xa + variance_b * xb * xb + variance_c * xc * xc,
        variance_a * xa * ya + variance_b * xb * yb + variance_c * xc * yc,
        variance_a * xa * za + variance_b * xb * zb + variance_c * xc * zc,
        variance_a * ya * ya + variance_b * yb * yb + variance_c * yc * yc,
        variance_a * ya * za + variance_b * yb * zb + variance_c * yc * zc,
        variance_a * za * za + variance_b * zb * zb + variance_c * zc * zc,
        root_a * root_b * root_c,
        xa * root_a, xb * root_b, xc * root_c,
        ya * root_a, yb * root_b, yc * root_c,
        za * root_a, zb * root_b, zc * root_c,
    )  # fmt: skip


class ShapeTangents(NamedTuple):
    """How C and log w of particles change with their orientations and semiaxes.

    Attributes
    ----------
    turned : ndarray, shape [particles, 3, 6]
        Of C, elements of a symmetric matrix, with δθ_k in space.
    stretched : ndarray, shape [particles, 3, 6]
        Of C with the semiaxis a_k.
    log_w_stretched : ndarray, shape [particles, 3]
        Of log w with a_k; it does not change with δθ.
    """

    turned: Array
    stretched: Array
    log_w_stretched: Array


def tangents_of_shapes(rotations: Array, semiaxes: Array, precision: float) -> ShapeTangents:
    """Derivatives of C and log w with respect to orientations and semiaxes.

    In the particle's own frame C is diagonal with v_k = a_k²/(1 + s a_k²). For R → exp([δθ]×) R, δC = [δθ]×C - C[δθ]×.
    In this frame, with δθ along its axes,

        ∂C_yz/∂θ_x = v_y - v_z = (a_y² - a_z²) / ((1 + s a_y²)(1 + s a_z²)),   and so on in turn
        ∂C_kk/∂a_k = 2 a_k/(1 + s a_k²)²,   ∂log w/∂a_k = -s a_k/(1 + s a_k²)

    and all other elements do not change. Nothing cancels, so turning a sphere changes nothing.

    Parameters
    ----------
    rotations : ndarray, shape [particles, 3, 3]
        Body → space.
    semiaxes : ndarray, shape [particles, 3]
    precision : float
        s.

    Returns
    -------
    ShapeTangents
    """
    squares, next_axis, after_next = semiaxes**2, np.array([1, 2, 0]), np.array([2, 0, 1])
    root = 1 / (1 + precision * squares)
    differences = (squares[:, next_axis] - squares[:, after_next]) * root[:, next_axis] * root[:, after_next]
    of_theta = rotations * differences[:, None, :]  # [particles, k in space, axis of the body]
    in_body = np.zeros((len(semiaxes), 3, 3, 3))
    in_body[:, :, next_axis, after_next] = in_body[:, :, after_next, next_axis] = of_theta
    rows, columns = np.triu_indices(3)
    turned = np.einsum("pxa,pkab,pyb->pkxy", rotations, in_body, rotations, optimize=True)
    stretched = np.einsum("pk,pxk,pyk->pkxy", 2 * semiaxes * root**2, rotations, rotations)
    return ShapeTangents(turned[:, :, rows, columns], stretched[:, :, rows, columns], -precision * semiaxes * root)
