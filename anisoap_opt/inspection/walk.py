"""One pass over all frames: every one is read and tried, all are counted, and some are kept to be looked at closely."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from anisoap_opt import sources
from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.columns import QUATERNION_ORDERS
from anisoap_opt.folder.tasks import Piece, Skipped, cut, located, stack_of
from anisoap_opt.folder.words import is_type
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.inspection.pairs import find_pairs
from anisoap_opt.lattice import WrappedParticles, wrap
from anisoap_opt.pairs import check_types
from anisoap_opt.projection import EllipsoidalDensityProjection
from anisoap_opt.sources import Stacked
from anisoap_opt.validation import units_and_norms

SAMPLE = 30_000
"""About so many particles are looked at closely: two seconds for a dense liquid."""
ON_TOP = 1e-3
"""Particles closer than this part of the cutoff lie on top of each other."""
_NOTHING = ParticleBatch(
    positions=np.zeros((0, 3)),
    types=np.zeros(0, np.int64),
    rotations=np.zeros((0, 3, 3)),
    semiaxes=np.zeros((0, 3)),
    cells=np.zeros((0, 3, 3)),
    pbc=np.zeros((0, 3), dtype=bool),
    offsets=np.zeros(1, np.int64),
)


@dataclass
class Sizes:
    """Particles of one type, and the least, the largest and the sum of their diameters [3], Å."""

    particles: int
    least: Array
    largest: Array
    total: Array

    def add(self, other: Sizes) -> None:
        """Take in more particles."""
        self.particles += other.particles
        self.least, self.largest = np.minimum(self.least, other.least), np.maximum(self.largest, other.largest)
        self.total = self.total + other.total


@dataclass
class Walk:
    """What a pass over all frames found.

    Attributes
    ----------
    frames : int
        All, refused ones included.
    every : int
        Each so manieth of the good frames is kept.
    refused : list of Skipped
        `row` counts the frames of all files together.
    kept : list of ParticleBatch
    rows : list of ndarray of int
        Which frames, of all files together, those are.
    quaternions : list of ndarray, shape [particles, 4]
        (w, x, y, z), of norm 1, of all particles kept; none if there are matrices, or batches.
    w_last : list of ndarray of bool, shape [particles]
        Which of them stand in the frames as (x, y, z, w).
    orders : set of str
        In which quaternions are read: "wxyz", "xyzw".
    norms : (float, float)
        The least and the largest norm of all quaternions.
    sizes : dict of int → Sizes
        Of each type.
    counts : ndarray of int, shape [3]
        Particles of all good frames; of the smallest, of the largest.
    aspect : (float, float)
        The least and the largest ratio of a particle's longest diameter to its shortest.
    periodic, narrow : int
        Frames that have periodic axes; those of them whose opposite faces are nearer than the cutoff.
    height : float
        The least distance of opposite faces, Å; infinite without periodic axes.
    on_top : int
        Pairs of particles on top of each other.
    first_on_top : str
        Where the first such pair is.
    """

    frames: int = 0
    every: int = 1
    refused: list[Skipped] = field(default_factory=list)
    kept: list[ParticleBatch] = field(default_factory=list)
    rows: list[Ints] = field(default_factory=list)
    quaternions: list[Array] = field(default_factory=list)
    w_last: list[Bools] = field(default_factory=list)
    orders: set[str] = field(default_factory=set)
    norms: tuple[float, float] = (np.inf, 0.0)
    sizes: dict[int, Sizes] = field(default_factory=dict)
    counts: Ints = field(default_factory=lambda: np.array([0, np.iinfo(np.int64).max, 0]))
    aspect: tuple[float, float] = (np.inf, 0.0)
    periodic: int = 0
    narrow: int = 0
    height: float = np.inf
    on_top: int = 0
    first_on_top: str = ""

    @property
    def good(self) -> int:
        """How many frames are not refused."""
        return self.frames - len(self.refused)

    @property
    def order(self) -> str | None:
        """In which quaternions are read, perhaps "mixed"; None if there are none."""
        return "mixed" if len(self.orders) > 1 else next(iter(self.orders), None)

    @property
    def particles(self) -> int:
        """Of all good frames."""
        return int(self.counts[0])


def walk(blocks: Iterable[Iterable[Piece]], num_frames: int, calculator: EllipsoidalDensityProjection) -> Walk:
    """Go through all frames.

    Parameters
    ----------
    blocks : iterable of iterable of Piece
    num_frames : int
        Of all blocks.
    calculator : EllipsoidalDensityProjection
        Says which arrays are read, the cutoff, and which types there may be.

    Returns
    -------
    Walk
    """
    found, told = Walk(), set[str]()
    for pieces in blocks:
        for piece in pieces:
            for part, row in _tried(piece, found, calculator, told):
                batch, numbers, w_last, wrapped = part
                if not found.sizes:  # the first particles
                    of_all = num_frames * len(batch.types) / batch.num_frames
                    found.every = max(1, int(of_all // SAMPLE))
                _count(found, batch, wrapped, calculator.cutoff_radius)
                units = None if numbers is None else _look_at_norms(found, numbers)
                _find_on_top(found, batch, piece, row, calculator.cutoff_radius)
                found.orders.update(QUATERNION_ORDERS[int(last)] for last in np.unique(w_last).tolist())
                _keep(found, batch, units, w_last, row)
            found.frames += piece.num_frames
    return found


_Part = tuple[ParticleBatch, "Array | None", Bools, WrappedParticles]


def _tried(
    piece: Piece, found: Walk, calculator: EllipsoidalDensityProjection, told: set[str]
) -> Iterator[tuple[_Part, int]]:
    """The good frames of a piece, together if all are, else one by one, and the row of the first."""
    try:
        yield _read(piece, calculator, told), found.frames
        return
    except (TypeError, ValueError):
        pass
    for row, one in enumerate(cut(piece), found.frames):
        try:
            part = _read(one, calculator, told)
        except (TypeError, ValueError) as error:
            found.refused.append(Skipped(row, one.path, one.first, one.line, located(error, one)))
            continue
        yield part, row


def _read(piece: Piece, calculator: EllipsoidalDensityProjection, told: set[str]) -> _Part:
    """Particles; quaternions if there are any, and which have w last; raises as a calculation would."""
    stack: Stacked | None = None
    if isinstance(piece.frames, ParticleBatch):
        batch = piece.frames
    else:
        stack = stack_of(piece, told)
        batch = ParticleBatch.of_stack(stack, calculator.columns)
    if wrong := [one for one in np.unique(batch.types).tolist() if not is_type(one)]:
        raise ValueError(f"{wrong[0]} is no atomic number")
    check_types(np.unique(batch.types), calculator.types)
    wrapped = wrap(batch, calculator.cutoff_radius)
    if stack is None or calculator.rotation_type == "matrix" or not len(batch.types):
        return batch, None, np.zeros(0, dtype=bool), wrapped
    return batch, *sources.quaternions(stack, calculator.columns), wrapped


def _look_at_norms(found: Walk, numbers: Array) -> Array:
    """Quaternions scaled to norm 1."""
    units, norms = units_and_norms(numbers)
    found.norms = min(found.norms[0], float(norms.min())), max(found.norms[1], float(norms.max()))
    return units


def _count(found: Walk, batch: ParticleBatch, wrapped: WrappedParticles, cutoff: float) -> None:
    counts = np.diff(batch.offsets)
    total, fewest, most = found.counts
    found.counts = np.array([total + counts.sum(), min(fewest, counts.min()), max(most, counts.max())])
    with np.errstate(divide="ignore"):
        heights = np.where(batch.pbc, 1.0 / np.linalg.norm(wrapped.reciprocal, axis=2), np.inf).min(axis=1)
    found.periodic += int(batch.pbc.any(axis=1).sum())
    found.narrow += int((heights < cutoff).sum())
    found.height = min(found.height, float(heights.min()))
    if not len(batch.types):
        return
    with np.errstate(over="ignore"):
        aspect = batch.semiaxes.max(axis=1) / batch.semiaxes.min(axis=1)
    found.aspect = min(found.aspect[0], float(aspect.min())), max(found.aspect[1], float(aspect.max()))
    for one in np.unique(batch.types).tolist():
        own = 2.0 * batch.semiaxes[batch.types == one]
        sizes = Sizes(len(own), own.min(axis=0), own.max(axis=0), own.sum(axis=0))
        if one in found.sizes:
            found.sizes[one].add(sizes)
        else:
            found.sizes[one] = sizes


def _find_on_top(found: Walk, batch: ParticleBatch, piece: Piece, row: int, cutoff: float) -> None:
    pairs = find_pairs(batch, ON_TOP * cutoff)
    if not len(pairs.i):
        return
    if not found.on_top:
        frame = int(np.searchsorted(batch.offsets, pairs.i.min(), side="right")) - 1
        own = int(pairs.i.min() - batch.offsets[frame])
        number = piece.first + row - found.frames + frame
        found.first_on_top = f"{piece.path + ', ' if piece.path else ''}frame {number}, particle {own}"
    found.on_top += len(pairs.i) // 2


def _keep(found: Walk, batch: ParticleBatch, quaternions: Array | None, w_last: Bools, row: int) -> None:
    """Keep every so manieth frame, counted over all blocks."""
    rows = np.arange(row, row + batch.num_frames)
    chosen = np.flatnonzero(rows % found.every == 0)
    if not len(chosen):
        return
    found.kept.append(batch[chosen])
    found.rows.append(rows[chosen])
    if quaternions is not None:
        parts = [slice(*batch.offsets[k : k + 2]) for k in chosen.tolist()]
        found.quaternions.extend(quaternions[part] for part in parts)
        found.w_last.extend(w_last[part] for part in parts)


def joined(found: Walk) -> tuple[ParticleBatch, Array, Bools]:
    """All that was kept, perhaps nothing: particles, quaternions [particles, 4], and which of these have w last."""
    quaternions = np.concatenate([np.zeros((0, 4)), *found.quaternions])
    w_last = np.concatenate([np.zeros(0, dtype=bool), *found.w_last])
    return ParticleBatch.joined(found.kept or [_NOTHING]), quaternions, w_last
