"""From a list of ASE frames to flat arrays; the one place where input is checked.

A batch is one set of particles in many boxes: the mathematics after this file never sees a frame object. Which arrays
of a frame hold what is said in `anisoap_opt.columns`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from anisoap_opt import checks
from anisoap_opt.arrays import Array, Bools, Ints
from anisoap_opt.columns import ANY_QUATERNION, Columns, Source, find
from anisoap_opt.stacking import Stack

if TYPE_CHECKING:
    from ase import Atoms

ORTHOGONALITY_TOLERANCE = 1e-3
"""Largest element of RᵀR - 1 for which R is still read as a rotation, and replaced by the nearest one."""
LARGEST_PERIODIC_POSITION = 1e8
"""Shortest cell vectors; wrapping a position further out than this into its cell leaves too few digits."""


@dataclass(frozen=True)
class ParticleBatch:
    """The particles of all frames in flat arrays; lengths in Å, or in the unit of `in_units_of`.

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
    def read(cls, frames: Sequence[Atoms], columns: Columns) -> ParticleBatch:
        """As `from_frames`, with all that is said about the frames' arrays in one object."""
        stack = Stack(_check_frames(frames))
        positions, cells = stack.floats("positions", (3,)), stack.cells()
        lengths = np.sqrt(np.einsum("fkc,fkc->fk", cells, cells))
        lengths[~stack.pbc] = np.inf
        if not np.abs(positions).max(initial=0.0) < LARGEST_PERIODIC_POSITION * lengths.min(initial=1e300):
            stack.check(np.isfinite(positions).all(axis=-1), positions, "'positions'", "must be finite")
            limit = LARGEST_PERIODIC_POSITION * np.repeat(lengths.min(axis=1), stack.counts)
            demand = f"must be within {LARGEST_PERIODIC_POSITION:g} times the shortest periodic cell vector"
            stack.check(np.abs(positions).max(axis=1) < limit, positions, "'positions'", demand)
        return cls(
            positions=positions,
            types=stack.types(),
            rotations=_rotations(stack, columns),
            semiaxes=_semiaxes(stack, columns),
            cells=cells,
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
    if not all(issubclass(kind, Atoms) for kind in set(map(type, frames))):
        index, frame = next((k, frame) for k, frame in enumerate(frames) if not isinstance(frame, Atoms))
        raise TypeError(f"frames[{index}] must be an ase.Atoms object, got {type(frame).__name__}")
    return frames


def _rotations(stack: Stack, columns: Columns) -> Array:
    """Rotation matrices, body → space, [particles, 3, 3]."""
    read = _matrices if columns.rotation_type == "matrix" else _quaternions
    return _by_source(stack, columns, "rotations", read, (3, 3))


def _semiaxes(stack: Stack, columns: Columns) -> Array:
    """Half the diameters, Å, [particles, 3]."""
    if columns.diameters is not None:
        return np.tile(np.array(columns.diameters) / 2, (stack.num_particles, 1))
    return _by_source(stack, columns, "sizes", _lengths, (3,))


def _by_source(
    stack: Stack, columns: Columns, what: str, read: Callable[[Stack, Source], Array], row_shape: tuple[int, ...]
) -> Array:
    """Rotations or sizes of all particles; frames that have them in other arrays or another order are read apart."""
    found = {layout: find(columns, what, layout) for layout in stack.layouts}
    several = found[stack.layouts[0]]
    if len(several) == 1 and all(others == several for others in found.values()):
        return read(stack, several[0])
    _tell_choice(stack, what, found)
    sources = {layout: several[0] if several else None for layout, several in found.items()}
    out = np.empty((stack.num_particles, *row_shape))
    for source in dict.fromkeys(sources.values()):
        part, rows = stack.part({layout for layout, one in sources.items() if one == source})
        if source:
            out[rows] = read(part, source)
        elif part.num_particles:
            index = next(k for k, count in enumerate(part.counts) if count)
            raise part.missing(index, *(columns.rotations_wanted if what == "rotations" else columns.sizes_wanted))
    return out


def _tell_choice(stack: Stack, what: str, found: dict[frozenset[str], list[Source]]) -> None:
    """Warn, for the first frame that has rotations or sizes twice, which are taken."""
    for index, arrays in enumerate(stack.arrays):
        several = found[frozenset(arrays)]
        if len(several) > 1:
            labels = " and ".join(source.label for source in several)
            argument = "rotation_key" if what == "rotations" else "diameter_key"
            checks.warn(f"frame {index} has {what} in {labels}: took {several[0].label}; {argument}= chooses")
            return


def _quaternions(stack: Stack, source: Source) -> Array:
    """Rotation matrices, [particles, 3, 3]."""
    q = _rows(stack, source, (4,))
    if not source.meaning:
        raise ValueError(
            f"frame {stack.indices[0]}: array {source.label} is in the order 'xyzw' if OVITO wrote it, 'wxyz' if HOOMD "
            "did: say which with quaternion_order="
        )
    w, x, y, z = np.abs(q).T
    largest = np.maximum(np.maximum(w, x), np.maximum(y, z))  # scaled by it first: the norm must not overflow
    good = np.isfinite(largest) & (largest > 0)
    stack.check(good, q, source.label, "must be a finite quaternion other than zero")
    q = q / largest[:, None]
    q /= np.sqrt(np.einsum("pk,pk->p", q, q))[:, None]
    return quaternions_to_matrices(np.roll(q, 1, axis=1) if source.meaning == "xyzw" else q)


def _matrices(stack: Stack, source: Source) -> Array:
    """Rotation matrices, [particles, 3, 3]."""
    matrices = _rows(stack, source, (3, 3), (9,))
    with np.errstate(invalid="ignore", over="ignore"):
        deviation = np.abs(matrices.swapaxes(1, 2) @ matrices - np.eye(3)).max(axis=(1, 2), initial=0.0)
    stack.check(deviation <= ORTHOGONALITY_TOLERANCE, matrices, source.label, "must be an orthogonal matrix")
    stack.check(np.linalg.det(matrices) > 0, matrices, source.label, "must be a rotation, not a reflection")
    if (deviation > 1e-12).any():
        u, _, vt = np.linalg.svd(matrices)
        matrices = u @ vt
    return matrices


def _lengths(stack: Stack, source: Source) -> Array:
    """Semiaxes, Å, [particles, 3]."""
    lengths = _rows(stack, source, (3,))
    good, demand = np.isfinite(lengths) & (lengths > 0), "must be finite and greater than 0 Å"
    if len(source.names) == 1:
        stack.check(good.all(axis=1), lengths, source.label, demand)
    elif not good.all():
        for column, name in enumerate(source.names):
            stack.check(good[:, column], lengths[:, column], repr(name), demand)
    return lengths if source.meaning == "semiaxes" else lengths / 2


def _rows(stack: Stack, source: Source, *row_shapes: tuple[int, ...]) -> Array:
    """What a source holds, [particles, *row_shapes[0]]."""
    if len(source.names) == 1:
        return stack.floats(source.names[0], *row_shapes)
    columns = [stack.floats(name, (), (1,)) for name in source.names]  # ASE before 3.26 makes [n, 1] of a dump's column
    return np.stack(columns, axis=1).reshape(-1, *row_shapes[0])


def quaternions_to_matrices(q: Any) -> Any:
    """Rotation matrices [particles, 3, 3], body → space, of unit quaternions (w, x, y, z) [particles, 4].

    The array may be NumPy's or Torch's; the matrices are differentiable then.
    """
    w, x, y, z = q.T
    x2, y2, z2 = 2 * x, 2 * y, 2 * z
    xx, yy, zz, xy, xz, yz = x * x2, y * y2, z * z2, x * y2, x * z2, y * z2
    wx, wy, wz = w * x2, w * y2, w * z2
    rows = [1 - (yy + zz), xy - wz, xz + wy, xy + wz, 1 - (xx + zz), yz - wx, xz - wy, yz + wx, 1 - (xx + yy)]
    if isinstance(q, np.ndarray):
        return np.stack(rows, axis=1).reshape(-1, 3, 3)
    import torch

    return torch.stack(rows, dim=1).reshape(-1, 3, 3)
