"""The monomials of one degree, counted one by one; for arrays of them see `anisoap_opt.basis.monomials`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from anisoap_opt import checks
from anisoap_opt.basis.monomials import exponents, position

__all__ = ["TrivariateMonomialIndices"]


class TrivariateMonomialIndices:
    """The monomials x^n0 y^n1 z^n2 of one degree, in lexicographical order: n0 descends, then n1.

    Iterating gives (idx, n0, n1, n2); every iterator is independent of the others.

    Parameters
    ----------
    deg : int
        Total degree n0 + n1 + n2 ≥ 0.

    Attributes
    ----------
    deg : int
    num_indices : int
        Number of monomials, (deg + 1)(deg + 2)/2.
    exponent_list : list of (n0, n1, n2)

    Raises
    ------
    TypeError, ValueError
        If `deg` is not an integer ≥ 0.
    """

    def __init__(self, deg: int) -> None:
        self.deg = checks.natural("deg", deg)
        self.exponent_list: list[tuple[int, int, int]] = [(x, y, z) for x, y, z in exponents(self.deg).tolist()]
        self.num_indices = len(self.exponent_list)

    def __len__(self) -> int:
        return self.num_indices

    def __iter__(self) -> Iterator[tuple[int, int, int, int]]:
        return ((idx, *powers) for idx, powers in enumerate(self.exponent_list))

    def find_idx(self, exponents: Sequence[int]) -> int:
        """Position of the monomial with exponents (n0, n1, n2).

        Raises
        ------
        ValueError
            If they are not three integers ≥ 0 that add up to `deg`.
        """
        powers = tuple(exponents)
        if len(powers) != 3 or min(powers) < 0 or sum(powers) != self.deg:
            raise ValueError(f"{powers} are not the exponents of a monomial of degree {self.deg}")
        return int(position(*powers))

    def get_exponents(self, idx: int) -> tuple[int, int, int]:
        """Exponents (n0, n1, n2) of the monomial at `idx`; IndexError if there is none."""
        return self.exponent_list[idx]
