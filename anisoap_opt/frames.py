"""`ParticleBatch`: the particles of many frames in flat arrays, from ASE's frames or from arrays.

A batch is one set of particles in many boxes: the mathematics after this file never sees a frame object. Which arrays
of a frame hold what is said in `anisoap_opt.columns`; which numbers make sense, in `anisoap_opt.validation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks, sources, validation
from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.columns import ANY_QUATERNION, Columns
from anisoap_opt.sources import Stacked
from anisoap_opt.stacking import Stack
from anisoap_opt.validation import Places

if TYPE_CHECKING:
    from ase import Atoms

Frames: TypeAlias = "Sequence[Atoms] | ParticleBatch"
NO_FRAMES = "frames is empty: there is nothing to describe"


@dataclass(frozen=True)
class ParticleBatch:
    """The particles of all frames in flat arrays.

    `from_frames`, `from_arrays`, `anisoap_opt.read` and `anisoap_opt.iread` make one; they check what it holds, and
    nobody checks it again. Every method that takes frames takes a batch too, and then ignores the calculator's
    `rotation_key`, `rotation_type`, `quaternion_order`, `diameter_key` and `diameters`.

    A batch is indexed by frames, as an array would be: ``batch[:100]``, ``batch[[5, 0]]``, ``batch[mask]``. Its length
    is the number of frames.

    Attributes
    ----------
    positions : ndarray, shape [particles, 3]
        Å.
    types : ndarray of int, shape [particles]
        Atomic numbers.
    rotations : ndarray, shape [particles, 3, 3]
        Body → space.
    semiaxes : ndarray, shape [particles, 3]
        Half the diameters, Å.
    cells : ndarray, shape [frames, 3, 3]
        Rows are the cell vectors, Å; what stands on a non-periodic axis is ignored.
    pbc : ndarray of bool, shape [frames, 3]
    offsets : ndarray of int, shape [frames + 1]
        Frame f holds the particles offsets[f] … offsets[f+1] - 1.
    """

    positions: Array
    types: Ints
    rotations: Array
    semiaxes: Array
    cells: Array
    pbc: Bools
    offsets: Ints

    @property
    def num_frames(self) -> int:
        """Number of frames, empty ones included."""
        return len(self.offsets) - 1

    @property
    def shape(self) -> tuple[int]:
        """(frames,), as an array of frames would have; scikit-learn asks for it."""
        return (self.num_frames,)

    def __len__(self) -> int:
        return self.num_frames

    def __getitem__(self, frames: Any) -> ParticleBatch:
        """A batch of some of the frames, in the order given; copies.

        Parameters
        ----------
        frames : int, slice, list or array of int, or of bool with one entry a frame
            ``batch[3]`` is a batch of one frame; negative numbers count from the end.

        Returns
        -------
        ParticleBatch

        Raises
        ------
        IndexError
            If there is no such frame, or `frames` is no such index.
        ValueError
            If no frame is chosen.
        """
        chosen = np.atleast_1d(np.arange(self.num_frames)[frames])  # scikit-learn writes batch[indices, ...]
        if chosen.ndim > 1:
            raise IndexError(f"a batch has one axis, its frames, and cannot be indexed by {checks.shorten(frames)}")
        if not len(chosen):
            raise ValueError(f"the index {checks.shorten(frames)} chooses none of the {self.num_frames} frames")
        counts = np.diff(self.offsets)[chosen]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        particles = np.repeat(self.offsets[chosen] - offsets[:-1], counts) + np.arange(offsets[-1])
        return ParticleBatch(
            positions=self.positions[particles],
            types=self.types[particles],
            rotations=self.rotations[particles],
            semiaxes=self.semiaxes[particles],
            cells=self.cells[chosen],
            pbc=self.pbc[chosen],
            offsets=offsets,
        )

    @property
    def frame_of_particle(self) -> Ints:
        """Frame index of every particle, shape [particles]."""
        return np.repeat(np.arange(self.num_frames), np.diff(self.offsets))

    def in_units_of(self, length: float) -> ParticleBatch:
        """The same particles with all lengths divided by one of `length` Å: for what computes, not for a calculator."""
        return replace(
            self, positions=self.positions / length, semiaxes=self.semiaxes / length, cells=self.cells / length
        )

    def part(self, first: int, last: int) -> ParticleBatch:
        """The frames first … last - 1."""
        frames = slice(first, last)
        inside = slice(self.offsets[first], self.offsets[last])
        return ParticleBatch(
            positions=self.positions[inside],
            types=self.types[inside],
            rotations=self.rotations[inside],
            semiaxes=self.semiaxes[inside],
            cells=self.cells[frames],
            pbc=self.pbc[frames],
            offsets=self.offsets[first : last + 1] - self.offsets[first],
        )

    @classmethod
    def from_frames(
        cls,
        frames: Sequence[Atoms],
        rotation_key: str = ANY_QUATERNION,
        rotation_type: str = "quaternion",
        *,
        quaternion_order: str | None = None,
        diameter_key: str | None = None,
        diameters: Sequence[float] | None = None,
    ) -> ParticleBatch:
        """Stack and check frames.

        Parameters
        ----------
        frames : sequence of ase.Atoms
        rotation_key, rotation_type, quaternion_order, diameter_key, diameters
            See `anisoap_opt.EllipsoidalDensityProjection`.

        Returns
        -------
        ParticleBatch

        Raises
        ------
        TypeError
            If `frames` is not a sequence of ase.Atoms, or an array does not hold numbers.
        ValueError
            If there are no frames, or an array is missing, misshapen or holds values that make no sense. The message
            names the frame, the particle and the array.
        """
        return cls.read(frames, Columns(rotation_key, rotation_type, quaternion_order, diameter_key, diameters))

    @classmethod
    def from_arrays(
        cls,
        positions: npt.ArrayLike,
        types: npt.ArrayLike,
        *,
        rotations: npt.ArrayLike | None = None,
        quaternions: npt.ArrayLike | None = None,
        semiaxes: npt.ArrayLike | None = None,
        diameters: npt.ArrayLike | None = None,
        cells: npt.ArrayLike | None = None,
        pbc: npt.ArrayLike | None = None,
        counts: npt.ArrayLike | None = None,
    ) -> ParticleBatch:
        """Copy and check arrays of the particles of all frames, which follow each other.

        Parameters
        ----------
        positions : array, shape [particles, 3]
            Å.
        types : array of int, shape [particles]
            Atomic numbers.
        rotations : array, shape [particles, 3, 3]
            Rotation matrices, body → space; or else:
        quaternions : array, shape [particles, 4]
            (w, x, y, z), body → space, of any norm > 0.
        semiaxes : array, shape [particles, 3]
            Half the diameters, Å; or else:
        diameters : array, shape [particles, 3]
            Full axes, Å.
        cells : array, shape [frames, 3, 3], or [3, 3] for all frames, optional
            Rows are the cell vectors, Å.
        pbc : array of bool, shape [frames, 3], or [3] or one bool for all frames, optional
            Periodic axes; all of them where there are cells.
        counts : array of int, shape [frames], optional
            Particles of each frame; one frame by default.

        Returns
        -------
        ParticleBatch

        Raises
        ------
        TypeError, ValueError
            As `from_frames`; and if not exactly one of two arguments is given, or shapes do not agree.
        """
        from anisoap_opt import given  # imported here: few use it

        x = given.floats("positions", positions, ("particles", 3), (3,))
        num = len(x)
        places = Places(given.counts(counts, num))
        if not places.counts:
            raise ValueError(NO_FRAMES)
        num_frames = len(places.counts)
        h = given.cells(cells, num_frames)
        periodic = given.pbc(pbc, num_frames, default=cells is not None)
        validation.check_geometry(places, x, h, periodic)
        return cls(
            positions=x,
            types=validation.to_types(places, given.integers("types", types, num), "'types'"),
            rotations=given.rotations(places, rotations, quaternions),
            semiaxes=given.semiaxes(places, semiaxes, diameters),
            cells=h,
            pbc=periodic,
            offsets=places.offsets,
        )

    @classmethod
    def read(cls, frames: Frames, columns: Columns) -> ParticleBatch:
        """As `from_frames`, with all that is said about the frames' arrays in one object.

        A batch is returned as it is: it was checked when it was made.
        """
        if isinstance(frames, ParticleBatch):
            return frames
        return cls.of_stack(Stack(check_frames(frames)), columns)

    @classmethod
    def of_stack(cls, stack: Stacked, columns: Columns) -> ParticleBatch:
        """As `read`, of frames or of rows of a file, already one after the other."""
        positions, cells, pbc = stack.floats("positions", (3,)), stack.cells(), stack.pbc()
        validation.check_geometry(stack, positions, cells, pbc)
        return cls(
            positions=positions,
            types=validation.to_types(stack, stack.numbers(), "'numbers'"),
            rotations=sources.rotations(stack, columns),
            semiaxes=sources.semiaxes(stack, columns),
            cells=cells,
            pbc=pbc,
            offsets=stack.offsets,
        )

    @classmethod
    def joined(cls, batches: Sequence[ParticleBatch]) -> ParticleBatch:
        """The frames of several batches, at least one, as one batch."""
        first, *others = batches
        if not others:
            return first
        ends = np.cumsum([0, *(batch.offsets[-1] for batch in batches)])
        offsets = [batch.offsets[1:] + end for batch, end in zip(batches, ends[:-1], strict=True)]
        names = ("positions", "types", "rotations", "semiaxes", "cells", "pbc")
        arrays = {name: np.concatenate([getattr(batch, name) for batch in batches]) for name in names}
        return cls(**arrays, offsets=np.concatenate([[0], *offsets]))


def check_frames(frames: Any) -> list[Atoms]:
    """The frames as a list; a TypeError or a ValueError unless they are frames, at least one."""
    from ase import Atoms

    if isinstance(frames, Atoms):
        raise TypeError("frames must be a list of ase.Atoms, got a single Atoms object; write [frame]")
    try:
        frames = list(frames)
    except TypeError:
        raise TypeError(f"frames must be a list of ase.Atoms, got {type(frames).__name__}") from None
    if not frames:
        raise ValueError(NO_FRAMES)
    if not all(issubclass(kind, Atoms) for kind in set(map(type, frames))):
        index, frame = next((k, frame) for k, frame in enumerate(frames) if not isinstance(frame, Atoms))
        raise TypeError(f"frames[{index}] must be an ase.Atoms object, got {type(frame).__name__}")
    return frames
