"""`AniSOAPTransformer`: frames → features as a step of scikit-learn's pipelines; needs the extra ``sklearn``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from anisoap_opt import checks
from anisoap_opt.arrays import Floats
from anisoap_opt.basis.channels import MaxRadial
from anisoap_opt.columns import ANY_QUATERNION, Columns
from anisoap_opt.feature_cache import FeatureCache
from anisoap_opt.frames import Frames, ParticleBatch
from anisoap_opt.pairs import check_types
from anisoap_opt.projection import EllipsoidalDensityProjection

__all__ = ["AniSOAPTransformer", "FeatureCache"]

_COLUMNS = ("rotation_key", "rotation_type", "quaternion_order", "diameter_key", "diameters")
_CACHED = (
    "max_angular", "radial_basis_name", "cutoff_radius", "subtract_center_contribution", "radial_gaussian_width",
    "max_radial", "basis_rcond", "basis_tol", "backend", "dtype", "device", "types", "cutoff_smoothing",
)  # fmt: skip
"""What features depend on, beside the particles and the arguments of `power_spectrum`."""


class AniSOAPTransformer(TransformerMixin, BaseEstimator):
    """Frames to one row of features each: the mean or the sum of the power spectra of a frame's centres.

    `fit` learns which types there are, and with them the columns. The arguments are those of
    `anisoap_opt.EllipsoidalDensityProjection` and of its `power_spectrum`; they are checked by `fit`.

    Parameters
    ----------
    max_angular, radial_basis_name, cutoff_radius, radial_gaussian_width, max_radial, subtract_center_contribution
        See `anisoap_opt.EllipsoidalDensityProjection`.
    rotation_key, rotation_type, quaternion_order, diameter_key, diameters
        Which arrays of the frames hold what; likewise. None for `rotation_key` stands for the usual names.
    basis_rcond, basis_tol, backend, dtype, device, cutoff_smoothing
        Likewise.
    types : sequence of int, optional
        Atomic numbers; by default those of the frames that `fit` is given. Give them where a fold may lack a rare type.
    reduce : {"mean", "sum"}
        Over the centres of each type in a frame.
    symmetric : bool
        Keep one of each two equal columns, times √2: half the features, the same inner products.
    memory : FeatureCache, optional
        Where features are kept for other folds and other sets of hyperparameters.

    Attributes
    ----------
    types_ : ndarray of int, shape [types]
        Atomic numbers, ascending.
    calculator_ : EllipsoidalDensityProjection
        With these types.
    labels_ : ndarray, shape [features]
        What stands in each column: as `anisoap_opt.EllipsoidalDensityProjection.feature_labels`.

    Notes
    -----
    The first three have no defaults, because no length suits all systems.
    """

    def __init__(
        self,
        max_angular: int,
        radial_basis_name: str,
        cutoff_radius: float,
        *,
        radial_gaussian_width: float | None = None,
        max_radial: MaxRadial = None,
        subtract_center_contribution: bool = False,
        rotation_key: str | None = None,
        rotation_type: str = "quaternion",
        basis_rcond: float = 0,
        basis_tol: float = 1e-8,
        backend: str | None = None,
        dtype: Any = None,
        device: Any = None,
        types: Sequence[int] | None = None,
        quaternion_order: str | None = None,
        diameter_key: str | None = None,
        diameters: Sequence[float] | None = None,
        cutoff_smoothing: float | None = None,
        reduce: str = "mean",
        symmetric: bool = False,
        memory: FeatureCache | None = None,
    ) -> None:
        self.max_angular = max_angular
        self.radial_basis_name = radial_basis_name
        self.cutoff_radius = cutoff_radius
        self.radial_gaussian_width = radial_gaussian_width
        self.max_radial = max_radial
        self.subtract_center_contribution = subtract_center_contribution
        self.rotation_key = rotation_key
        self.rotation_type = rotation_type
        self.basis_rcond = basis_rcond
        self.basis_tol = basis_tol
        self.backend = backend
        self.dtype = dtype
        self.device = device
        self.types = types
        self.quaternion_order = quaternion_order
        self.diameter_key = diameter_key
        self.diameters = diameters
        self.cutoff_smoothing = cutoff_smoothing
        self.reduce = reduce
        self.symmetric = symmetric
        self.memory = memory

    def fit(self, X: Frames, y: Any = None) -> AniSOAPTransformer:
        """Learn the types, and check all arguments.

        Parameters
        ----------
        X : list of ase.Atoms, or ParticleBatch
        y
            Ignored.

        Returns
        -------
        AniSOAPTransformer
            Itself.

        Raises
        ------
        TypeError, ValueError, NotImplementedError, ModuleNotFoundError
            If an argument is out of range, a frame is not usable, or a type is not among `types`.
        """
        self._learn(X)
        return self

    def fit_transform(self, X: Frames, y: Any = None) -> Floats:
        """`fit` and then `transform`, with the frames read once."""
        return self._describe(self._learn(X))

    def transform(self, X: Frames) -> Floats:
        """Describe frames.

        Parameters
        ----------
        X : list of ase.Atoms, or ParticleBatch

        Returns
        -------
        ndarray, shape [frames, features]
            Or what `set_output` asked for.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a frame is not usable, or holds a type that `fit` did not meet.
        """
        check_is_fitted(self)
        batch = ParticleBatch.read(X, self.calculator_.columns)
        new = np.setdiff1d(batch.types, self.types_)
        if len(new):
            frame = int(batch.frame_of_particle[np.isin(batch.types, new)][0])
            raise ValueError(
                f"frames[{frame}] holds type {new[0]}, and fit knew the types {self.types_.tolist()} only: fit with "
                "frames of all types, or list them in types=[…]"
            )
        return self._describe(batch, alone=True)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Readable names of the columns: "C l=2 n=0,1 C,H" couples C at n = 0 with H at n = 1 around a centre C.

        Parameters
        ----------
        input_features
            Ignored: frames have no named columns.

        Returns
        -------
        ndarray of str, shape [features]
        """
        from ase.data import chemical_symbols

        check_is_fitted(self)
        symbols = {t: chemical_symbols[t] if t < len(chemical_symbols) else str(t) for t in self.types_.tolist()}
        names = [
            f"{symbols[center]} l={l} n={n_a},{n_b} {symbols[a]},{symbols[b]}"
            for center, n_a, a, l, n_b, b, _ in self.labels_.tolist()
        ]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        tags.transformer_tags.preserves_dtype = []  # `dtype` says what comes out
        return tags

    def _learn(self, X: Frames) -> ParticleBatch:
        arguments = self.get_params(deep=False)
        reduce, symmetric, memory = (arguments.pop(name) for name in ("reduce", "symmetric", "memory"))
        if arguments["rotation_key"] is None:
            arguments["rotation_key"] = ANY_QUATERNION
        checks.choice("reduce", reduce, ("mean", "sum"))
        checks.flag("symmetric", symmetric)
        if memory is not None and not isinstance(memory, FeatureCache):
            raise TypeError(f"memory must be a FeatureCache or None, got {memory!r}")
        batch = ParticleBatch.read(X, Columns(**{name: arguments[name] for name in _COLUMNS}))
        given = arguments.pop("types")
        types = check_types(np.unique(batch.types), None if given is None else checks.atomic_numbers(given))
        self.calculator_ = EllipsoidalDensityProjection(**arguments, types=types.tolist())
        self.types_ = types
        self._how = {"reduce": reduce, "symmetric": symmetric}
        self.labels_ = self.calculator_.feature_labels(symmetric=symmetric)
        return batch

    def _describe(self, batch: ParticleBatch, *, alone: bool = False) -> Floats:
        if self.memory is None:
            return self.calculator_.power_spectrum(batch, **self._how)
        hypers = {name: getattr(self.calculator_, name) for name in _CACHED} | self._how
        return self.memory.features(batch, hypers, alone=alone)
