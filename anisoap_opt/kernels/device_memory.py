"""The memory of a device that Torch computes on: copies to it, its share for a chunk, and what to do if it is full."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

import torch

Method = TypeVar("Method", bound=Callable[..., Any])

MEMORY_SHARE = 16
"""The moments of a chunk of pairs, and the sums of a chunk of segments, may each take this fraction of what is free.
All that a chunk needs, counted with one type, is up to eight times as much: in `pull_back`, with float32."""
UNKNOWN_MEMORY = 1 << 33
"""What is taken to be free on a device that does not tell."""


def free_memory(device: torch.device) -> int:
    """Bytes that Torch can still take on a device, those that it keeps for later included."""
    if device.type != "cuda":
        return UNKNOWN_MEMORY
    free, _ = torch.cuda.mem_get_info(device)
    return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))


def upload(array: Any, device: torch.device, dtype: torch.dtype | None = None) -> torch.Tensor:
    """A tensor of the device; the host does not wait for its copy, which is made from pinned memory."""
    tensor = torch.as_tensor(array).to(dtype=dtype)
    if device.type == "cuda" and tensor.device.type == "cpu" and not tensor.requires_grad:
        return tensor.contiguous().pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


@contextmanager
def explained(device: torch.device, num_pairs: int, num_segments: int, bytes_needed: int) -> Iterator[None]:
    """Say what was needed, and how to need less, where Torch says that a device's memory is full.

    Parameters
    ----------
    device : torch.device
    num_pairs, num_segments : int
        What is computed at once.
    bytes_needed : int
        For their moments, or for the pairs as they are found.

    Raises
    ------
    MemoryError
        Instead of Torch's error.
    """
    try:
        yield
    except RuntimeError as error:
        if "out of memory" not in str(error):
            raise
        said = str(error).splitlines()[0]
        raise MemoryError(
            f"device {str(device)!r} has too little memory for {num_pairs} pairs in {num_segments} segments at once: "
            f"they alone take up to {bytes_needed / 1e9:.3g} GB. Give it fewer frames at once, "
            f"dtype='float32', or a basis with a smaller max_radial or max_angular. Torch said: {said}"
        ) from error


def explains_itself(method: Method) -> Method:
    """A kernel's method of some pairs, in what its `explained` gives for them: whoever calls it is told."""

    @wraps(method)
    def run(self: Any, pairs: Any, *arguments: Any, **more: Any) -> Any:
        with self.explained(pairs):
            return method(self, pairs, *arguments, **more)

    return run  # type: ignore[return-value]
