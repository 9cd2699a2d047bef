"""The arguments of `ParticleBatch.from_arrays` as arrays of the right shape and type."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks, validation
from anisoap_opt.arrays import Array, Bools
from anisoap_opt.validation import Places


def floats(name: str, value: Any, shape: tuple[str | int, ...], row_shape: tuple[int, ...], num: int = -1) -> Array:
    """A copy in float64 of `num` rows; -1 is any number. `shape` is for the message.

    Raises
    ------
    TypeError
        If `value` does not hold numbers.
    ValueError
        If it has another shape.
    """
    array = _array(name, value, "fiu", "numbers")
    if array.shape[1:] != row_shape or array.ndim == 0 or num not in (-1, len(array)):
        wanted = ", ".join(map(str, shape)) + (f"] for {num} {shape[0]}" if num != -1 else "]")
        raise ValueError(f"{name} has shape {array.shape}, must be [{wanted}")
    return np.array(array, dtype=np.float64, order="C")


def integers(name: str, value: Any, num: int) -> npt.NDArray[Any]:
    """An array [num] of integers of any width; else a TypeError or a ValueError."""
    array = _array(name, value, "iu", "integers")
    if array.shape != (num,):
        raise ValueError(f"{name} has shape {array.shape}, must be [particles] for {num} particles")
    return array


def counts(value: Any, num_particles: int) -> list[int]:
    """Particles of each frame; a TypeError or a ValueError unless they add up to `num_particles`."""
    if value is None:
        return [num_particles]
    array = _array("counts", value, "iu", "integers")
    if array.ndim != 1:
        raise ValueError(f"counts has shape {array.shape}, must be [frames]")
    found: list[int] = array.tolist()
    if sum(found) != num_particles or min(found, default=0) < 0:
        raise ValueError(
            f"counts must be numbers ≥ 0 that add up to the {num_particles} particles, got {checks.shorten(found)}"
        )
    return found


def cells(value: Any, num_frames: int) -> Array:
    """Cells [frames, 3, 3], zero where none are given."""
    if value is None:
        return np.zeros((num_frames, 3, 3))
    try:
        one = np.ndim(value) == 2
    except ValueError:  # lists of different lengths, which the next line tells
        one = False
    array = floats("cells", [value] if one else value, ("frames", 3, 3), (3, 3), 1 if one else num_frames)
    return np.repeat(array, num_frames, axis=0) if one else array


def pbc(value: Any, num_frames: int, default: bool) -> Bools:
    """Periodic axes [frames, 3]."""
    array = _array("pbc", default if value is None else value, "b", "booleans")
    if array.shape not in ((), (3,), (num_frames, 3)):
        raise ValueError(f"pbc has shape {array.shape}, must be one bool, [3] or [frames, 3] for {num_frames} frames")
    return np.array(np.broadcast_to(array, (num_frames, 3)))


def rotations(places: Places, matrices: Any, quaternions: Any) -> Array:
    """Rotation matrices [particles, 3, 3] from one of the two."""
    num = places.num_particles
    if _first_of("rotations", matrices, "quaternions", quaternions):
        array = floats("rotations", matrices, ("particles", 3, 3), (3, 3), num)
        return validation.nearest_rotations(places, array, "'rotations'")
    array = floats("quaternions", quaternions, ("particles", 4), (4,), num)
    return validation.to_rotations(places, array, "'quaternions'", "wxyz")


def semiaxes(places: Places, halves: Any, diameters: Any) -> Array:
    """Semiaxes [particles, 3] from one of the two."""
    given = _first_of("semiaxes", halves, "diameters", diameters)
    name = "semiaxes" if given else "diameters"
    array = floats(name, halves if given else diameters, ("particles", 3), (3,), places.num_particles)
    validation.check_lengths(places, array, [repr(name)])
    return array if given else array / 2


def _first_of(name: str, value: Any, other_name: str, other: Any) -> bool:
    """Whether the first is the one that is given."""
    if (value is None) == (other is None):
        raise ValueError(f"give exactly one of {name} and {other_name}")
    return value is not None


def _array(name: str, value: Any, kinds: str, what: str) -> npt.NDArray[Any]:
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = np.empty(0, dtype=object)
    if array.size == 0 and array.dtype == np.float64 and not isinstance(value, np.ndarray):
        array = array.astype("?" if kinds == "b" else np.int64)  # an empty list says nothing about what it holds
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name} does not hold {what}: {checks.shorten(value)}")
    return array
