"""`AniSOAP`: the power spectrum as a torch module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from anisoap_opt import checks
from anisoap_opt.basis.channels import MaxRadial
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.nn.expansion import Expander
from anisoap_opt.nn.features import Features
from anisoap_opt.nn.operators import features
from anisoap_opt.projection import EllipsoidalDensityProjection


class AniSOAP(torch.nn.Module):
    """Power spectrum of ellipsoidal particles, differentiable in positions, orientations, semiaxes, cells and σ.

    A compiled or NumPy kernel on a CPU, or `warp` on CUDA, computes the coefficients and their derivatives, and only
    inputs are kept for the way back. The backend `torch_full`, on any device, is differentiated by Torch through all of
    its operations.

    Parameters
    ----------
    max_angular, radial_basis_name, cutoff_radius, subtract_center_contribution, radial_gaussian_width, max_radial
        As for `anisoap_opt.EllipsoidalDensityProjection`.
    basis_rcond, basis_tol, cutoff_smoothing, backend
        As there. Without `backend`, tensors on a CPU go to the fastest one installed, those on CUDA to `warp` if it is
        installed, and others to `torch_full`.
    types : sequence of int
        Atomic numbers of the particles that there may be; they fix the columns.
    symmetric : bool
        Whether to keep one of each two equal columns, as `EllipsoidalDensityProjection.power_spectrum` does.
    learn_width : bool
        Whether σ is a parameter, ``radial_gaussian_width``.

    Attributes
    ----------
    num_features : int
        Columns of the features: those of the centre types follow each other, types ascending, each as in
        `EllipsoidalDensityProjection.power_spectrum`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range.
    ModuleNotFoundError
        If the backend's extra is not installed.
    """

    def __init__(
        self,
        max_angular: int,
        radial_basis_name: str,
        cutoff_radius: float,
        *,
        types: Sequence[int],
        subtract_center_contribution: bool = False,
        radial_gaussian_width: float | None = None,
        max_radial: MaxRadial = None,
        basis_rcond: float = 0,
        basis_tol: float = 1e-8,
        cutoff_smoothing: float | None = None,
        symmetric: bool = False,
        learn_width: bool = False,
        backend: str | None = None,
    ) -> None:
        super().__init__()
        self._projection = EllipsoidalDensityProjection(
            max_angular, radial_basis_name, cutoff_radius, max_radial=max_radial, types=types, backend=backend,
            subtract_center_contribution=subtract_center_contribution, radial_gaussian_width=radial_gaussian_width,
            basis_rcond=basis_rcond, basis_tol=basis_tol, cutoff_smoothing=cutoff_smoothing,
        )  # fmt: skip
        if not self._projection.types:
            raise ValueError("types must name at least one type")
        self.types: list[int] = list(self._projection.types)
        self.symmetric = checks.flag("symmetric", symmetric)
        self._features = Features(Expander(self._projection, backend), self.symmetric)
        self._made_with = self._features.to_text()
        self.num_features = self._features.num_features
        if checks.flag("learn_width", learn_width):
            if radial_basis_name != "gto":
                raise ValueError(f"learn_width needs the radial basis 'gto', got {radial_basis_name!r}")
            width = torch.tensor(self._projection.radial_basis.length, dtype=torch.float64)
            self.register_parameter("radial_gaussian_width", torch.nn.Parameter(width))
        else:
            self.register_parameter("radial_gaussian_width", None)

    @property
    def cutoff_smoothing(self) -> float | None:
        """Width of the smooth cutoff, Å, or None."""
        return self._projection.cutoff_smoothing

    def extra_repr(self) -> str:
        """What is printed between the parentheses."""
        return f"{self._projection.radial_basis!r}, types={self.types}, backend={self._projection.backend!r}"

    def forward(
        self,
        positions: torch.Tensor,
        types: torch.Tensor,
        semiaxes: torch.Tensor,
        *,
        quaternions: torch.Tensor | None = None,
        rotations: torch.Tensor | None = None,
        cells: torch.Tensor | None = None,
        pbc: torch.Tensor | None = None,
        counts: torch.Tensor | None = None,
        pairs: tuple[Any, Any, Any] | None = None,
        reduce: str | None = None,
    ) -> torch.Tensor:
        """Power spectra of all particles, or their means or sums for each frame.

        Parameters
        ----------
        positions : tensor, shape [particles, 3]
            Å, float64 or float32, which is the dtype of everything.
        types : tensor of int, shape [particles]
            Atomic numbers.
        semiaxes : tensor, shape [particles, 3]
            Half the diameters, Å.
        quaternions : tensor, shape [particles, 4]
            (w, x, y, z), body → space, of any norm; or else:
        rotations : tensor, shape [particles, 3, 3]
            Rotation matrices. Their elements' gradients mean something together only, along rotations.
        cells : tensor, shape [frames, 3, 3], optional
            Rows are the cell vectors, Å.
        pbc : tensor of bool, shape [frames, 3], optional
            Periodic axes; all of them where there are cells.
        counts : tensor of int, shape [frames], optional
            Particles of each frame, which follow each other; one frame by default.
        pairs : tuple of three tensors of int, optional
            Centre [pairs], neighbour [pairs], cell shift of the neighbour [pairs, 3], every pair in both directions.
            Those beyond the cutoff are left out. The pair of a particle with itself at r = 0 need not be among them.
            By default pairs are searched.
        reduce : {None, "mean", "sum"}
            Over the centres of each type in each frame.

        Returns
        -------
        tensor, shape [particles, num_features] or [frames, num_features]
            A particle's row is zero in the columns of other centre types, and everywhere if it has no neighbour.

        Raises
        ------
        TypeError, ValueError
            If an argument is not usable; the message names it.
        """
        particles = positions, types, semiaxes, quaternions, rotations, cells, pbc, counts
        width: Any = self.radial_gaussian_width
        if torch.compiler.is_compiling():
            return features(*particles, *(pairs or (None, None, None)), width, reduce or "", self._made_with)
        return self._features.of(*particles, pairs, width, reduce)

    def from_batch(
        self,
        batch: ParticleBatch,
        *,
        dtype: torch.dtype = torch.float64,
        device: Any = "cpu",
        reduce: str | None = None,
    ) -> torch.Tensor:
        """Features of a `ParticleBatch`, in which nothing but σ can be differentiated; see `forward`."""

        def tensor(array: Any) -> torch.Tensor:
            return torch.as_tensor(array, dtype=dtype, device=device)

        return self(
            tensor(batch.positions), torch.as_tensor(batch.types), tensor(batch.semiaxes),
            rotations=tensor(batch.rotations), cells=tensor(batch.cells), pbc=torch.as_tensor(batch.pbc),
            counts=torch.as_tensor(np.diff(batch.offsets)), reduce=reduce,
        )  # fmt: skip
