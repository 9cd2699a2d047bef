"""The two radial bases: which functions there are for each l, and how they are made orthonormal.

With k = l + 2n the primitive functions R_k are those of `anisoap_opt.basis.overlaps`. S is the overlap matrix of the
normalised functions of one l; the orthonormal functions are φ_n = Σ_n' R_{l+2n'} N_n' (S^{-1/2})_{n'n}. Everything
here is float64 whatever the descriptor's dtype is.

Each basis has one length λ of its own, σ or r_c, and no other: in units of it nothing depends on it. So everything is
computed in that unit, and φ_n(r) = λ^{-3/2} φ_n(r/λ), R_k(r) = λ^k R_k(r/λ) bring it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks
from anisoap_opt.arrays import Array, Ints
from anisoap_opt.basis.channels import MaxRadial, count_radial_functions
from anisoap_opt.basis.overlaps import (
    Factor,
    gto_overlap_factor,
    gto_prefactor,
    kept_inverse_sqrt,
    kept_orthogonal_factor,
    monomial_overlap_factor,
    monomial_prefactor,
)
from anisoap_opt.readonly import SetOnce

if TYPE_CHECKING:
    from metatensor import TensorMap


class _RadialBasis(SetOnce):
    """What both radial bases share; see `GTORadialBasis` and `MonomialBasis`."""

    radial_basis: str
    length: float
    """λ, Å: the unit that descriptors are computed in."""
    unit_precision: float
    """s in the precision A + s·1 of the product Gaussian, in units of λ⁻²: 1 for GTOs, 0 for monomials."""
    _overlap_factor_of: Factor  # L of l and n_l, a static method

    def __init__(self, max_angular: int, cutoff_radius: float, max_radial: MaxRadial, rcond: float, tol: float) -> None:
        self.num_radial_functions = count_radial_functions(max_angular, max_radial)
        self.max_angular = int(max_angular)
        self.cutoff_radius = checks.length("cutoff_radius", cutoff_radius)
        self.max_radial = max_radial
        self.rcond = checks.tolerance("basis_rcond", rcond)
        self.tol = checks.tolerance("basis_tol", tol)

    def _prefactor(self, k: npt.ArrayLike) -> Array:
        """N_k for λ = 1."""
        raise NotImplementedError

    def _primitive(self, x: Array, k: Ints) -> Array:
        """R_k(x) for λ = 1."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}(max_angular={self.max_angular}, max_radial={self.max_radial})"

    def get_num_radial_functions(self) -> list[int]:
        """Number of radial functions for l = 0 … max_angular."""
        return list(self.num_radial_functions)

    @property
    def precision(self) -> float:
        """s, Å⁻²: 1/σ² for GTOs, 0 for monomials."""
        return self.unit_precision / self.length**2

    def unit_orthonormalization(self, l: int) -> Array:
        """Matrix from primitive to orthonormal functions of one l in units of λ: diag(N_{l+2n'}) S^{-1/2}.

        Parameters
        ----------
        l : int
            Angular channel.

        Returns
        -------
        ndarray, shape [n', n]

        Raises
        ------
        ValueError
            If the overlap matrix is too ill-conditioned for `tol`.
        """
        num = self.num_radial_functions[l]
        inverse_sqrt = kept_inverse_sqrt(self._overlap_factor_of, l, num, self.rcond, self.tol)
        return self._prefactor(self._powers(l))[:, None] * inverse_sqrt

    def unit_triangular(self, l: int) -> Array:
        """The same by Gram and Schmidt, diag(N) L^{-T}: the first n functions are those of the set without others."""
        inverse = np.tril(np.linalg.inv(self.overlap_factor(l)))
        return self._prefactor(self._powers(l))[:, None] * inverse.T

    def check(self) -> None:
        """Raise a ValueError if the functions of some l cannot be made orthonormal, see `unit_orthonormalization`."""
        for l in range(len(self.num_radial_functions)):
            self.unit_orthonormalization(l)

    def rotation(self, l: int) -> Array:
        """From the functions of `unit_triangular` to the orthonormal ones, [n, n]; see `overlaps.orthogonal_factor`."""
        return kept_orthogonal_factor(self._overlap_factor_of, l, self.num_radial_functions[l])

    def overlap_factor(self, l: int) -> Array:
        """L of the overlaps S = L Lᵀ of the normalised primitive functions of λ = 1."""
        return self._overlap_factor_of(l, self.num_radial_functions[l])

    def orthonormalization(self, l: int) -> Array:
        """The same in Å, for coefficients over the primitive functions n'; shape [n', n], multiply from the right."""
        return self.length ** -(self._powers(l) + 1.5)[:, None] * self.unit_orthonormalization(l)

    def _powers(self, l: int) -> Ints:
        """K = l + 2n for n = 0 … n_l - 1."""
        return l + 2 * np.arange(self.num_radial_functions[l])

    def calc_overlap_matrix(self) -> Array:
        """AniSOAP's overlaps of the normalised functions of all powers k = 0 … max_l(l + 2 n_l) - 1, [k, k]."""
        k = np.arange(max(l + 2 * num for l, num in enumerate(self.num_radial_functions)))
        return np.outer(self._prefactor(k), self._prefactor(k)) / self._prefactor((k[:, None] + k) / 2) ** 2

    overlap_matrix = property(calc_overlap_matrix)

    def get_basis(self, rs: npt.ArrayLike) -> Array:
        """Orthonormal radial functions on a mesh.

        Parameters
        ----------
        rs : array_like, shape [points]
            Distances, Å.

        Returns
        -------
        ndarray, shape [points, Σ_l n_l]
            Columns l = 0 … max_angular, n fastest; Å^{-3/2}.
        """
        x = np.asarray(rs, dtype=np.float64).reshape(-1, 1) / self.length
        per_l = (
            self._primitive(x, self._powers(l)) @ self.unit_orthonormalization(l)
            for l in range(len(self.num_radial_functions))
        )
        return self.length**-1.5 * np.hstack(list(per_l))

    def plot_basis(self, n_r: int = 100) -> None:
        """Plot `get_basis` on `n_r` points of [0, cutoff_radius] with matplotlib (extra ``bench``)."""
        from matplotlib import pyplot as plt

        r = np.linspace(0, self.cutoff_radius, n_r)
        plt.plot(r, self.get_basis(r))

    def orthonormalize_basis(self, features: TensorMap) -> TensorMap:
        """Orthonormalise an unnormalised expansion in place.

        Parameters
        ----------
        features : TensorMap
            From ``transform(frames, normalize=False)``: keys hold `angular_channel`, properties `n` and
            `neighbor_types`.

        Returns
        -------
        TensorMap
            `features` itself, whose values were overwritten.
        """
        for key, block in features.items():
            matrix = self.orthonormalization(int(key["angular_channel"]))
            types = np.asarray(block.properties["neighbor_types"])
            for one_type in np.unique(types):
                columns = types == one_type
                n = np.asarray(block.properties["n"])[columns]
                block.values[:, :, columns] = block.values[:, :, columns] @ matrix[np.ix_(n, n)]
        return features


class GTORadialBasis(_RadialBasis):
    """Gaussian-type orbitals r^{l+2n} exp(-r²/2σ²), orthonormalised by Löwdin's method.

    Parameters
    ----------
    max_angular : int
        Largest l.
    cutoff_radius : float
        Å; only the mesh of `plot_basis` depends on it.
    radial_gaussian_width : float
        σ, Å.
    max_radial : None, int or list of int
        See `count_radial_functions`.
    rcond, tol : float
        See `anisoap_opt.basis.overlaps.inverse_sqrt_from_factor`.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.
    """

    radial_basis = "gto"
    unit_precision = 1.0
    _overlap_factor_of = staticmethod(gto_overlap_factor)

    def __init__(
        self,
        max_angular: int,
        cutoff_radius: float,
        *,
        radial_gaussian_width: float,
        max_radial: MaxRadial = None,
        rcond: float = 1e-8,
        tol: float = 1e-3,
    ) -> None:
        self.radial_gaussian_width = checks.length("radial_gaussian_width", radial_gaussian_width)
        self.length = self.radial_gaussian_width
        super().__init__(max_angular, cutoff_radius, max_radial, rcond, tol)

    def _prefactor(self, k: npt.ArrayLike) -> Array:
        return gto_prefactor(k, 1.0)

    def _primitive(self, x: Array, k: Ints) -> Array:
        return np.asarray(x**k * np.exp(-0.5 * x**2))

    def compute_gaussian_parameters(
        self, r_ij: npt.ArrayLike, lengths: npt.ArrayLike, rotation_matrix: npt.ArrayLike
    ) -> tuple[Array, Array, float]:
        """Product of one particle's Gaussian with the basis functions' exp(-r²/2σ²).

        Parameters
        ----------
        r_ij : array_like, shape [3]
            From the centre to the particle, Å.
        lengths : array_like, shape [3]
            Semiaxes, Å.
        rotation_matrix : array_like, shape [3, 3]
            Body → space.

        Returns
        -------
        precision : ndarray, shape [3, 3]
            A + 1/σ², Å⁻².
        center : ndarray, shape [3]
            Å.
        constant : float
            c in the factor exp(-c/2) that the product Gaussian carries.
        """
        r_ij, own = np.array(r_ij, dtype=np.float64), _own_precision(lengths, rotation_matrix)
        precision = own + self.precision * np.eye(3)
        center = r_ij - self.precision * np.linalg.solve(precision, r_ij)
        constant = self.precision * float(r_ij @ np.linalg.solve(precision, own @ r_ij))
        return precision, center, constant


class MonomialBasis(_RadialBasis):
    """Monomials r^{l+2n} on [0, cutoff_radius], orthonormalised by Löwdin's method.

    Parameters
    ----------
    max_angular : int
        Largest l.
    cutoff_radius : float
        r_c, Å.
    max_radial : None, int or list of int
        See `count_radial_functions`.
    rcond, tol : float
        See `anisoap_opt.basis.overlaps.inverse_sqrt_from_factor`.
    """

    radial_basis = "monomial"
    unit_precision = 0.0
    _overlap_factor_of = staticmethod(monomial_overlap_factor)

    def __init__(
        self,
        max_angular: int,
        cutoff_radius: float,
        max_radial: MaxRadial = None,
        rcond: float = 1e-8,
        tol: float = 1e-3,
    ) -> None:
        super().__init__(max_angular, cutoff_radius, max_radial, rcond, tol)
        self.length = self.cutoff_radius

    def _prefactor(self, k: npt.ArrayLike) -> Array:
        return monomial_prefactor(k, 1.0)

    def _primitive(self, x: Array, k: Ints) -> Array:
        return np.asarray(x**k)

    def compute_gaussian_parameters(
        self, r_ij: npt.ArrayLike, lengths: npt.ArrayLike, rotation_matrix: npt.ArrayLike
    ) -> tuple[Array, Array, float]:
        """Precision [3, 3], centre [3] and constant 0 of one particle's own Gaussian; see `GTORadialBasis`."""
        return _own_precision(lengths, rotation_matrix), np.array(r_ij, dtype=np.float64), 0.0


def _own_precision(lengths: npt.ArrayLike, rotation_matrix: npt.ArrayLike) -> Array:
    rotation = np.asarray(rotation_matrix, dtype=np.float64)
    return np.asarray((rotation / np.asarray(lengths, dtype=np.float64) ** 2) @ rotation.T)
