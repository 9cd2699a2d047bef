"""Arrays of many frames, one after the other; what does not fit becomes an error that names frame and particle."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from anisoap_opt.arrays import Array, Bools, Ints

if TYPE_CHECKING:
    from ase import Atoms

SINGULAR_VOLUME = 1e-7
"""A cell is singular if its periodic vectors span less than this fraction of the product of their lengths."""


class Stack:
    """Concatenates one array over all frames and turns a bad entry into an error that says where it is.

    With thousands of frames of two particles every operation per frame shows, so the ordinary case is list
    comprehensions and one `np.concatenate`; only what does not fit is looked at frame by frame.

    Parameters
    ----------
    frames : list of ase.Atoms
    indices : sequence of int, optional
        What messages call the frames; by default they are counted from 0.
    """

    def __init__(self, frames: list[Atoms], indices: Sequence[int] | None = None) -> None:
        self.frames = frames
        self.indices = range(len(frames)) if indices is None else indices
        self.arrays = [frame.arrays for frame in frames]
        self.numbers = [arrays["numbers"] for arrays in self.arrays]
        self.counts = list(map(len, self.numbers))
        self.offsets = np.zeros(len(frames) + 1, dtype=np.int64)
        np.cumsum(self.counts, out=self.offsets[1:])
        self.pbc = _join([frame.pbc for frame in frames], np.bool_).reshape(-1, 3)  # [frames, 3]
        self.layouts = _layouts(self.arrays)

    @property
    def num_particles(self) -> int:
        """Of all frames."""
        return int(self.offsets[-1])

    def part(self, layouts: Collection[frozenset[str]]) -> tuple[Stack, Bools]:
        """The frames whose arrays have these names, and which of the particles here are theirs, [particles]."""
        chosen = [frozenset(arrays) in layouts for arrays in self.arrays]
        part = Stack(list(compress(self.frames, chosen)), list(compress(self.indices, chosen)))
        return part, np.repeat(chosen, self.counts)

    def floats(self, name: str, *row_shapes: tuple[int, ...]) -> Array:
        """One array of all frames; its rows may have any of the shapes, and get the first."""
        try:
            parts = [arrays[name] for arrays in self.arrays]
        except KeyError:
            parts = [self._lookup(index, name) for index in range(len(self.frames))]
        try:
            stacked = np.concatenate(parts)
        except (TypeError, ValueError):
            stacked = np.empty(0, dtype=object)
        uniform = stacked.dtype.kind in "fiu" and stacked.shape[1:] in row_shapes
        if not uniform or list(map(len, parts)) != self.counts:  # slow: find out which frame is wrong, or odd
            stacked = np.concatenate([self._convert(index, name, part, row_shapes) for index, part in enumerate(parts)])
        if stacked.shape[1:] != row_shapes[0]:
            stacked = stacked.reshape(len(stacked), *row_shapes[0])
        return np.asarray(stacked, dtype=np.float64)

    def _lookup(self, index: int, name: str) -> Any:
        if name in self.arrays[index]:
            return self.arrays[index][name]
        if self.counts[index] == 0:
            return np.empty(0)
        raise self.missing(index, repr(name))

    def missing(self, index: int, array: str, advice: str = "") -> ValueError:
        """The error that the frame at this place has no such array."""
        names = ", ".join(map(repr, sorted(self.arrays[index])))
        return ValueError(f"frame {self.indices[index]} has no array {array}; its arrays are {names}{advice}")

    def _convert(self, index: int, name: str, part: Any, row_shapes: tuple[tuple[int, ...], ...]) -> Array:
        rows, frame = self.counts[index], self.indices[index]
        try:
            array = np.asarray(part)
            if array.dtype.kind not in "fiu":
                raise TypeError
        except (TypeError, ValueError):
            raise TypeError(f"frame {frame}: array {name!r} does not hold numbers: {_shorten(part)}") from None
        allowed = [(rows, *shape) for shape in row_shapes]
        if array.shape not in allowed and not array.shape == (rows,) == (0,):
            raise ValueError(
                f"frame {frame}: array {name!r} has shape {array.shape}, must be "
                f"{' or '.join(map(str, allowed))} for {rows} particles"
            )
        return array.reshape(allowed[0])

    def check(self, good: Any, values: npt.NDArray[Any], label: str, demand: str) -> None:
        """Raise a ValueError for the first particle that is not `good` [particles]."""
        if not good.all():
            bad = int(np.argmin(good))
            raise ValueError(f"{self.where(bad)}: {label} {demand}, got {np.asarray(values[bad]).tolist()}")

    def where(self, particle: int) -> str:
        """Frame and particle of a particle's index, in words."""
        index = int(np.searchsorted(self.offsets, particle, side="right")) - 1
        return f"frame {self.indices[index]}, particle {particle - int(self.offsets[index])}"

    def types(self) -> Ints:
        """Atomic numbers, [particles], small enough for labels."""
        numbers = np.concatenate(self.numbers)
        if numbers.dtype.kind == "i" and not np.count_nonzero((numbers + np.int64(2**31)) >> 32):
            return numbers.astype(np.int64)
        for index, part in enumerate(self.numbers):
            if np.asarray(part).dtype.kind not in "iu":
                raise TypeError(
                    f"frame {self.indices[index]}: array 'numbers' does not hold integers: {_shorten(part)}"
                )
        numbers = np.concatenate([np.asarray(part, dtype=object) for part in self.numbers])  # unsigned ones do not fit
        good = (numbers >= -(2**31)) & (numbers < 2**31)
        self.check(good, numbers, "'numbers'", "must fit into the 32 bits of a label")
        return numbers.astype(np.int64)

    def cells(self) -> Array:
        """Cell vectors, [frames, 3, 3], checked on the periodic axes."""
        cells = _join([frame.cell.array for frame in self.frames], np.float64).reshape(-1, 3, 3)
        periodic = np.where(self.pbc[:, :, None], cells, 0.0)
        finite = np.isfinite(periodic).all(axis=(1, 2))
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            norms = np.where(self.pbc, np.sqrt(np.einsum("fkc,fkc->fk", periodic, periodic)), 1.0)
            a, b, c = (periodic[:, k] / norms[:, k, None] for k in range(3))
            bc, ca, ab = (np.einsum("fc,fc->f", *pair) for pair in ((b, c), (c, a), (a, b)))  # cosines
            volume2 = 1 + 2 * bc * ca * ab - (bc * bc + ca * ca + ab * ab)  # of the unit vectors
            regular = (volume2 > SINGULAR_VOLUME**2) & (norms > 0).all(axis=1)
        for good, demand in ((finite, "must be finite"), (regular, "is singular on its periodic axes")):
            if not good.all():
                index = int(np.argmin(good))
                raise ValueError(
                    f"frame {self.indices[index]}: cell {demand}: {cells[index].tolist()} "
                    f"with pbc {self.pbc[index].tolist()}"
                )
        return cells


def _join(parts: list[Any], dtype: type[np.generic]) -> npt.NDArray[Any]:
    """The elements of arrays of one dtype, flat: `np.concatenate` takes four times as long for so small ones."""
    try:
        return np.frombuffer(bytearray().join(parts), dtype)
    except TypeError:  # one is not contiguous, and so has no bytes to join
        return np.concatenate(parts).ravel()


def _layouts(all_arrays: list[dict[str, Any]]) -> list[frozenset[str]]:
    """The different sets of names that the frames' arrays have, in the order of the frames."""
    names: frozenset[str] = frozenset().union(*all_arrays)
    if set(map(len, all_arrays)) == {len(names)}:
        return [names]  # every frame has them all
    return list(dict.fromkeys(map(frozenset, all_arrays)))


def _shorten(value: Any, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
