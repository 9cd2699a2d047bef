"""Clebsch–Gordan coefficients of real spherical harmonics, and the coupling of two equivariants with them.

With complex coefficients u_μ = Σ_m U_μm v_m of the real v_m (Condon–Shortley phase on the complex side only),

    C^{L M}_{m1 m2} = Σ U_{μ1 m1} U_{μ2 m2} U*_{μ M} <l1 μ1 l2 μ2 | L μ>

is real if l1 + l2 + L is even and imaginary if it is odd; the imaginary part is taken then.
"""

from __future__ import annotations

import string
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks
from anisoap_opt.arrays import Array


class ClebschGordanReal:
    """Real Clebsch–Gordan coefficients up to one angular momentum, each computed when it is first asked for.

    Parameters
    ----------
    l_max : int
        Largest l1, l2 and L.

    Raises
    ------
    TypeError, ValueError
        If `l_max` is not an integer ≥ 0.
    """

    def __init__(self, l_max: int) -> None:
        self.l_max = checks.natural("l_max", l_max)
        self._tables: dict[tuple[int, int, int], Array] = {}

    def coefficients(self, l1: int, l2: int, L: int) -> Array:
        """All coefficients of one coupling.

        Parameters
        ----------
        l1, l2, L : int
            Up to `l_max`.

        Returns
        -------
        ndarray, shape [2 l1 + 1, 2 l2 + 1, 2 L + 1]
            Entry [m1, m2, M], each from -l to l; zero unless the difference of l1 and l2 ≤ L ≤ l1 + l2.

        Raises
        ------
        ValueError
            If l1, l2 or L exceeds `l_max`.
        """
        if max(l1, l2, L) > self.l_max:
            raise ValueError(f"the coupling {l1} ⊗ {l2} → {L} needs a ClebschGordanReal beyond l_max={self.l_max}")
        if (l1, l2, L) not in self._tables:
            self._tables[l1, l2, L] = _real_clebsch_gordan(l1, l2, L)
        return self._tables[l1, l2, L]

    def get_cg(self) -> dict[tuple[int, int, int], list[npt.NDArray[Any]]]:
        """All coefficients that do not vanish, in AniSOAP's sparse layout.

        Returns
        -------
        dict from (l1, l2, L) to a list over M
            Each a structured array of (m1, m2, cg), indices counted from 0.
        """
        return self._cg

    @cached_property
    def _cg(self) -> dict[tuple[int, int, int], list[npt.NDArray[Any]]]:
        return {
            (l1, l2, L): [_sparse(matrix) for matrix in np.moveaxis(self.coefficients(l1, l2, L), 2, 0)]
            for l1 in range(self.l_max + 1)
            for l2 in range(self.l_max + 1)
            for L in range(abs(l1 - l2), min(self.l_max, l1 + l2) + 1)
        }

    def combine_einsum(
        self, rho1: npt.NDArray[Any], rho2: npt.NDArray[Any], L: int, combination_string: str
    ) -> npt.NDArray[Any]:
        """Couple two sets of equivariants to angular momentum L.

        Parameters
        ----------
        rho1, rho2 : ndarray, shapes [items, 2 l1 + 1, ...] and [items, 2 l2 + 1, ...]
        L : int
        combination_string : str
            What `numpy.einsum` is to do with the axes other than the components, items first everywhere: "iq,iq->iq"
            pairs features up, "ia,ib->iab" takes all pairs.

        Returns
        -------
        ndarray, shape [items, 2 L + 1, ...]
            Σ_{m1 m2} C^{LM}_{m1 m2} rho1_{m1} rho2_{m2}, in the precision of the input.

        Raises
        ------
        ValueError
            If the numbers of items differ, `combination_string` does not begin each term with the items, or an
            angular momentum exceeds `l_max`.
        """
        if len(rho1) != len(rho2):
            raise ValueError(f"cannot combine {len(rho1)} items with {len(rho2)} items")
        first, second, out = combination_string.replace(" ", "").replace("->", ",").split(",")
        if not first[:1] == second[:1] == out[:1] != "":
            raise ValueError(f"each term of {combination_string!r} must begin with the index of the items")
        m, M, *_ = (letter for letter in string.ascii_letters if letter not in combination_string)
        cg = self.coefficients((rho1.shape[1] - 1) // 2, (rho2.shape[1] - 1) // 2, L)
        cg = cg.astype(np.result_type(rho1, rho2, np.float32))
        folded = np.tensordot(rho2, cg, axes=(1, 1))  # [items, ..., m1, M]
        return np.asarray(np.einsum(f"{first[0]}{m}{first[1:]},{second}{m}{M}->{out[0]}{M}{out[1:]}", rho1, folded))


def _real_clebsch_gordan(l1: int, l2: int, L: int) -> Array:
    """C^{LM}_{m1 m2}, [2 l1 + 1, 2 l2 + 1, 2 L + 1]."""
    if not abs(l1 - l2) <= L <= l1 + l2:
        return np.zeros((2 * l1 + 1, 2 * l2 + 1, 2 * L + 1))
    from wigners import clebsch_gordan_array

    u1, u2, uL = map(_real_to_complex, (l1, l2, L))
    table = np.einsum("pqr,pm,qn,rk->mnk", clebsch_gordan_array(l1, l2, L), u1, u2, uL.conj(), optimize=True)
    return np.ascontiguousarray(table.imag if (l1 + l2 + L) % 2 else table.real)


def _real_to_complex(l: int) -> npt.NDArray[np.complex128]:
    """U, [2l+1, 2l+1]: complex coefficients from real ones."""
    m = np.arange(1, l + 1)
    phase = (-1.0) ** m
    matrix = np.zeros((2 * l + 1, 2 * l + 1), dtype=np.complex128)
    matrix[l + m, l + m], matrix[l - m, l + m] = phase, 1
    matrix[l + m, l - m], matrix[l - m, l - m] = 1j * phase, -1j
    matrix /= np.sqrt(2)
    matrix[l, l] = 1
    return matrix


def _sparse(matrix: Array) -> npt.NDArray[Any]:
    m1, m2 = np.nonzero(np.abs(matrix) > 1e-15)
    entries = np.zeros(len(m1), dtype=[("m1", np.int32), ("m2", np.int32), ("cg", np.float64)])
    entries["m1"], entries["m2"], entries["cg"] = m1, m2, matrix[m1, m2]
    return entries
