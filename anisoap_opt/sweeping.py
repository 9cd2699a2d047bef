"""`sweep`: power spectra for a grid of hyperparameters, with what the sets share computed once."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from anisoap_opt import checks
from anisoap_opt.arrays import Floats
from anisoap_opt.basis.change import BasisChange
from anisoap_opt.basis.nested import drops_functions, nested_change, union_of_sizes
from anisoap_opt.centers import choose_centers
from anisoap_opt.frames import Frames, ParticleBatch
from anisoap_opt.hypers import make_radial_basis
from anisoap_opt.nested_spectra import NestedSpectra
from anisoap_opt.power_spectrum import mean_over_frames
from anisoap_opt.projection import EllipsoidalDensityProjection

GRID = ("radial_basis_name", "radial_gaussian_width", "cutoff_radius", "max_angular", "max_radial")
"""What a grid runs over, slowest first."""


def sweep(
    frames: Frames,
    *,
    max_angular: Any,
    cutoff_radius: Any,
    radial_gaussian_width: Any = None,
    max_radial: Any = None,
    radial_basis_name: Any = "gto",
    symmetric: bool = False,
    reduce: str = "mean",
    centers: Any = None,
    show_progress: bool = False,
    **common: Any,
) -> Iterator[tuple[dict[str, Any], Floats]]:
    """Power spectra of the same frames for every set of a grid of hyperparameters.

    Values are those of ``EllipsoidalDensityProjection(**hypers).power_spectrum(frames)`` for each set. Sets of one
    radial basis and width share one pass over the pairs, whatever their sizes and cutoffs; see "Sweeps" in the
    documentation for what is shared and what is not.

    Parameters
    ----------
    frames : list of ase.Atoms, or ParticleBatch
        Read and checked once.
    max_angular, cutoff_radius, radial_gaussian_width, max_radial, radial_basis_name
        One value each, or a list of them: see `EllipsoidalDensityProjection`. A list of integers for `max_radial` is
        a list of values; a value with one entry per l is a list inside the list. Widths are for "gto" only: with
        both bases in the grid there is one set of monomials in place of one for each width.
    symmetric, reduce, centers, show_progress
        As for `EllipsoidalDensityProjection.power_spectrum`; the same for all sets.
    **common
        Other arguments of `EllipsoidalDensityProjection`, the same for all sets.

    Returns
    -------
    iterator of (hypers, features)
        In the order of the grid: `max_radial` runs fastest, then `max_angular`, `cutoff_radius`,
        `radial_gaussian_width` and `radial_basis_name`. `hypers` is a dict of the constructor's arguments;
        `features` an array [frames, features].

    Raises
    ------
    TypeError, ValueError, NotImplementedError
        Before anything is computed, if a list is empty, an argument does not make sense, or a set does not: then the
        message names the set. Frames with types that are not in `types` are told when the first set is asked for.

    Warns
    -----
    UserWarning
        For each cutoff within which no centre has a neighbour.
    """
    checks.call(checks.UNSET, symmetric=symmetric, show_progress=show_progress)
    checks.choice("reduce", reduce, ("mean", "sum"))
    if "compute_gradients" in common:
        raise TypeError("a sweep has no gradients: leave out compute_gradients")
    grid = dict(
        zip(GRID, (radial_basis_name, radial_gaussian_width, cutoff_radius, max_angular, max_radial), strict=True)
    )
    sets = make_sets(grid, common)
    centers = _kept(centers)
    batch = ParticleBatch.read(frames, sets[0].calculator.columns)
    choose_centers(batch, centers)  # what is wrong with them is told now
    how = {"symmetric": symmetric, "show_progress": show_progress}
    return ((one.hypers, features) for one, features in computed(sets, batch, centers, reduce, **how))


def make_sets(grid: Mapping[str, Any], common: Mapping[str, Any]) -> list[Set]:
    """All sets of a grid, checked; the arguments and errors are those of `sweep`.

    Parameters
    ----------
    grid : mapping
        A value or a list of values for each name of GRID.
    common : mapping
        Other arguments of `EllipsoidalDensityProjection`.
    """
    names, widths, *others = (_values(name, grid[name]) for name in GRID)
    known = inspect.signature(EllipsoidalDensityProjection).parameters
    if unknown := [name for name in common if name not in known]:
        raise TypeError(f"neither sweep nor EllipsoidalDensityProjection has an argument {unknown[0]!r}")
    common = {name: _kept(value) for name, value in common.items()}
    sets = []
    for name in names:
        own_widths = [None] if name == "monomial" and "gto" in names else widths
        for values in product([name], own_widths, *others):
            hypers = {**dict(zip(GRID, values, strict=True)), **common}
            sets.append(Set(hypers, _calculator(hypers)))
    return sets


class Set(NamedTuple):
    """One set of hyperparameters."""

    hypers: dict[str, Any]
    calculator: EllipsoidalDensityProjection

    @property
    def named(self) -> str:
        """What a grid varies, in words."""
        return _named(self.hypers)

    @property
    def num_radial(self) -> tuple[int, ...]:
        """n_l for l = 0 … max_angular."""
        return tuple(self.calculator.num_ns)

    @property
    def shares(self) -> Hashable:
        """Sets for which this is equal share a pass.

        Moments depend on the length of the basis. A smooth cutoff gives pairs other weights for each radius. A basis
        with fewer independent functions than it counts has none that nest in those of a larger one.
        """
        own = self.calculator
        alone = own.cutoff_radius if own.cutoff is not None else None
        return (
            own.radial_basis_name,
            own.radial_basis.length,
            alone,
            self.num_radial if drops_functions(own.radial_basis) else None,
        )


def computed(
    sets: Sequence[Set], batch: ParticleBatch, centers: Any, reduce: str, *, symmetric: bool, show_progress: bool
) -> Iterator[tuple[Set, Floats]]:
    """The features of each set in turn; a pass is made when its first set is asked for, and kept until its last."""
    keys = [one.shares for one in sets]
    left, passes = Counter(keys), dict[Hashable, Pass]()
    for one, key in zip(sets, keys, strict=True):
        if key not in passes:
            of_pass = [other for other, its_key in zip(sets, keys, strict=True) if its_key == key]
            passes[key] = Pass(of_pass, batch, centers, reduce, symmetric=symmetric, show_progress=show_progress)
        yield one, passes[key].features(one)
        left[key] -= 1
        if not left[key]:
            del passes[key]


class Pass:
    """Sums over frames for all cutoffs of some sets, in a basis that holds those of all of them."""

    def __init__(
        self, sets: Sequence[Set], batch: ParticleBatch, centers: Any, reduce: str, *, symmetric: bool, **how: bool
    ) -> None:
        largest = max((one.calculator for one in sets), key=lambda one: one.cutoff_radius)
        sizes, length = {one.num_radial for one in sets}, largest.radial_basis.length
        self.symmetric, self.nested = symmetric, len(sizes) > 1
        basis = _nested_basis(largest.radial_basis_name, union_of_sizes(list(sizes))) if self.nested else largest._basis
        self.num_radial = basis.num_radial
        self.factor = length**-3.0  # two coefficients; the length of the nested basis is 1
        radii = sorted({one.calculator.cutoff_radius for one in sets})
        asked = largest._asked(batch, centers)
        symmetric = symmetric and not self.nested
        sums = largest._sums_over_frames(asked, basis, [one / length for one in radii], symmetric=symmetric, **how)
        self.found = dict(zip(radii, sums, strict=True))
        for radius, found in self.found.items():
            largest._warn_if_isolated(asked._replace(cutoff_radius=radius / length), found.num_pairs)
            if reduce == "mean":
                mean_over_frames(found, self.num_radial, symmetric=symmetric)
        self._spectra: tuple[float, NestedSpectra] | None = None

    def features(self, one: Set) -> Floats:
        """Features of one set, [frames, features]."""
        radius = one.calculator.cutoff_radius
        found = self.found[radius]
        if not self.nested:
            return found.values.copy()
        if self._spectra is None or self._spectra[0] != radius:  # sizes of one cutoff follow each other
            self._spectra = radius, NestedSpectra(found, self.num_radial, self.factor, symmetric=self.symmetric)
        return self._spectra[1].of_size(one.calculator.radial_basis)


@lru_cache(maxsize=8)
def _nested_basis(name: str, num_radial: tuple[int, ...]) -> BasisChange:
    """Of length 1; kept, for kernels keep what they derive from it."""
    max_radial = [n - 1 for n in num_radial]
    width = 1.0 if name == "gto" else None
    return nested_change(make_radial_basis(name, len(num_radial) - 1, 1.0, width, max_radial, 0.0, 0.0))


def _kept(value: Any) -> Any:
    """The same for every set: an iterator would be used up by the first."""
    return tuple(value) if isinstance(value, Iterator) else value


def _values(name: str, given: Any) -> list[Any]:
    """The values of one argument: a list of one, or those of a list."""
    if isinstance(given, np.ndarray):
        given = given.tolist()  # of an array without dimensions: a number
    if isinstance(given, Iterator | set | frozenset):
        raise TypeError(f"{name} must be one value, or a list of them, got {given!r}")
    if not isinstance(given, list | tuple | range):
        return [given]
    values = list(given)
    if not values:
        raise ValueError(f"{name} is an empty list: a sweep needs at least one value")
    return values


def _calculator(hypers: dict[str, Any]) -> EllipsoidalDensityProjection:
    try:
        return EllipsoidalDensityProjection(**hypers)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise type(error)(f"set {_named(hypers)}: {error}") from error


def _named(hypers: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={hypers[name]!r}" for name in GRID)
