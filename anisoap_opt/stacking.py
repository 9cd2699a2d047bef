"""Arrays of many frames, one after the other; what does not fit becomes an error that names frame and particle."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks
from anisoap_opt.arrays import Array, Bools
from anisoap_opt.validation import Places

if TYPE_CHECKING:
    from ase import Atoms


class Stack(Places):
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
        self.arrays: list[dict[str, Any]] = [frame.arrays for frame in frames]
        self._numbers = [arrays["numbers"] for arrays in self.arrays]
        super().__init__(list(map(len, self._numbers)), indices)
        self.layouts = _layouts(self.arrays)

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

    def columns(self, names: Sequence[str]) -> Array:
        """Arrays [particles] or [particles, 1] of all frames beside each other, [particles, names]."""
        try:
            parts = [arrays[name] for name in names for arrays in self.arrays]
            joined = np.concatenate(parts)
        except (KeyError, TypeError, ValueError):
            parts, joined = [], np.empty(0)
        if joined.ndim == 1 and joined.dtype.kind in "fiu" and list(map(len, parts)) == self.counts * len(names):
            return np.array(joined.reshape(len(names), -1).T, dtype=np.float64, order="C")
        # ASE before 3.26 makes [particles, 1] of a dump's column.
        return np.stack([self.floats(name, (), (1,)) for name in names], axis=1)

    def _lookup(self, index: int, name: str) -> Any:
        if name in self.arrays[index]:
            return self.arrays[index][name]
        if self.counts[index] == 0:
            return np.empty(0)
        raise self.missing(index, repr(name))

    def _convert(self, index: int, name: str, part: Any, row_shapes: tuple[tuple[int, ...], ...]) -> Array:
        rows, frame = self.counts[index], self.frame(index)
        try:
            array = np.asarray(part)
            if array.dtype.kind not in "fiu":
                raise TypeError
        except (TypeError, ValueError):
            raise TypeError(f"{frame}: array {name!r} does not hold numbers: {checks.shorten(part)}") from None
        allowed = [(rows, *shape) for shape in row_shapes]
        if array.shape not in allowed and not array.shape == (rows,) == (0,):
            raise ValueError(
                f"{frame}: array {name!r} has shape {array.shape}, must be "
                f"{' or '.join(map(str, allowed))} for {rows} particles"
            )
        return array.reshape(allowed[0])

    def numbers(self) -> npt.NDArray[Any]:
        """Atomic numbers, [particles]."""
        joined = np.concatenate(self._numbers)
        if joined.dtype.kind == "i":
            return joined
        for index, part in enumerate(self._numbers):
            if np.asarray(part).dtype.kind not in "iu":
                raise TypeError(f"{self.frame(index)}: array 'numbers' does not hold integers: {checks.shorten(part)}")
        return np.concatenate([np.asarray(part, dtype=object) for part in self._numbers])  # unsigned ones do not fit

    def cells(self) -> Array:
        """Cell vectors, [frames, 3, 3]."""
        return _join([frame.cell.array for frame in self.frames], np.float64).reshape(-1, 3, 3)

    def pbc(self) -> Bools:
        """Periodic axes, [frames, 3]."""
        return _join([frame.pbc for frame in self.frames], np.bool_).reshape(-1, 3)


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
