"""`FeatureCache`: features of frames that were described before, for searches over hyperparameters.

A cross-validated search asks for the same frames again in every fold. The features of a frame do not depend on the
frames beside it, so that each frame needs to be described once for each set of hyperparameters.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from anisoap_opt import checks
from anisoap_opt.arrays import Floats
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.sweeping import GRID, Set, computed, make_sets

Hypers: TypeAlias = "Mapping[str, Any]"


class FeatureCache:
    """Remembers features, and computes all sets of a grid of hyperparameters together.

    `anisoap_opt.sweep` does so, which shares most of the work between the sets of a grid.

    Frames are recognised by what they hold: positions, types, rotations, semiaxes, cell, periodic axes. A copy of a
    frame is the same frame, and one that was changed is another. What is not known yet is computed: for all sets of the
    grid, if frames are fitted with one of them; for the one set alone, if frames are only transformed.

    Parameters
    ----------
    **grid : list
        Values of `max_angular`, `max_radial`, `cutoff_radius`, `radial_gaussian_width` or `radial_basis_name`. The grid
        is all their combinations. Without any, each set is computed when it is asked for.

    Attributes
    ----------
    grid : dict of list
        As given.

    Raises
    ------
    TypeError, ValueError
        If a name is not one of these, or its values are not a list of at least one.

    Notes
    -----
    All features are kept until `clear`: sets × frames × columns × 8 bytes, or 4 in float32.

    Threads may share a cache. Processes cannot: a cache is pickled without its features.
    """

    def __init__(self, **grid: Sequence[Any]) -> None:
        for name, values in grid.items():
            if name not in GRID:
                raise TypeError(f"a grid of features is over {', '.join(GRID)}, not over {name}")
            if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
                raise TypeError(f"{name} must be a list of values, got {values!r}")
            if not len(values):
                raise ValueError(f"{name} must be a list of at least one value")
        self.__setstate__({"grid": {name: list(values) for name, values in grid.items()}})

    def clear(self) -> None:
        """Forget all features."""
        with self._lock:
            self._families.clear()

    @property
    def num_rows(self) -> int:
        """How many rows of features were computed, that is, frames times sets."""
        return sum(len(rows) for family in self._families.values() for rows in family.rows.values())

    def features(self, batch: ParticleBatch, hypers: Hypers, *, alone: bool = False) -> Floats:
        """The mean or summed power spectra of frames.

        Parameters
        ----------
        batch : ParticleBatch
        hypers : dict
            Arguments of `anisoap_opt.EllipsoidalDensityProjection`, all of `GRID` among them, and `reduce` and
            `symmetric` of its `power_spectrum`. With `types`, columns do not depend on the frames.
        alone : bool
            Compute this set only, though the grid has others.

        Returns
        -------
        ndarray, shape [frames, features]
            A copy.

        Raises
        ------
        TypeError, ValueError
            As the calculator, of any set of the grid.
        """
        wanted: dict[str, Any] = {name: [hypers[name]] for name in GRID}
        if self._has(hypers):
            wanted |= self.grid
        common = {name: value for name, value in hypers.items() if name not in (*GRID, "reduce", "symmetric")}
        reduce = checks.choice("reduce", hypers["reduce"], ("mean", "sum"))
        symmetric = checks.flag("symmetric", hypers["symmetric"])
        known_by = _hashable([wanted, common, reduce, symmetric])
        names, key = fingerprints(batch), _set_of(hypers)
        with self._lock:
            if known_by not in self._families:
                self._families[known_by] = _Family(make_sets(wanted, common), reduce, symmetric=symmetric)
            family = self._families[known_by]
            family.add(batch, names, [key] if alone else family.sets)
            return family.features[key][[family.rows[key][name] for name in names]]

    def _has(self, hypers: Hypers) -> bool:
        """Whether a set is one of the grid; with both bases in it, its widths are those of "gto" only."""
        grid = dict(self.grid)
        if hypers["radial_basis_name"] == "monomial" and "gto" in grid.get("radial_basis_name", ()):
            grid["radial_gaussian_width"] = [None]
        return all(_hashable(hypers[name]) in _hashable(values) for name, values in grid.items())

    def __sklearn_clone__(self) -> FeatureCache:
        """The same object: clones of an estimator share what was computed."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {"grid": self.grid}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.grid: dict[str, list[Any]] = state["grid"]
        self._families: dict[Any, _Family] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"FeatureCache({', '.join(f'{name}={values!r}' for name, values in self.grid.items())})"


class _Family:
    """Sets that are computed together.

    Attributes
    ----------
    sets : dict of Set
    rows : dict of dict
        Row of each frame in the features of a set, by the frame's fingerprint.
    features : dict of ndarray, shape [frames, features]
        Of each set.
    """

    def __init__(self, sets: Sequence[Set], reduce: str, *, symmetric: bool) -> None:
        self.reduce, self.symmetric = reduce, symmetric
        self.sets = {_set_of(one.hypers): one for one in sets}
        self.rows: dict[Any, dict[bytes, int]] = {key: {} for key in self.sets}
        self.features: dict[Any, Floats] = {}

    def add(self, batch: ParticleBatch, names: Sequence[bytes], keys: Collection[Any]) -> None:
        """Compute what some sets lack of these frames; nothing is changed if that fails."""
        lacking = [key for key in keys if not self.rows[key].keys() >= set(names)]
        new = {name: frame for frame, name in enumerate(names) if any(name not in self.rows[key] for key in lacking)}
        if not new:
            return
        sets, frames = [self.sets[key] for key in lacking], batch[list(new.values())]
        made = [
            features
            for _, features in computed(sets, frames, None, self.reduce, symmetric=self.symmetric, show_progress=False)
        ]
        for key, features in zip(lacking, made, strict=True):
            rows = self.rows[key]
            own = {name: row for row, name in enumerate(new) if name not in rows}
            added = features[list(own.values())]
            self.features[key] = np.concatenate([self.features[key], added]) if rows else added
            rows |= {name: row for row, name in enumerate(own, len(rows))}


def fingerprints(batch: ParticleBatch) -> list[bytes]:
    """A hash of all that each frame holds."""
    particles = np.column_stack([batch.positions, batch.types, batch.rotations.reshape(-1, 9), batch.semiaxes])
    boxes = np.column_stack([batch.cells.reshape(-1, 9), batch.pbc])
    of_particles, ends = particles.tobytes(), (batch.offsets * particles.itemsize * particles.shape[1]).tolist()
    of_boxes = [box.tobytes() for box in boxes]  # all of one length: no two frames give the same bytes
    return [
        hashlib.blake2b(box + of_particles[first:last], digest_size=16).digest()
        for box, (first, last) in zip(of_boxes, itertools.pairwise(ends), strict=True)
    ]


def _set_of(hypers: Hypers) -> Any:
    return _hashable([hypers[name] for name in GRID])


def _hashable(value: Any) -> Any:
    """Lists, arrays and dictionaries as tuples, within one another too."""
    if isinstance(value, Mapping):
        return tuple((name, _hashable(value[name])) for name in sorted(value))
    if isinstance(value, list | tuple | np.ndarray):
        return tuple(map(_hashable, value))
    return value
