"""From a list of ASE frames to flat arrays; the one place where input is checked.

A batch is one set of particles in many boxes: the mathematics after this file never sees a frame object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks
from anisoap_opt.arrays import Array, Bools, Ints

if TYPE_CHECKING:
    from ase import Atoms


ROTATION_TYPES = ("quaternion", "matrix")
ORTHOGONALITY_TOLERANCE = 1e-3
"""Largest element of RᵀR - 1 for which R is still read as a rotation, and replaced by the nearest one."""
LARGEST_PERIODIC_POSITION = 1e9
"""Å; wrapping a position further out than this into its cell leaves no digits to compute with."""
SINGULAR_VOLUME = 1e-7
"""A cell is singular if its periodic vectors span less than this fraction of the product of their lengths."""


@dataclass(frozen=True)
class ParticleBatch:
    """The particles of all frames in flat arrays.

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
    def frame_of_particle(self) -> Ints:
        """Frame index of every particle, shape [particles]."""
        return np.repeat(np.arange(self.num_frames), np.diff(self.offsets))

    def in_units_of(self, length: float) -> ParticleBatch:
        """The same particles with all lengths divided by one of `length` Å."""
        return replace(
            self, positions=self.positions / length, semiaxes=self.semiaxes / length, cells=self.cells / length
        )

    @classmethod
    def from_frames(
        cls, frames: Sequence[Atoms], rotation_key: str = "c_q", rotation_type: str = "quaternion"
    ) -> ParticleBatch:
        """Stack and check frames.

        Parameters
        ----------
        frames : sequence of ase.Atoms
            Each with arrays `rotation_key` and ``c_diameter[1]``, ``c_diameter[2]``, ``c_diameter[3]`` (full axes, Å;
            ``c_diameter1`` … are understood too).
        rotation_key : str
            Name of the array of rotations.
        rotation_type : {"quaternion", "matrix"}
            Quaternions are (w, x, y, z) of any norm > 0, shape [particles, 4]; matrices [particles, 3, 3].

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
        checks.choice("rotation_type", rotation_type, ROTATION_TYPES)
        frames = _check_frames(frames)
        stack = _Stack(frames)

        positions = stack.floats(("positions",), (3,))
        if not np.abs(positions).max(initial=0.0) < LARGEST_PERIODIC_POSITION:  # rare; row by row takes longer
            stack.check(np.isfinite(positions).all(axis=-1), positions, "positions", "must be finite")
            near = np.abs(positions).max(axis=1) < LARGEST_PERIODIC_POSITION
            periodic = np.repeat(stack.pbc.any(axis=1), stack.counts)
            demand = f"must be within {LARGEST_PERIODIC_POSITION:g} Å in a periodic cell"
            stack.check(near | ~periodic, positions, "positions", demand)
        return cls(
            positions=positions,
            types=stack.types(),
            rotations=_rotations(stack, rotation_key, rotation_type),
            semiaxes=_semiaxes(stack),
            cells=stack.cells(),
            pbc=stack.pbc,
            offsets=stack.offsets,
        )


def _check_frames(frames: Any) -> list[Atoms]:
    from ase import Atoms

    if isinstance(frames, Atoms):
        raise TypeError("frames must be a list of ase.Atoms, got a single Atoms object; write [frame]")
    try:
        frames = list(frames)
    except TypeError:
        raise TypeError(f"frames must be a list of ase.Atoms, got {type(frames).__name__}") from None
    if not frames:
        raise ValueError("frames is empty: there is nothing to describe")
    if not all(isinstance(frame, Atoms) for frame in frames):
        index, frame = next((k, frame) for k, frame in enumerate(frames) if not isinstance(frame, Atoms))
        raise TypeError(f"frames[{index}] must be an ase.Atoms object, got {type(frame).__name__}")
    return frames


class _Stack:
    """Concatenates one array over all frames and turns a bad entry into an error that says where it is.

    With thousands of frames of two particles every operation per frame shows, so the ordinary case is list
    comprehensions and one `np.concatenate`; only what does not fit is looked at frame by frame.
    """

    def __init__(self, frames: list[Atoms]) -> None:
        self.frames = frames
        self.arrays = [frame.arrays for frame in frames]
        self.numbers = [arrays["numbers"] for arrays in self.arrays]
        self.counts = list(map(len, self.numbers))
        self.offsets = np.zeros(len(frames) + 1, dtype=np.int64)
        np.cumsum(self.counts, out=self.offsets[1:])
        self.pbc = np.concatenate([frame.pbc for frame in frames]).reshape(-1, 3)  # [frames, 3]

    def floats(self, names: tuple[str, ...], row_shape: tuple[int, ...]) -> Array:
        """One array of all frames, [particles, *row_shape]; `names` are its spellings, the first the proper one."""
        name = names[0]
        try:
            parts = [arrays[name] for arrays in self.arrays]
        except KeyError:
            parts = [self._lookup(index, names) for index in range(len(self.frames))]
        try:
            stacked = np.concatenate(parts)
        except (TypeError, ValueError):
            stacked = np.empty(0, dtype=object)
        uniform = stacked.dtype.kind in "fiu" and stacked.shape[1:] == row_shape
        if not uniform or list(map(len, parts)) != self.counts:  # slow: find out which frame is wrong, or odd
            stacked = np.concatenate([self._convert(index, name, part, row_shape) for index, part in enumerate(parts)])
        return np.asarray(stacked, dtype=np.float64)

    def _lookup(self, index: int, names: tuple[str, ...]) -> Any:
        arrays = self.arrays[index]
        for name in names:
            if name in arrays:
                return arrays[name]
        if self.counts[index] == 0:
            return np.empty(0)
        raise ValueError(
            f"frame {index} has no array {names[0]!r}; its arrays are {', '.join(map(repr, sorted(arrays)))}"
        )

    def _convert(self, index: int, name: str, part: Any, row_shape: tuple[int, ...]) -> Array:
        rows = self.counts[index]
        try:
            array = np.asarray(part)
            if array.dtype.kind not in "fiu":
                raise TypeError
        except (TypeError, ValueError):
            raise TypeError(f"frame {index}: array {name!r} does not hold numbers: {_shorten(part)}") from None
        if array.shape == (0,) and rows == 0:
            array = array.reshape(0, *row_shape)
        if array.shape != (rows, *row_shape):
            raise ValueError(
                f"frame {index}: array {name!r} has shape {array.shape}, must be {(rows, *row_shape)} "
                f"for {rows} particles"
            )
        return array

    def check(self, good: Any, values: npt.NDArray[Any], name: str, demand: str) -> None:
        """Raise a ValueError for the first particle that is not `good` [particles]."""
        if not good.all():
            raise ValueError(f"{self.where(int(np.argmin(good)))}: {name!r} {demand}, got {_bad(values, good)}")

    def where(self, particle: int) -> str:
        """Frame and particle of a global particle index, in words."""
        index = int(np.searchsorted(self.offsets, particle, side="right")) - 1
        return f"frame {index}, particle {particle - int(self.offsets[index])}"

    def types(self) -> Ints:
        """Atomic numbers, [particles]."""
        numbers = np.concatenate(self.numbers)
        if numbers.dtype.kind not in "iu":
            index = next(k for k, part in enumerate(self.numbers) if np.asarray(part).dtype.kind not in "iu")
            raise TypeError(f"frame {index}: array 'numbers' does not hold integers: {_shorten(self.numbers[index])}")
        return numbers.astype(np.int64)

    def cells(self) -> Array:
        """Cell vectors, [frames, 3, 3], checked on the periodic axes."""
        cells = np.concatenate([frame.cell.array for frame in self.frames]).reshape(-1, 3, 3)
        periodic = np.where(self.pbc[:, :, None], cells, 0.0)
        finite = np.isfinite(periodic).all(axis=(1, 2))
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            norms = np.where(self.pbc, np.sqrt(np.einsum("fkc,fkc->fk", periodic, periodic)), 1.0)
            a, b, c = (periodic[:, k] / norms[:, k, None] for k in range(3))
            cosines = np.stack([np.einsum("fc,fc->f", *pair) for pair in ((b, c), (c, a), (a, b))])
            volume2 = 1 + 2 * cosines.prod(axis=0) - (cosines**2).sum(axis=0)  # of the unit vectors
            regular = (volume2 > SINGULAR_VOLUME**2) & (norms > 0).all(axis=1)
        for good, demand in ((finite, "must be finite"), (regular, "is singular on its periodic axes")):
            if not good.all():
                index = int(np.argmin(good))
                raise ValueError(
                    f"frame {index}: cell {demand}: {cells[index].tolist()} with pbc {self.pbc[index].tolist()}"
                )
        return cells


def _semiaxes(stack: _Stack) -> Array:
    columns = []
    for axis in (1, 2, 3):
        name = f"c_diameter[{axis}]"
        diameters = stack.floats((name, f"c_diameter{axis}"), ())
        stack.check(np.isfinite(diameters) & (diameters > 0), diameters, name, "must be finite and greater than 0 Å")
        columns.append(diameters / 2)
    return np.stack(columns, axis=1)


def _rotations(stack: _Stack, key: str, rotation_type: str) -> Array:
    if rotation_type == "quaternion":
        q = stack.floats((key,), (4,))
        w, x, y, z = np.abs(q).T
        largest = np.maximum(np.maximum(w, x), np.maximum(y, z))  # scaled by it first: the norm must not overflow
        stack.check(np.isfinite(largest) & (largest > 0), q, key, "must be a finite quaternion other than zero")
        q = q / largest[:, None]
        return _quaternions_to_matrices(q / np.sqrt(np.einsum("pk,pk->p", q, q))[:, None])
    matrices = stack.floats((key,), (3, 3))
    with np.errstate(invalid="ignore", over="ignore"):
        deviation = np.abs(matrices.swapaxes(1, 2) @ matrices - np.eye(3)).max(axis=(1, 2), initial=0.0)
    stack.check(deviation <= ORTHOGONALITY_TOLERANCE, matrices, key, "must be an orthogonal matrix")
    stack.check(np.linalg.det(matrices) > 0, matrices, key, "must be a rotation, not a reflection")
    if (deviation > 1e-12).any():
        u, _, vt = np.linalg.svd(matrices)
        matrices = u @ vt
    return matrices


def _quaternions_to_matrices(q: Array) -> Array:
    """Rotation matrices [particles, 3, 3], body → space, of unit quaternions (w, x, y, z) [particles, 4]."""
    w, x, y, z = q.T
    return np.stack(
        [
            1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
        ],
        axis=1,
    ).reshape(-1, 3, 3)  # fmt: skip


def _bad(values: npt.NDArray[Any], good: Bools) -> str:
    return str(values[int(np.argmin(good))].tolist())


def _shorten(value: Any, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
