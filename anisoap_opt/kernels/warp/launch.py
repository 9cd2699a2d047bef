"""Warp itself: kernels from their text, compiled once and kept on disk, and launches on Torch's memory and stream."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import linecache
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from zlib import crc32

import numpy as np
import torch
import warp as wp

from anisoap_opt.arrays import Ints
from anisoap_opt.basis.monomials import num_of_degree
from anisoap_opt.kernels import device_memory
from anisoap_opt.kernels.warp import source
from anisoap_opt.kernels.warp.records import load_record

LARGEST_DEGREE = 43
"""A block has at most 1024 threads, and a plane of the plane walk (D + 1)(D + 2)/2."""

SHORTEST_PIECE = 32
"""Rows of a run that one thread takes at least, where the run has as many."""


@dataclass(frozen=True)
class Variant:
    """How the moments of one degree are summed; what may be tuned.

    Attributes
    ----------
    form : {"factor", "covariance"}
        How μ is computed, see `records.CENTER`.
    parts : int
        Launches that the monomials of straight-line code are split over.
    threads : int
        Of a block of straight-line code; the plane walk has as many as a plane needs.
    resident : int
        Threads that a multiprocessor shall hold at least; more leave each fewer of its 65 536 registers.
    straight_line_degree : int
        Up to this degree the code is straight-line, above it the plane walk.
    piece : int
        Pairs of a segment that one piece holds at most.
    """

    form: str = "factor"
    parts: int = 1
    threads: int = 128
    resident: int = 256
    straight_line_degree: int = 8
    piece: int = 32

    @classmethod
    def of(cls, degree: int, dtype: str) -> Variant:
        """What suits a degree: longer pieces where their sums lose no digits that anyone sees.

        The 165 sums of degree 8 in float64 do not fit the registers, and half of them do nearly: faster on an H200.
        """
        wide = dtype == "float64"
        resident = 256 if degree <= cls.straight_line_degree else 768
        return cls(piece=64 if wide else 32, resident=resident, parts=2 if wide and degree == 8 else 1)

    def bounds(self, threads: int) -> tuple[int, int]:
        """Threads of a block, and blocks that a multiprocessor shall hold at least."""
        return threads, max(1, self.resident // threads)


@dataclass(frozen=True)
class Code:
    """Compiled code for one degree: `kernels`, with the threads and the memory of a block, if it shares a piece."""

    kernels: tuple[Any, ...]
    threads: int
    blocks: bool
    shared_bytes: int = 0

    def __call__(self, pieces: int, inputs: Sequence[Any], device: torch.device) -> None:
        """Sum the moments of some pieces; `inputs` as in `source.PARAMETERS`."""
        for kernel in self.kernels:
            if self.blocks:
                launch(kernel, (pieces, self.threads), inputs, device, self.threads, share=True)
            else:
                launch(kernel, (pieces,), inputs, device, self.threads)


@cache
def moments(degree: int, dtype: str, variant: Variant) -> Code:
    """Code that sums the moments up to one degree."""
    if degree <= variant.straight_line_degree:
        bounds = variant.bounds(variant.threads)
        texts = [source.straight_line(degree, bounds, variant.form, variant.parts, k) for k in range(variant.parts)]
        kernels = tuple(compiled(text, f"straight_line_{degree}_{k}", dtype)["moments"] for k, text in enumerate(texts))
        return Code(kernels, variant.threads, blocks=False)
    if degree > LARGEST_DEGREE:
        raise ValueError(
            f"backend 'warp' takes moments up to degree {LARGEST_DEGREE}, this basis needs degree {degree}"
        )
    lanes = 32 if degree < 32 else 64
    threads = -(-num_of_degree(degree) // lanes) * lanes
    text = source.plane_walk(degree, variant.bounds(threads), lanes, variant.form)
    shared_bytes = np.dtype(dtype).itemsize * sum(source.plane_walk_tiles(degree, threads, lanes))
    return Code((compiled(text, f"plane_walk_{degree}", dtype)["moments"],), threads, True, shared_bytes)


def check_shared_memory(code: Code, degree: int, dtype: str, device: torch.device) -> None:
    """Raise a ValueError if a block of this code needs more memory than one may have on the device."""
    there = shared_memory(device)
    if code.shared_bytes > there:
        raise ValueError(
            f"backend 'warp' needs {code.shared_bytes} bytes of shared memory for moments of degree {degree} in "
            f"{dtype}, and device {str(device)!r} has {there}: choose a smaller max_angular or max_radial, "
            "dtype 'float32', or the backend 'torch_full'"
        )


def shared_memory(device: torch.device) -> float:
    """Bytes of shared memory that a block may have."""
    if device.type != "cuda":
        return math.inf
    properties = torch.cuda.get_device_properties(device)
    return int(getattr(properties, "shared_memory_per_block_optin", 48 << 10))  # an old Torch does not tell


def check_driver(device: str) -> None:
    """Raise a ValueError if Warp cannot use a CUDA device that Torch can: it may need a newer driver."""
    if not device.startswith("cuda"):
        return
    with _settings():
        if wp.is_cuda_available():
            return
        needed = ".".join(map(str, wp.get_cuda_toolkit_version() or ("any",)))
    raise ValueError(
        f"Warp {wp.__version__} cannot use device {device!r}: it was made for CUDA {needed}, and the driver here may "
        "be too old for that. Update the driver, or install an older warp-lang"
    )


@cache
def sums(dtype: str) -> Any:
    """Kernel that adds the pieces of each segment, in their order."""
    return compiled(SUMS, "sums", dtype)["moments"]


SUMS = """\
@wp.kernel(enable_backward=False, grid_stride=False)
def moments(first: wp.array(dtype=wp.int32), pieces: wp.array2d(dtype=T), out: wp.array2d(dtype=wp.float64)):
    row, g = wp.tid()
    total = wp.float64(0.0)
    for t in range(first[g], first[g + 1]):
        total = total + wp.float64(pieces[row, t])
    out[row, g] = total
"""


def compiled(text: str, name: str, dtype: str) -> dict[str, Any]:
    """The kernels of a text, in a Warp module of their own; compiled when first launched, and kept on disk."""
    text = load_record(dtype) + text
    name = f"anisoap_opt_{name}_{dtype}_{crc32(text.encode()):x}"
    scalar = getattr(wp, dtype)
    types = {"T": scalar, "Vector": wp.types.vector(3, scalar), "Record": wp.types.vector(16, scalar)}
    scope: dict[str, Any] = {"__name__": name, "wp": wp, "Any": Any, **types}
    file = f"<{name}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file  # where Warp looks for the source
    exec(compile(text, file, "exec", dont_inherit=True), scope)
    return scope


def launch(
    kernel: Any, dim: Sequence[int], inputs: Sequence[Any], device: torch.device, threads: int, *, share: bool = False
) -> None:
    """Launch on Torch's current stream of the device; tensors are read and written in place.

    On the CPU a block is one thread, unless the threads of a block `share` memory: then they take turns, see
    `warp.config.enable_cpu_blocks`.
    """
    if 0 in dim:
        return
    with _settings():
        arguments = [wp.from_torch(one) if isinstance(one, torch.Tensor) else one for one in inputs]
        place: dict[str, Any] = {"device": "cpu"}
        if device.type == "cuda":
            place = {"stream": wp.stream_from_torch(torch.cuda.current_stream(device))}
        block_dim = threads if share or device.type == "cuda" else 1
        wp.launch(kernel, dim, arguments, block_dim=block_dim, **place)


def vectors(rows: torch.Tensor) -> Any:
    """A Warp array of vectors on the memory of a tensor [count, length]."""
    with _settings():
        return wp.from_torch(rows, dtype=wp.types.vector(rows.shape[1], wp.dtype_from_torch(rows.dtype)))


def set_arrays(instance: Any, **tensors: torch.Tensor) -> None:
    """Put arrays of a Warp struct onto the memory of tensors; those of vectors are [count, 3]."""
    with _settings():
        for name, tensor in tensors.items():
            setattr(instance, name, wp.from_torch(tensor, dtype=instance._cls.vars[name].type.dtype))


def upload(array: Any, device: torch.device) -> torch.Tensor:
    """A tensor of the device; the host does not wait for its copy, which is made from pinned memory."""
    tensor = torch.as_tensor(array).detach().contiguous()
    if tensor.numel() == 0:
        return torch.empty(tensor.shape, dtype=tensor.dtype, device=device)  # whose strides are the usual ones
    return device_memory.upload(tensor, device)


@dataclass(frozen=True)
class Pieces:
    """Runs of rows cut into pieces.

    Attributes
    ----------
    count : int
    run : tensor of int32, shape [pieces]
        The run that each belongs to.
    first : tensor of int32, shape [runs + 1]
        First piece of each run.
    """

    count: int
    run: torch.Tensor
    first: torch.Tensor


def cut_runs(bounds: Ints, device: torch.device) -> Pieces:
    """Cut each run into about as many pieces as each of them then has rows, and short runs not at all.

    Parameters
    ----------
    bounds : ndarray of int, shape [runs + 1]
        Run k holds the rows bounds[k] … bounds[k+1] - 1.
    device : torch.device

    Returns
    -------
    Pieces
    """
    sizes = np.diff(bounds)
    counts = np.maximum(-(-sizes // np.maximum(SHORTEST_PIECE, np.sqrt(sizes).astype(np.int64))), 1)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    run = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    return Pieces(len(run), upload(run, device), upload(first, device))


@contextmanager
def _settings() -> Iterator[None]:
    """Warp's settings as the kernels here need them, for the time of a launch: they are global.

    Raises
    ------
    OSError
        If compiled kernels cannot be kept on disk.
    """
    before = wp.config.enable_cpu_blocks, wp.config.log_level
    wp.config.enable_cpu_blocks, wp.config.log_level = True, wp.LOG_WARNING
    try:
        wp.init()
        yield
    except OSError as error:
        raise OSError(
            f"Warp cannot keep its compiled kernels on disk ({error}); "
            "set WARP_CACHE_PATH to a folder that can be written"
        ) from error
    finally:
        wp.config.enable_cpu_blocks, wp.config.log_level = before
