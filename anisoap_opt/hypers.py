"""What a calculator is made with: checked once, to be read and not to be changed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks, kernels
from anisoap_opt.arrays import Array
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.channels import MaxRadial, check_degree
from anisoap_opt.basis.radial import GTORadialBasis, MonomialBasis
from anisoap_opt.basis.solid_harmonics import dense_table
from anisoap_opt.columns import ANY_QUATERNION, Columns
from anisoap_opt.cutoff import SmoothCutoff
from anisoap_opt.kernels.contract import KernelOptions
from anisoap_opt.parameters import check_parameters
from anisoap_opt.readonly import SetOnce

if TYPE_CHECKING:
    from scipy.spatial.transform import Rotation


class Hypers(SetOnce):
    """The arguments of `anisoap_opt.EllipsoidalDensityProjection`, where they are described.

    Those that live inside other objects can be read here too. Setting any attribute a second time is an AttributeError.
    """

    radial_basis: GTORadialBasis | MonomialBasis
    columns: Columns
    options: KernelOptions

    def __init__(
        self,
        max_angular: int,
        radial_basis_name: str,
        cutoff_radius: float,
        compute_gradients: bool | Sequence[str] = False,
        subtract_center_contribution: bool = False,
        radial_gaussian_width: float | None = None,
        max_radial: MaxRadial = None,
        rotation_key: str = ANY_QUATERNION,
        rotation_type: str = "quaternion",
        basis_rcond: float = 0,
        basis_tol: float = 1e-8,
        *,
        backend: str | None = None,
        dtype: Any = None,
        device: Any = None,
        types: Sequence[int] | None = None,
        quaternion_order: str | None = None,
        diameter_key: str | None = None,
        diameters: Sequence[float] | None = None,
        cutoff_smoothing: float | None = None,
    ) -> None:
        self.radial_basis = make_radial_basis(
            radial_basis_name, max_angular, cutoff_radius, radial_gaussian_width, max_radial, basis_rcond, basis_tol
        )
        self.max_angular = self.radial_basis.max_angular
        self.cutoff_radius = self.radial_basis.cutoff_radius
        self.radial_basis_name = radial_basis_name
        names = check_parameters(compute_gradients)
        self.compute_gradients = compute_gradients if isinstance(compute_gradients, bool) else names
        self.subtract_center_contribution = checks.flag("subtract_center_contribution", subtract_center_contribution)
        self.columns = Columns(rotation_key, rotation_type, quaternion_order, diameter_key, diameters)
        self.types = None if types is None else tuple(checks.atomic_numbers(types))
        self.cutoff = self._smooth_cutoff(cutoff_smoothing)
        self.backend = kernels.resolve(backend)
        self.options = kernels.resolve_options(self.backend, dtype, device)
        check_degree(self.num_ns, radial_basis_name, self.options.dtype)
        self.radial_basis.check()

    @cached_property
    def _basis(self) -> BasisChange:
        """Made when it is first needed: a sweep checks many calculators, and computes with few."""
        return BasisChange.of(self.radial_basis)

    def _smooth_cutoff(self, width: float | None) -> SmoothCutoff | None:
        if width is None:
            return None
        return SmoothCutoff.checked(self.cutoff_radius, width)

    def _parameters(self, compute_gradients: Any) -> tuple[str, ...]:
        """Names of what to derive by, None for the constructor's.

        Raises
        ------
        TypeError, ValueError
            If there are no such gradients.
        """
        return check_parameters(self.compute_gradients if compute_gradients is None else compute_gradients)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.radial_basis!r}, cutoff_radius={self.cutoff_radius}, "
            f"backend={self.backend!r}, dtype={self.dtype!r}, device={self.device!r})"
        )

    @property
    def radial_gaussian_width(self) -> float | None:
        """σ of the GTOs, Å; None for monomials."""
        return getattr(self.radial_basis, "radial_gaussian_width", None)

    @property
    def num_ns(self) -> list[int]:
        """Number of radial functions n_l for l = 0 … max_angular."""
        return self.radial_basis.get_num_radial_functions()

    @property
    def max_radial(self) -> MaxRadial:
        """As given to the constructor."""
        return self.radial_basis.max_radial

    @property
    def basis_rcond(self) -> float:
        """Eigenvalues of the radial overlap matrix up to this are dropped."""
        return self.radial_basis.rcond

    @property
    def basis_tol(self) -> float:
        """Largest norm of the dropped part that is accepted."""
        return self.radial_basis.tol

    @property
    def rotation_key(self) -> str:
        """Name of the frames' array of rotations."""
        return self.columns.rotation_key

    @property
    def rotation_type(self) -> str:
        """What rotations are: "quaternion" or "matrix"."""
        return self.columns.rotation_type

    @property
    def quaternion_order(self) -> str | None:
        """Order of quaternions, None where their name tells."""
        return self.columns.quaternion_order

    @property
    def diameter_key(self) -> str | None:
        """Name of the frames' array of full axes, or None."""
        return self.columns.diameter_key

    @property
    def diameters(self) -> tuple[float, float, float] | None:
        """Full axes of every particle, Å, or None."""
        return self.columns.diameters

    @property
    def cutoff_smoothing(self) -> float | None:
        """Å over which the cutoff falls, or None."""
        return None if self.cutoff is None else self.cutoff.width

    @property
    def dtype(self) -> str:
        """Precision: "float64" or "float32"."""
        return self.options.dtype

    @property
    def device(self) -> str:
        """Torch device, or "cpu"."""
        return self.options.device

    @cached_property
    def sph_to_cart(self) -> list[Array]:
        """`anisoap_opt.utils.spherical_to_cartesian` of this calculator's size, made when it is first asked for."""
        return [dense_table(l, num) for l, num in enumerate(self.num_ns)]

    def rotation_maker(self, rotation: npt.ArrayLike) -> Rotation:
        """SciPy's object for entries of an array of rotations, in the order (w, x, y, z) unless another was given.

        Parameters
        ----------
        rotation : array_like, shape [4] or [n, 4]; [3, 3], [n, 3, 3] or [n, 9] if `rotation_type` is "matrix"

        Returns
        -------
        scipy.spatial.transform.Rotation
            Body → space.
        """
        from scipy.spatial.transform import Rotation

        numbers: npt.NDArray[Any] = np.asarray(rotation)
        if self.rotation_type == "matrix":
            return Rotation.from_matrix(numbers.reshape(-1, 3, 3) if numbers.shape[-1] == 9 else numbers)
        return Rotation.from_quat(numbers if self.quaternion_order == "xyzw" else np.roll(numbers, -1, axis=-1))


def make_radial_basis(
    name: str,
    max_angular: int,
    cutoff_radius: float,
    radial_gaussian_width: float | None,
    max_radial: MaxRadial,
    rcond: float,
    tol: float,
) -> GTORadialBasis | MonomialBasis:
    """The radial basis of this name, "gto" or "monomial"; the other arguments are those of its class.

    Raises
    ------
    NotImplementedError
        If there is no such basis.
    TypeError, ValueError
        If an argument is out of range, or a width is missing or not wanted.
    """
    if name == "monomial" or checks.length("cutoff_radius", cutoff_radius) > 1:  # GTOs do not care how small it is
        checks.scale("cutoff_radius", cutoff_radius)
    if name == "gto":
        if radial_gaussian_width is None:
            raise ValueError("the gto basis needs radial_gaussian_width, the width σ of its functions in Å")
        checks.scale("radial_gaussian_width", radial_gaussian_width)
        return GTORadialBasis(
            max_angular, cutoff_radius, radial_gaussian_width=radial_gaussian_width,
            max_radial=max_radial, rcond=rcond, tol=tol,
        )  # fmt: skip
    if name == "monomial":
        if radial_gaussian_width is not None:
            raise ValueError("the monomial basis has no width: leave out radial_gaussian_width")
        return MonomialBasis(max_angular, cutoff_radius, max_radial=max_radial, rcond=rcond, tol=tol)
    raise NotImplementedError(f"{name!r} is not an implemented radial basis; try 'gto' or 'monomial'")
