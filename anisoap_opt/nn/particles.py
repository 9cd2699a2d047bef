"""Tensors of particles, checked: what `frames.py` is for ASE's frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from anisoap_opt.arrays import Ints
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.validation import ORTHOGONALITY_TOLERANCE, SINGULAR_VOLUME, quaternions_to_matrices

DTYPES = (torch.float64, torch.float32)


@dataclass(frozen=True)
class Particles:
    """The particles of all frames as tensors of one dtype on one device, and as arrays that nothing is derived from.

    Attributes
    ----------
    positions, semiaxes : tensor, shape [particles, 3]
        Å.
    rotations : tensor, shape [particles, 3, 3]
        Body → space.
    cells : tensor, shape [frames, 3, 3]
        Rows are the cell vectors, Å.
    batch : ParticleBatch
        The same numbers, in float64, and types, periodic axes and frames. Positions, rotations and semiaxes that are
        not on a CPU stay where they are.
    """

    positions: torch.Tensor
    semiaxes: torch.Tensor
    rotations: torch.Tensor
    cells: torch.Tensor
    batch: ParticleBatch

    @classmethod
    def checked(
        cls,
        positions: Any,
        types: Any,
        semiaxes: Any,
        quaternions: Any,
        rotations: Any,
        cells: Any,
        pbc: Any,
        counts: Any,
    ) -> Particles:
        """From the arguments of `AniSOAP.forward`.

        Raises
        ------
        TypeError
            If one that has to be a tensor of floating-point numbers is none.
        ValueError
            If shapes, dtypes or devices do not agree, or values make no sense; the message names the argument.
        """
        if not isinstance(positions, torch.Tensor) or positions.dtype not in DTYPES:
            raise TypeError(f"positions must be a tensor of float64 or float32, got {describe(positions)}")
        num = len(positions) if positions.ndim else 0
        check_tensor("positions", positions, (num, 3), positions)
        check_tensor("semiaxes", semiaxes, (num, 3), positions)
        if not bool((semiaxes > 0).all()):
            raise ValueError("semiaxes must be greater than 0 Å")
        if (quaternions is None) == (rotations is None):
            raise ValueError("give orientations as one of quaternions and rotations")
        if quaternions is not None:
            check_tensor("quaternions", quaternions, (num, 4), positions)
            rotations = to_rotations("quaternions", quaternions)
        else:
            check_tensor("rotations", rotations, (num, 3, 3), positions)
            check_rotations(rotations.detach())
        offsets = _offsets(counts, num)
        num_frames = len(offsets) - 1
        if cells is None:
            if pbc is not None and bool(torch.as_tensor(pbc).any()):
                raise ValueError("pbc without cells")
            cells = positions.new_zeros((num_frames, 3, 3))
            periodic = np.zeros((num_frames, 3), dtype=bool)
        else:
            check_tensor("cells", cells, (num_frames, 3, 3), positions)
            periodic = (
                np.ones((num_frames, 3), dtype=bool) if pbc is None else to_array(pbc, "pbc", (num_frames, 3), "b")
            )
            _check_cells(cells.detach().cpu().double().numpy(), periodic)
        x, R, a = (to_float64(one) for one in (positions, rotations, semiaxes))
        h = cells.detach().cpu().double().numpy()
        batch = ParticleBatch(x, to_array(types, "types", (num,), "iu").astype(np.int64), R, a, h, periodic, offsets)
        return cls(positions, semiaxes, rotations, cells, batch)


def to_rotations(name: str, quaternions: torch.Tensor) -> torch.Tensor:
    """Rotation matrices [particles, 3, 3] of quaternions [particles, 4] of any norm; a zero one is a ValueError."""
    norms = torch.linalg.vector_norm(quaternions, dim=1, keepdim=True)
    if not bool((norms > 0).all()):
        raise ValueError(f"{name} must not be zero")
    matrices: torch.Tensor = quaternions_to_matrices(quaternions / norms)
    return matrices


def check_tensor(name: str, value: Any, shape: tuple[int, ...], like: torch.Tensor) -> None:
    """Raise unless it is a finite tensor of this shape, with the dtype and device of the positions `like`."""
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} must be a tensor, got {describe(value)}")
    if tuple(value.shape) != shape:
        raise ValueError(f"{name} must have the shape {list(shape)}, got {list(value.shape)}")
    if value.dtype != like.dtype or value.device != like.device:
        raise ValueError(
            f"{name} must be {like.dtype} on {like.device} as positions are, got {value.dtype} on {value.device}"
        )
    if not bool(torch.isfinite(value).all()):
        raise ValueError(f"{name} must be finite")


def check_rotations(rotations: torch.Tensor) -> None:
    """Raise a ValueError unless these matrices [particles, 3, 3] are rotations."""
    one = torch.eye(3, dtype=rotations.dtype, device=rotations.device)
    if len(rotations) == 0:
        return
    if float((rotations.transpose(1, 2) @ rotations - one).abs().max()) > ORTHOGONALITY_TOLERANCE:
        raise ValueError("rotations must be orthogonal matrices")
    if float(torch.linalg.det(rotations).min()) < 0:
        raise ValueError("rotations must be rotations, not reflections")


def _check_cells(cells: Any, periodic: Any) -> None:
    """Periodic vectors must span a length, an area or a volume."""
    lengths = np.linalg.norm(cells, axis=2, keepdims=True)
    unit = np.where(periodic[:, :, None], cells / np.where(lengths > 0, lengths, 1.0), 0.0)
    gram = unit @ unit.swapaxes(1, 2) + np.where(periodic, 0.0, 1.0)[:, :, None] * np.eye(3)
    singular = ~(np.linalg.det(gram) > SINGULAR_VOLUME**2)
    if singular.any():
        frame = int(np.argmax(singular))
        raise ValueError(f"frame {frame}: cell is singular on its periodic axes: {cells[frame].tolist()}")


def _offsets(counts: Any, num: int) -> Ints:
    """First particle of each frame, and their number."""
    if counts is None:
        return np.array([0, num])
    sizes = to_array(counts, "counts", (-1,), "iu").astype(np.int64)
    if (sizes < 0).any() or sizes.sum() != num:
        raise ValueError(f"counts must be numbers ≥ 0 that add up to the {num} particles, got {sizes.tolist()}")
    return np.concatenate([[0], np.cumsum(sizes)])


def to_array(value: Any, name: str, shape: tuple[int, ...], kinds: str) -> Any:
    """A NumPy array of integers or booleans of this shape; -1 is any length."""
    array = value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
    what = "booleans" if kinds == "b" else "integers"
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name} must hold {what}, got {describe(value)}")
    if array.ndim != len(shape) or any(want not in (-1, have) for want, have in zip(shape, array.shape, strict=True)):
        raise ValueError(f"{name} must have the shape {list(shape)}, got {list(array.shape)}")
    return array


def to_float64(tensor: torch.Tensor) -> Any:
    """A CPU's numbers as an array; others as they are."""
    return tensor.detach().double().numpy() if tensor.device.type == "cpu" else tensor.detach()


def describe(value: Any) -> str:
    """What a value is, for messages."""
    return f"{type(value).__name__} of {value.dtype}" if hasattr(value, "dtype") else type(value).__name__
