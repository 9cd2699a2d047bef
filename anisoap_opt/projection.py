"""`EllipsoidalDensityProjection`: AniSOAP's calculator, and the whole way from frames to descriptor on one page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks, kernels
from anisoap_opt.arrays import Floats
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.chunks import expand, expand_pairs
from anisoap_opt.frames import Frames
from anisoap_opt.power_spectrum import center_power_spectra, reduced_power_spectrum, split_blocks
from anisoap_opt.steps import Steps

if TYPE_CHECKING:
    from metatensor import TensorMap

Asked: TypeAlias = "bool | Sequence[str] | None"


class EllipsoidalDensityProjection(Steps):
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
    compute_gradients : bool or list of str
        Default of the methods' argument of this name.
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
        self, frames: Frames, show_progress: bool = ..., normalize: bool = ..., rust_moments: Any = ...,
        return_pef: Literal[False] = ..., *, centers: Any = ..., compute_gradients: Asked = ...,
    ) -> TensorMap: ...  # fmt: skip

    @overload
    def transform(
        self, frames: Frames, show_progress: bool = ..., normalize: bool = ..., rust_moments: Any = ...,
        *, return_pef: Literal[True], centers: Any = ..., compute_gradients: Asked = ...,
    ) -> tuple[TensorMap, TensorMap]: ...  # fmt: skip

    def transform(
        self,
        frames: Frames,
        show_progress: bool = False,
        normalize: bool = True,
        rust_moments: Any = checks.UNSET,
        return_pef: bool = False,
        *,
        centers: Any = None,
        compute_gradients: Asked = None,
    ) -> TensorMap | tuple[TensorMap, TensorMap]:
        """Expansion coefficients of the density around every particle.

        Parameters
        ----------
        frames : list of ase.Atoms, or ParticleBatch
            With an array of rotations and their sizes; see `rotation_key` and `diameter_key`, which a batch does not
            need.
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
        compute_gradients : bool or list of str, optional
            True for ``["positions"]``, or which of "positions", "orientations", "shapes", "strain" and "cell"; by
            default what the constructor was given. See "In metatensor" on the page "Derivatives".

        Returns
        -------
        TensorMap
            See `anisoap_opt.tensormap.expansion_map`; with the gradients that were asked for.
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

        checks.call(rust_moments, show_progress=show_progress, normalize=normalize, return_pef=return_pef)
        parameters = self._parameters(compute_gradients)
        if return_pef and parameters:
            raise ValueError("pairs have no gradients: compute_gradients and return_pef=True exclude each other")
        batch, neighborhoods = self._neighborhoods(frames, centers, keep_shifts=return_pef or "cell" in parameters)
        basis = self._basis if normalize else BasisChange.of(self.radial_basis, orthonormal=False)
        kernel, dtype = self._kernel(batch, basis), self.options.dtype
        values = expand(kernel, neighborhoods, dtype, show_progress=show_progress)
        made = self._gradients(parameters, kernel, batch, neighborhoods)
        expansion = expansion_map(batch, values, basis.num_radial, made.expansion() if made else None)
        if not return_pef:
            return expansion
        pairs = neighborhoods.pairs
        return expansion, pair_map(
            batch, neighborhoods, lambda chosen: expand_pairs(kernel, pairs, chosen, dtype), basis.num_radial
        )

    @overload
    def power_spectrum(
        self, frames: Frames, mean_over_samples: Literal[True] = ..., show_progress: bool = ...,
        rust_moments: Any = ..., *, symmetric: bool = ..., reduce: str = ..., centers: Any = ...,
        compute_gradients: Literal[False] | None = ...,
    ) -> Floats: ...  # fmt: skip

    @overload
    def power_spectrum(
        self, frames: Frames, mean_over_samples: Literal[False], show_progress: bool = ...,
        rust_moments: Any = ..., *, symmetric: bool = ..., centers: Any = ..., compute_gradients: Asked = ...,
    ) -> TensorMap: ...  # fmt: skip

    @overload
    def power_spectrum(
        self, frames: Frames, mean_over_samples: bool = ..., show_progress: bool = ..., rust_moments: Any = ...,
        *, symmetric: bool = ..., reduce: str = ..., centers: Any = ...,
        compute_gradients: Literal[True] | Sequence[str],
    ) -> TensorMap: ...  # fmt: skip

    def power_spectrum(
        self,
        frames: Frames,
        mean_over_samples: bool = True,
        show_progress: bool = False,
        rust_moments: Any = checks.UNSET,
        *,
        symmetric: bool = False,
        reduce: str = "mean",
        centers: Any = None,
        compute_gradients: Asked = None,
    ) -> Floats | TensorMap:
        """Power spectrum of the expansion.

        Parameters
        ----------
        frames : list of ase.Atoms, or ParticleBatch
            As for `transform`.
        mean_over_samples : bool
            Whether to reduce the centres of each frame, per centre type, to one row.
        symmetric : bool
            The power spectrum is symmetric in its two indices. True keeps one of each two equal columns, times √2, so
            that inner products do not change: half the features. False is AniSOAP's layout.
        reduce : {"mean", "sum"}
            How, if `mean_over_samples`.
        show_progress, rust_moments, centers, compute_gradients
            As for `transform`; a mean is over the centres chosen.

        Returns
        -------
        ndarray, shape [frames, features]
            If `mean_over_samples`. The columns of the centre types follow each other, types ascending; a frame that
            lacks a centre type has zeros there.
        TensorMap
            Otherwise, or with gradients; see `anisoap_opt.tensormap.power_spectrum_map`.

        Raises and warns as `transform` does.
        """
        checks.call(rust_moments, mean_over_samples=mean_over_samples, show_progress=show_progress, symmetric=symmetric)
        checks.choice("reduce", reduce, ("mean", "sum"))
        parameters = self._parameters(compute_gradients)
        if mean_over_samples and not parameters and kernels.sum_over_frames(self.backend):
            return self._reduced(frames, centers, reduce, symmetric=symmetric, show_progress=show_progress)
        batch, neighborhoods = self._neighborhoods(frames, centers, keep_shifts="cell" in parameters)
        kernel, dtype = self._kernel(batch, self._basis), self.options.dtype
        how: dict[str, bool] = {"symmetric": symmetric, "show_progress": show_progress}
        if mean_over_samples:
            rows = reduced_power_spectrum(kernel, batch, neighborhoods, dtype, reduce=reduce, **how)
            if not parameters:
                return rows
            whole = split_blocks(kernel, neighborhoods, rows, symmetric=symmetric)
        else:
            whole = center_power_spectra(kernel, neighborhoods, dtype, **how)
        from anisoap_opt.tensormap import power_spectrum_map

        made = self._gradients(parameters, kernel, batch, neighborhoods)
        mean_or_sum = reduce if mean_over_samples else None
        gradients = made.power_spectra(symmetric=symmetric, reduce=mean_or_sum) if made else None
        return power_spectrum_map(
            batch, whole, self._basis.num_radial, symmetric=symmetric, gradients=gradients, reduced=mean_over_samples
        )

    def feature_labels(
        self, frames: Frames | None = None, *, symmetric: bool = False, centers: Any = None
    ) -> npt.NDArray[np.void]:
        """What stands in each column of ``power_spectrum(frames)``; the neighbours are searched for that, no more.

        Parameters
        ----------
        frames, symmetric, centers
            As for `power_spectrum`. A calculator with `types` has the same columns for all frames, and needs none.

        Returns
        -------
        ndarray, shape [features]
            Fields `types_center, n_1_a, neighbor_types_1_a, k_2, n_1_b, neighbor_types_1_b, l_2`, integers.

        Raises
        ------
        TypeError
            If there are neither frames nor `types`.
        """
        from anisoap_opt.tensormap import feature_labels

        checks.flag("symmetric", symmetric)
        if frames is not None:
            _, neighborhoods = self._neighborhoods(frames, centers)
            layout = [(block.center_type, block.neighbor_types) for block in neighborhoods.blocks]
        elif self.types is not None:
            layout = [(center_type, self.types) for center_type in self.types]
        else:
            raise TypeError("columns depend on the frames: give frames, or the calculator types=[…]")
        return feature_labels(layout, tuple(self.num_ns), symmetric=symmetric)
