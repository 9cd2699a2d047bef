"""Derivatives of the moments of one pair, for the backends that work on arrays.

In scaled moments m̃ = m/p! a derivative with respect to μ is a lowering, and with respect to C half a double one:

    ∂m̃[p]/∂μ_i = m̃[p - e_i],   ∂m̃[p]/∂C_ij = ½ m̃[p - e_i - e_j],   ∂m̃[p]/∂log w = m̃[p]

so no second recurrence is needed. The pair's own numbers come from r, C and log w by μ = K r and the exponent
-½ s r·μ, with K = 1 - s·C. (K is applied as F Fᵀ, which keeps its digits where a particle is wide.)

Everything here is written with one array [pairs] for each component, NumPy's or Torch's; `push_pair`, `pull_pair` and
`pull_pair_along` take the symbols of a kernel's text as well. A symmetric matrix is its six
elements xx, xy, xz, yy, yz, zz. Its adjoint is a symmetric matrix too: a change Ċ changes the result by
Σ_ij C̄_ij Ċ_ij over all nine elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from anisoap_opt.gaussians import COVARIANCE

AXES = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
"""Rows and columns of the six elements of a symmetric matrix."""
XYZ = (0, 1, 2)
Lift = Callable[[tuple[int, ...]], Any]
"""`basis.monomials.lifted` of the degree in question, as an index of the arrays."""


def times_symmetric(c: Any, v: Any) -> list[Any]:
    """C v of six elements and three."""
    return [sum(c[COVARIANCE[i][k]] * v[k] for k in XYZ) for i in XYZ]


def times_square(root: Any, v: Any) -> list[Any]:
    """K v = F Fᵀ v of a matrix [3][3] and three components."""
    in_body = [sum(root[x][k] * v[x] for x in XYZ) for k in XYZ]
    return [sum(root[x][k] * in_body[k] for k in XYZ) for x in XYZ]


def dot(a: Any, b: Any) -> Any:
    """Scalar product of three components."""
    return sum(a[i] * b[i] for i in XYZ)


def sums_of_lowered(adjoint: Any, moments: Any, lift: Lift) -> tuple[Any, list[Any], list[Any]]:
    """Contract a pair's moments with the adjoint of its segment's sums G.

    Parameters
    ----------
    adjoint, moments : array, shape [monomials, pairs]
        G and m̃.
    lift : callable

    Returns
    -------
    of_log_weight : array, shape [pairs]
        ℓ = Σ_p G[p] m̃[p].
    of_mu : list of three
        g_i = Σ_p G[p + e_i] m̃[p].
    of_c : list of six
        H_ij = ½ Σ_p G[p + e_i + e_j] m̃[p].
    """

    def contract(*axes: int) -> Any:
        rows = lift(axes)
        return (adjoint[rows] * moments[: len(rows)]).sum(0)

    return (adjoint * moments).sum(0), [contract(i) for i in XYZ], [0.5 * contract(i, k) for i, k in AXES]


def moments_along(moments: Any, lift: Lift, of_mu: Any, of_c: Any, of_log_weight: Any) -> Any:
    """Scaled moments along a tangent (μ̇, Ċ, and that of the logarithm of the pair's weight); [monomials, pairs]."""
    along = moments * of_log_weight
    for i in XYZ:
        rows = lift((i,))
        along[rows] += of_mu[i] * moments[: len(rows)]
    for k, axes in enumerate(AXES):
        rows = lift(axes)
        factor = 0.5 if axes[0] == axes[1] else 1.0
        along[rows] += factor * of_c[k] * moments[: len(rows)]
    return along


def push_pair(precision: Any, root: Any, r: Any, mu: Any, r_dot: Any, c_dot: Any, log_w_dot: Any) -> tuple[Any, Any]:
    """From tangents of r, C and log w to those of μ and of the logarithm of the pair's weight.

    μ̇ = K ṙ - s Ċ r, and log ẇ - s μ·ṙ + ½ s² r·Ċ r.
    """
    c_dot_r = times_symmetric(c_dot, r)
    k_r_dot = times_square(root, r_dot)
    mu_dot = [k_r_dot[i] - precision * c_dot_r[i] for i in XYZ]
    return mu_dot, log_w_dot - precision * dot(mu, r_dot) + 0.5 * precision**2 * dot(r, c_dot_r)


def pull_pair(precision: Any, root: Any, r: Any, mu: Any, sums: tuple[Any, Sequence[Any], Sequence[Any]]) -> list[Any]:
    """From the adjoints ℓ, g, H of `sums_of_lowered` to those of r (three), C (six) and log w.

    r̄ = K g - s ℓ μ,   C̄ = H - ½ s (g rᵀ + r gᵀ) + ½ s² ℓ r rᵀ,   ℓ.
    """
    ell, g, h = sums
    k_g = times_square(root, g)
    of_r = [k_g[i] - precision * ell * mu[i] for i in XYZ]
    of_c = [
        h[k] - 0.5 * precision * (g[i] * r[j] + r[i] * g[j]) + 0.5 * precision**2 * ell * r[i] * r[j]
        for k, (i, j) in enumerate(AXES)
    ]
    return [*of_r, *of_c, ell]


def pull_pair_along(
    precision: Any,
    root: Any,
    r: Any,
    mu: Any,
    sums: tuple[Any, Sequence[Any], Sequence[Any]],
    r_dot: Any,
    c_dot: Any,
    mu_dot: Any,
    sums_dot: tuple[Any, Sequence[Any], Sequence[Any]],
) -> list[Any]:
    """The derivative of `pull_pair` along a tangent: what it returns, dotted."""
    ell, g, _ = sums
    ell_dot, g_dot, h_dot = sums_dot
    k_g_dot, c_dot_g = times_square(root, g_dot), times_symmetric(c_dot, g)
    of_r = [k_g_dot[i] - precision * (c_dot_g[i] + ell_dot * mu[i] + ell * mu_dot[i]) for i in XYZ]
    of_c = [
        h_dot[k]
        - 0.5 * precision * (g_dot[i] * r[j] + g[i] * r_dot[j] + r_dot[i] * g[j] + r[i] * g_dot[j])
        + 0.5 * precision**2 * (ell_dot * r[i] * r[j] + ell * (r_dot[i] * r[j] + r[i] * r_dot[j]))
        for k, (i, j) in enumerate(AXES)
    ]
    return [*of_r, *of_c, ell_dot]
