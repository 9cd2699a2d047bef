"""What a calculator was made with, to be read and not to be changed."""

from __future__ import annotations

from anisoap_opt.basis.channels import MaxRadial
from anisoap_opt.basis.radial import GTORadialBasis, MonomialBasis
from anisoap_opt.columns import Columns
from anisoap_opt.kernels.contract import KernelOptions
from anisoap_opt.readonly import SetOnce


class Hypers(SetOnce):
    """The constructor's arguments that a calculator keeps inside other objects.

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
