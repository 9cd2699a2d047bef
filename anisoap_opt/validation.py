"""Which numbers make particles: checks of stacked arrays, however these came in; quaternions → matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from anisoap_opt.arrays import Array, Bools, Ints

ORTHOGONALITY_TOLERANCE = 1e-3
"""Largest element of RᵀR - 1 for which R is still read as a rotation, and replaced by the nearest one."""
LARGEST_PERIODIC_POSITION = 1e8
"""Shortest cell vectors; wrapping a position further out than this into its cell leaves too few digits."""
SINGULAR_VOLUME = 1e-7
"""A cell is singular if its periodic vectors span less than this fraction of the product of their lengths."""
SAFE_SQUARES = (1e-200, 1e200)
"""Squared norms of quaternions within these have all their digits."""


class Places:
    """Which particles are in which frame, and what messages call them.

    Parameters
    ----------
    counts : list of int
        Particles of each frame.
    indices : sequence of int, optional
        What messages call the frames; by default they are counted from 0.

    Attributes
    ----------
    arrays : sequence
        The names of each frame's arrays, or a dictionary with them; none where the particles have no frame objects.
    told : set of str
        What a warning was given about; blocks of one file share it.
    """

    arrays: Sequence[Any] = ()

    def __init__(self, counts: list[int], indices: Sequence[int] | None = None) -> None:
        self.counts = counts
        self.indices = range(len(counts)) if indices is None else indices
        self.told: set[str] = set()
        self.offsets: Ints = np.array([0, *accumulate(counts)], dtype=np.int64)

    @property
    def num_particles(self) -> int:
        """Of all frames."""
        return int(self.offsets[-1])

    def frame(self, index: int) -> str:
        """A frame, in words."""
        return f"frame {self.indices[index]}"

    def particle(self, particle: int) -> str:
        """Frame and particle of a particle's index, in words."""
        index, own = self.split(particle)
        return f"{self.frame(index)}, particle {own}"

    def split(self, particle: int) -> tuple[int, int]:
        """A particle's frame, and its index there."""
        index = int(np.searchsorted(self.offsets, particle, side="right")) - 1
        return index, particle - int(self.offsets[index])

    def missing(self, index: int, array: str, advice: str = "") -> ValueError:
        """The error that the frame at this place has no such array."""
        names = ", ".join(map(repr, sorted(self.arrays[index])))
        return ValueError(f"{self.frame(index)} has no array {array}; its arrays are {names}{advice}")

    def check(self, good: Any, values: npt.NDArray[Any], label: str, demand: str) -> None:
        """Raise a ValueError for the first particle that is not `good` [particles]."""
        if not good.all():
            bad = int(np.argmin(good))
            raise ValueError(f"{self.particle(bad)}: {label} {demand}, got {np.asarray(values[bad]).tolist()}")


def check_geometry(places: Places, positions: Array, cells: Array, pbc: Bools) -> None:
    """Raise a ValueError for a cell that spans nothing, or a position not finite or too far out to be wrapped.

    Parameters
    ----------
    places : Places
    positions : ndarray, shape [particles, 3]
    cells : ndarray, shape [frames, 3, 3]
    pbc : ndarray of bool, shape [frames, 3]
    """
    with np.errstate(all="ignore"):
        squares = np.einsum("fkc,fkc->fk", cells, cells)
        num_periodic = np.count_nonzero(pbc)
        if num_periodic and not (num_periodic == pbc.size and _surely_regular(cells, squares)):
            _check_cells(places, cells, pbc)
        if num_periodic < pbc.size:
            squares = np.where(pbc, squares, np.inf)
        reach = LARGEST_PERIODIC_POSITION * math.sqrt(min(_smallest(squares), 1e300))
    if not _largest(np.abs(positions)) < reach:
        places.check(np.isfinite(positions).all(axis=-1), positions, "'positions'", "must be finite")
        limit = LARGEST_PERIODIC_POSITION * np.repeat(np.sqrt(squares).min(axis=1), places.counts)
        demand = f"must be within {LARGEST_PERIODIC_POSITION:g} times the shortest periodic cell vector"
        places.check(np.abs(positions).max(axis=1) < limit, positions, "'positions'", demand)


def _smallest(values: npt.NDArray[Any]) -> float:
    """The smallest element, or NaN if there is one; for few elements a fifth of the time of `min`."""
    return values.item(values.argmin()) if values.size else math.inf


def _largest(values: npt.NDArray[Any]) -> float:
    return values.item(values.argmax()) if values.size else -math.inf


def _surely_regular(cells: Array, squares: Array) -> bool:
    """Whether determinants tell that no cell is singular; where squares over- or underflow they tell nothing."""
    if len(cells) == 1:  # Python's numbers are quicker than arrays of one
        return bool(_margin(*cells.ravel().tolist(), *squares.ravel().tolist()) > 0)
    return _smallest(_margin(*cells.reshape(-1, 9).T, *squares.T)) > 0


def _margin(ax: Any, ay: Any, az: Any, bx: Any, by: Any, bz: Any, cx: Any, cy: Any, cz: Any, *squares: Any) -> Any:
    """How far the squared volume of three vectors is above the limit, with their squared lengths."""
    volume = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
    a2, b2, c2 = squares
    return volume * volume - SINGULAR_VOLUME**2 * a2 * b2 * c2


def _check_cells(places: Places, cells: Array, pbc: Bools) -> None:
    periodic = np.where(pbc[:, :, None], cells, 0.0)
    finite = np.isfinite(periodic).all(axis=(1, 2))
    norms = np.where(pbc, np.sqrt(np.einsum("fkc,fkc->fk", periodic, periodic)), 1.0)
    a, b, c = (periodic[:, k] / norms[:, k, None] for k in range(3))
    bc, ca, ab = (np.einsum("fc,fc->f", *pair) for pair in ((b, c), (c, a), (a, b)))  # cosines
    volume2 = 1 + 2 * bc * ca * ab - (bc * bc + ca * ca + ab * ab)  # of the unit vectors
    regular = (volume2 > SINGULAR_VOLUME**2) & (norms > 0).all(axis=1)
    for good, demand in ((finite, "must be finite"), (regular, "is singular on its periodic axes")):
        if not good.all():
            index = int(np.argmin(good))
            raise ValueError(
                f"{places.frame(index)}: cell {demand}: {cells[index].tolist()} with pbc {pbc[index].tolist()}"
            )


def to_types(places: Places, numbers: npt.NDArray[Any], label: str) -> Ints:
    """Atomic numbers [particles], integers of any width, small enough for labels; else a ValueError."""
    if numbers.dtype.kind != "i" or not (_smallest(numbers) >= -(2**31) and _largest(numbers) < 2**31):
        numbers = numbers.astype(object)  # unsigned ones might not fit into 64 bits either
        good = (numbers >= -(2**31)) & (numbers < 2**31)
        places.check(good, numbers, label, "must fit into the 32 bits of a label")
    return numbers.astype(np.int64)


def to_rotations(places: Places, q: Array, label: str, order: str) -> Array:
    """Rotation matrices, body → space, [particles, 3, 3], of quaternions [particles, 4] of any norm > 0.

    Raises
    ------
    ValueError
        For one that is zero or not finite.
    """
    q = np.roll(q, 1, axis=1) if order == "xyzw" else q
    with np.errstate(all="ignore"):
        squares = _squares(q)
    low, high = SAFE_SQUARES
    if not (_smallest(squares) > low and _largest(squares) < high):
        largest = np.abs(q).max(axis=1)
        shown = np.roll(q, -1, axis=1) if order == "xyzw" else q
        places.check(np.isfinite(largest) & (largest > 0), shown, label, "must be a finite quaternion other than zero")
        q, _ = _near_one(q)
        squares = _squares(q)
    return quaternions_to_matrices(q / np.sqrt(squares)[:, None])


def units_and_norms(q: Array) -> tuple[Array, Array]:
    """Quaternions [particles, 4] scaled to norm 1, and their norms [particles]; none is zero, all else may be."""
    near, powers = _near_one(q)
    norms = np.sqrt(_squares(near))
    with np.errstate(over="ignore"):
        return near / norms[:, None], np.ldexp(norms, powers)


def _near_one(q: Array) -> tuple[Array, Ints]:
    """Rows scaled by powers of two, which is exact, so that no square over- or underflows; and those powers."""
    powers = np.frexp(np.abs(q).max(axis=1))[1]
    return np.ldexp(q, -powers[:, None]), powers


def _squares(q: Array) -> Array:
    """Squared norms, [particles]; summed in one order, whatever the number of particles."""
    w, x, y, z = (q * q).T
    return w + x + y + z


def quaternions_to_matrices(q: Any) -> Any:
    """Rotation matrices [particles, 3, 3], body → space, of unit quaternions (w, x, y, z) [particles, 4].

    The array may be NumPy's or Torch's; the matrices are differentiable then.
    """
    w, x, y, z = columns = np.ascontiguousarray(q.T) if isinstance(q, np.ndarray) else q.T
    twice = 2 * columns
    (wx, wy, wz), (xx, xy, xz), (yy, yz), zz = w * twice[1:], x * twice[1:], y * twice[2:], z * twice[3]
    elements = (1 - (yy + zz), xy - wz, xz + wy, xy + wz, 1 - (xx + zz), yz - wx, xz - wy, yz + wx, 1 - (xx + yy))
    if isinstance(q, np.ndarray):
        out = np.empty((len(q), 9))
        for k, element in enumerate(elements):
            out[:, k] = element
        return out.reshape(-1, 3, 3)
    import torch

    return torch.stack(elements, dim=1).reshape(-1, 3, 3)


def nearest_rotations(places: Places, matrices: Array, label: str) -> Array:
    """Matrices [particles, 3, 3], rounded in a file perhaps, as rotations; a ValueError for what is none."""
    with np.errstate(invalid="ignore", over="ignore"):
        deviation = np.abs(matrices.swapaxes(1, 2) @ matrices - np.eye(3)).max(axis=(1, 2), initial=0.0)
    places.check(deviation <= ORTHOGONALITY_TOLERANCE, matrices, label, "must be an orthogonal matrix")
    places.check(np.linalg.det(matrices) > 0, matrices, label, "must be a rotation, not a reflection")
    if (deviation > 1e-12).any():
        u, _, vt = np.linalg.svd(matrices)
        matrices = u @ vt
    return matrices


def check_lengths(places: Places, lengths: Array, labels: Sequence[str]) -> None:
    """Raise a ValueError unless lengths [particles, 3] are > 0 Å; they have one label, or each column its own."""
    if _smallest(lengths) > 0 and _largest(lengths) < math.inf:
        return
    good, demand = np.isfinite(lengths) & (lengths > 0), "must be finite and greater than 0 Å"
    if len(labels) == 1:
        places.check(good.all(axis=1), lengths, labels[0], demand)
    for column, label in enumerate(labels):
        places.check(good[:, column], lengths[:, column], label, demand)
