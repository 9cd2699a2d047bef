"""What a calculator was made with, to be read and not to be changed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from anisoap_opt.arrays import Array
from anisoap_opt.basis.channels import MaxRadial
from anisoap_opt.basis.radial import GTORadialBasis, MonomialBasis
from anisoap_opt.basis.solid_harmonics import dense_table
from anisoap_opt.columns import Columns
from anisoap_opt.kernels.contract import KernelOptions
from anisoap_opt.readonly import SetOnce

if TYPE_CHECKING:
    from scipy.spatial.transform import Rotation


class Hypers(SetOnce):
    """The constructor's arguments that a calculator keeps inside other objects, and two attributes of AniSOAP's.

    Setting any attribute a second time is an AttributeError.
    """

    radial_basis: GTORadialBasis | MonomialBasis
    columns: Columns
    options: KernelOptions
    num_ns: list[int]

    @property
    def radial_gaussian_width(self) -> float | None:
        """σ of the GTOs, Å; None for monomials."""
        return getattr(self.radial_basis, "radial_gaussian_width", None)

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
