"""AniSOAP's layout of the solid harmonics in monomials; the mathematics is in `anisoap_opt.basis.solid_harmonics`."""

from __future__ import annotations

from collections.abc import Sequence

from anisoap_opt.arrays import Array
from anisoap_opt.basis.solid_harmonics import dense_table

__all__ = ["spherical_to_cartesian"]


def spherical_to_cartesian(lmax: int, num_ns: Sequence[int]) -> list[Array]:
    """Coefficients of r^{2n} R_lm in the monomials x^n0 y^n1 z^n2.

    Parameters
    ----------
    lmax : int
        Largest l.
    num_ns : sequence of int, length lmax + 1
        Number of radial functions of each l.

    Returns
    -------
    list of ndarray, the l-th of shape [2l+1, num_ns[l], D+1, D+1, D+1] with D = l + 2 (num_ns[l] - 1)
        Entry [m, n, n0, n1, n2]; R_lm = sqrt(4π/(2l+1)) r^l Y_lm.

    Raises
    ------
    ValueError
        If `num_ns` has another length, or one of its entries is less than 1.
    """
    if len(num_ns) != lmax + 1 or min(num_ns) < 1:
        raise ValueError(f"num_ns needs a number ≥ 1 for each l = 0 … {lmax}, got {list(num_ns)}")
    return [dense_table(l, int(num)) for l, num in enumerate(num_ns)]
