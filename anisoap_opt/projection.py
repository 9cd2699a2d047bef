"""`EllipsoidalDensityProjection`: AniSOAP's calculator, and the whole way from frames to descriptor on one page."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks, kernels
from anisoap_opt.arrays import Floats
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.centers import choose_centers, warn_if_isolated
from anisoap_opt.chunks import expand, expand_pairs
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.hypers import Hypers
from anisoap_opt.kernels.contract import Kernel
from anisoap_opt.pairs import Neighborhoods
from anisoap_opt.power_spectrum import center_power_spectra, reduced_power_spectrum

if TYPE_CHECKING:
    from ase import Atoms
    from metatensor import TensorMap

_UNSET: Any = object()


class EllipsoidalDensityProjection(Hypers):
    """Expansion of a density of ellipsoidal Gaussians around every particle, and its power spectrum.

    A drop-in replacement for AniSOAP's class of this name; the page "Switching from AniSOAP" lists what differs on
    purpose. All that a calculator was made with stays as it is: setting an attribute is an AttributeError.

    Parameters
    ----------
    max_angular : int
        Largest angular momentum l.
    radial_basis_name : {"gto", "monomial"}
        Gaussian-type orbitals of one width, or monomials on [0, cutoff_radius].
    cutoff_radius : float
        Particles whose centres are closer than this are neighbours, Å.
    compute_gradients : bool
        Not available: True raises NotImplementedError.
    subtract_center_contribution : bool
        True leaves out the density of the central particle itself; its periodic images count.
    radial_gaussian_width : float
        σ of the GTOs, Å; required for "gto", not allowed for "monomial".
    max_radial : None, int or list of int
        Largest radial index n. None couples it to l, n_l = (max_angular - l)//2 + 1; an int gives max_radial + 1
        functions for every l; a list has one entry per l.
    rotation_key : str
        Name of the frames' array of rotations, or of its columns: "c_q" may be c_q[1] … c_q[4]. By default the usual
        names of quaternions are looked for: `anisoap_opt.columns` lists them, and a frame with two is told.
    rotation_type : {"quaternion", "matrix"}
        Body → space: quaternions [particles, 4] of any norm > 0, or matrices [particles, 3, 3] or [particles, 9].
    basis_rcond : float
        Eigenvalues of the radial overlap matrix up to this are dropped.
    basis_tol : float
        Largest norm of the dropped part that is accepted.
    backend : str, optional
        One of `anisoap_opt.BACKENDS`; by default what ``ANISOAP_BACKEND`` says, else the fastest one installed.
    dtype : {"float64", "float32"}, optional
        float64 by default; which backends offer float32, and its error, is in the documentation.
    device : str, optional
        Torch device for the backends `torch_full` and `warp`, "cpu" by default.
    types : sequence of int, optional
        Fixes the columns, for data sets that must match; by default those of the neighbour types met in the frames.
    quaternion_order : {"wxyz", "xyzw"}, optional
        By default (w, x, y, z), but (x, y, z, w) for OVITO's ``orientation`` beside ``aspherical_shape``.
    diameter_key : str, optional
        Name of the frames' array of full axes [particles, 3], Å, or of its columns: "c_shape" for c_shape[1] …
        c_shape[3]. By default the usual names are looked for, ``c_diameter`` first.
    diameters : three floats, optional
        Full axes of every particle, Å, in place of the frames' own.
    cutoff_smoothing : float, optional
        Å over which a neighbour's density falls to 0, see `anisoap_opt.cutoff`; by default the cutoff is hard.

    Raises
    ------
    TypeError, ValueError, NotImplementedError, ModuleNotFoundError
        If a parameter is out of range, or the backend's extra is not installed.

    References
    ----------
    A. Lin, L. Huguenin-Dumittan, Y.-C. Cho, J. Nigam, R. K. Cersonsky, J. Chem. Phys. 161, 074112 (2024).
    """

    @overload
    def transform(
        self,
        frames: Sequence[Atoms],
        show_progress: bool = ...,
        normalize: bool = ...,
        rust_moments: Any = ...,
        return_pef: Literal[False] = ...,
        *,
        centers: Any = ...,
    ) -> TensorMap: ...

    @overload
    def transform(
        self,
        frames: Sequence[Atoms],
        show_progress: bool = ...,
        normalize: bool = ...,
        rust_moments: Any = ...,
        *,
        return_pef: Literal[True],
        centers: Any = ...,
    ) -> tuple[TensorMap, TensorMap]: ...

    def transform(
        self,
        frames: Sequence[Atoms],
        show_progress: bool = False,
        normalize: bool = True,
        rust_moments: Any = _UNSET,
        return_pef: bool = False,
        *,
        centers: Any = None,
    ) -> TensorMap | tuple[TensorMap, TensorMap]:
        """Expansion coefficients of the density around every particle.

        Parameters
        ----------
        frames : list of ase.Atoms
            With an array of rotations and their sizes; see `rotation_key` and `diameter_key`.
        show_progress : bool
            Draw a progress bar.
        normalize : bool
            Whether to use the orthonormal radial functions, or the primitive ones.
        rust_moments
            Ignored; deprecated.
        return_pef : bool
            Whether to return the expansion of every single pair too.
        centers
            Which particles to describe, all by default: atomic numbers, as ``[6, 8]``, or for each frame a mask or
            indices, as ``[[0, 3], [1]]``. The others are neighbours all the same.

        Returns
        -------
        TensorMap
            See `anisoap_opt.tensormap.expansion_map`.
        TensorMap
            With `return_pef`: the pairs' expansion, which adds up to the first; see `anisoap_opt.tensormap.pair_map`.

        Raises
        ------
        TypeError, ValueError
            If a frame is not usable; the message says which and why.

        Warns
        -----
        UserWarning
            If no centre has a neighbour because the cutoff is too small.
        """
        from anisoap_opt.tensormap import expansion_map, pair_map

        _check_call(rust_moments, show_progress=show_progress, normalize=normalize, return_pef=return_pef)
        batch, neighborhoods = self._neighborhoods(frames, centers, keep_shifts=return_pef)
        basis = self._basis if normalize else BasisChange.of(self.radial_basis, orthonormal=False)
        kernel, dtype = self._kernel(batch, basis), self.options.dtype
        values = expand(kernel, neighborhoods, dtype, show_progress=show_progress)
        expansion = expansion_map(batch, values, basis.num_radial)
        if not return_pef:
            return expansion
        pairs = neighborhoods.pairs
        return expansion, pair_map(
            batch, neighborhoods, lambda chosen: expand_pairs(kernel, pairs, chosen, dtype), basis.num_radial
        )

    @overload
    def power_spectrum(
        self,
        frames: Sequence[Atoms],
        mean_over_samples: Literal[True] = ...,
        show_progress: bool = ...,
        rust_moments: Any = ...,
        *,
        symmetric: bool = ...,
        reduce: str = ...,
        centers: Any = ...,
    ) -> Floats: ...

    @overload
    def power_spectrum(
        self,
        frames: Sequence[Atoms],
        mean_over_samples: Literal[False],
        show_progress: bool = ...,
        rust_moments: Any = ...,
        *,
        symmetric: bool = ...,
        centers: Any = ...,
    ) -> TensorMap: ...

    def power_spectrum(
        self,
        frames: Sequence[Atoms],
        mean_over_samples: bool = True,
        show_progress: bool = False,
        rust_moments: Any = _UNSET,
        *,
        symmetric: bool = False,
        reduce: str = "mean",
        centers: Any = None,
    ) -> Floats | TensorMap:
        """Power spectrum of the expansion.

        Parameters
        ----------
        frames : list of ase.Atoms
            As for `transform`.
        mean_over_samples : bool
            Whether to reduce the centres of each frame, per centre type, to one row.
        show_progress : bool
            Draw a progress bar.
        rust_moments
            Ignored; deprecated.
        symmetric : bool
            The power spectrum is symmetric in its two indices. True keeps one of each two equal columns, times √2, so
            that inner products do not change: half the features. False is AniSOAP's layout.
        reduce : {"mean", "sum"}
            How, if `mean_over_samples`.
        centers
            As for `transform`; a mean is over those chosen.

        Returns
        -------
        ndarray, shape [frames, features]
            If `mean_over_samples`. The columns of the centre types follow each other, types ascending; a frame that
            lacks a centre type has zeros there.
        TensorMap
            Otherwise; see `anisoap_opt.tensormap.power_spectrum_map`.

        Raises and warns as `transform` does.
        """
        _check_call(rust_moments, mean_over_samples=mean_over_samples, show_progress=show_progress, symmetric=symmetric)
        checks.choice("reduce", reduce, ("mean", "sum"))
        batch, neighborhoods = self._neighborhoods(frames, centers)
        kernel, dtype = self._kernel(batch, self._basis), self.options.dtype
        how: dict[str, bool] = {"symmetric": symmetric, "show_progress": show_progress}
        if mean_over_samples:
            return reduced_power_spectrum(kernel, batch, neighborhoods, dtype, reduce=reduce, **how)
        from anisoap_opt.tensormap import power_spectrum_map

        whole = center_power_spectra(kernel, neighborhoods, dtype, **how)
        return power_spectrum_map(batch, whole, self._basis.num_radial, symmetric=symmetric)

    def feature_labels(
        self, frames: Sequence[Atoms], *, symmetric: bool = False, centers: Any = None
    ) -> npt.NDArray[np.void]:
        """What stands in each column of ``power_spectrum(frames)``; the neighbours are searched for that, no more.

        Parameters
        ----------
        frames, symmetric, centers
            As for `power_spectrum`.

        Returns
        -------
        ndarray, shape [features]
            Fields `types_center, n_1_a, neighbor_types_1_a, k_2, n_1_b, neighbor_types_1_b, l_2`, integers.
        """
        from anisoap_opt.tensormap import feature_labels

        checks.flag("symmetric", symmetric)
        _, neighborhoods = self._neighborhoods(frames, centers)
        return feature_labels(neighborhoods.blocks, self._basis.num_radial, symmetric=symmetric)

    def _neighborhoods(
        self, frames: Sequence[Atoms], centers: Any, keep_shifts: bool = False
    ) -> tuple[ParticleBatch, Neighborhoods]:
        """The particles in units of the radial basis's own length, and their neighbours."""
        length = self.radial_basis.length
        batch = ParticleBatch.read(frames, self.columns).in_units_of(length)
        chosen = choose_centers(batch, centers)
        cutoff_radius, self_pairs = self.cutoff_radius / length, not self.subtract_center_contribution
        neighborhoods = kernels.load_search(self.backend, self.options)(
            batch, cutoff_radius, self_pairs=self_pairs, types=self.types, centers=chosen, keep_shifts=keep_shifts
        )
        warn_if_isolated(batch, neighborhoods, chosen, cutoff_radius, self_pairs=self_pairs, length=length)
        if self.cutoff is not None:
            neighborhoods = self.cutoff.in_units_of(length).smooth(neighborhoods)
        return batch, neighborhoods

    def _kernel(self, batch: ParticleBatch, basis: BasisChange) -> Kernel:
        make_gaussians = kernels.load_gaussians(self.backend, self.options)
        gaussians = make_gaussians(batch.rotations, batch.semiaxes, self.radial_basis.unit_precision)
        return kernels.load(self.backend)(gaussians, basis, self.options)


def _check_call(rust_moments: Any, **flags: Any) -> None:
    for name, value in flags.items():
        checks.flag(name, value)
    if rust_moments is not _UNSET:
        warnings.warn("rust_moments is ignored: choose a backend instead", DeprecationWarning, stacklevel=3)
