"""A device that is not there: Torch's fake tensors, which have shapes and no numbers, and a count of what it would do.

Fake tensors of different devices do not mix, and refuse what needs their numbers: ``.item()``, shapes that depend on
data. What they let pass, and what makes a host wait for a real device, is refused here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest.mock import patch

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

NO_LAUNCH = ("aten.empty", "aten.new_empty", "aten.detach", "aten._reshape_alias", "aten.lift_fresh", "prim.device")
"""Operations that launch nothing, besides views."""


class Counted(TorchDispatchMode):
    """Counts operations on the device, and copies to it; refuses copies from it.

    Attributes
    ----------
    launches : Counter
        By the operation's name; copies to the device are among them.
    uploads : int
        Copies to the device.
    blocking_uploads : int
        Those for which the host waits, until all that the device was asked for before is done.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.launches: Counter[str] = Counter()
        self.uploads = self.blocking_uploads = 0

    def _here(self, values: Any) -> list[torch.Tensor]:
        return [one for one in tree_leaves(values) if isinstance(one, torch.Tensor) and one.device.type == self.kind]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = str(func).rpartition(".")[0]
        read = self._here((args, kwargs))
        if name == "aten._local_scalar_dense" and read:
            raise AssertionError("the host asks the device for a number")
        result = func(*args, **kwargs)
        written = self._here(result)
        copy = name in ("aten._to_copy", "aten.copy_")
        if copy and self._here(args[-1:]) and not written:
            raise AssertionError(f"a copy of {tuple(result.shape)} from the device to the host")
        if copy and written and not self._here(args[-1:]):
            self.uploads += 1
            self.blocking_uploads += not (kwargs.get("non_blocking") or (name == "aten.copy_" and args[2:] == (True,)))
        if self.kind == "mps" and any(one.dtype == torch.float64 for one in written):
            raise AssertionError(f"{name} makes a tensor of float64, which 'mps' does not have")
        if (read or written) and not func.is_view and name not in NO_LAUNCH:
            self.launches[name] += 1
        return result


class _WithoutGuard(TorchFunctionMode):
    """What a Torch built without the device cannot do for fake tensors, because it looks for the device itself."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.to:
            args = tuple(map(self._numbered, args))
            kwargs = {name: self._numbered(one) if name == "device" else one for name, one in kwargs.items()}
        elif func is torch.as_tensor and kwargs.get("device") is not None:
            device = self._numbered(kwargs.pop("device"))
            return torch.as_tensor(*args, **kwargs).to(device)
        elif func is torch.Tensor.pin_memory:
            return args[0]
        elif args and isinstance(args[0], torch.Tensor) and args[0].device.type == self.kind:
            if func is torch.Tensor.contiguous:
                return args[0] if args[0].is_contiguous() else args[0].clone(memory_format=torch.contiguous_format)
            if func is torch.Tensor.__getitem__:
                view, indices = _basic(*args)
                return torch.ops.aten.index.Tensor(view, indices) if indices else view
            if func is torch.Tensor.__setitem__:
                view, indices = _basic(*args[:2])
                value = torch.as_tensor(args[2], dtype=view.dtype)
                if indices:
                    torch.ops.aten.index_put_(view, indices, value)
                else:
                    view.copy_(value)
                return None
        return func(*args, **kwargs)

    def _numbered(self, one: Any) -> Any:
        plain = isinstance(one, (str, torch.device)) and str(one) == self.kind
        return f"{self.kind}:0" if plain else one


def _basic(tensor: torch.Tensor, key: Any) -> tuple[torch.Tensor, list[torch.Tensor | None]]:
    """The view that integers, slices and None make, and the indices that are left, those of arrays."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if any(one is Ellipsis for one in keys):
        at = next(k for k, one in enumerate(keys) if one is Ellipsis)
        taken = sum(one is not None for one in keys) - 1
        keys[at : at + 1] = [slice(None)] * (tensor.ndim - taken)
    indices: list[torch.Tensor | None] = []
    for one in keys:
        dim = len(indices)
        if one is None:
            tensor = tensor.unsqueeze(dim)
            indices.append(None)
        elif isinstance(one, slice):
            if one != slice(None):
                tensor = torch.ops.aten.slice.Tensor(tensor, dim, one.start, one.stop, one.step or 1)
            indices.append(None)
        elif isinstance(one, int):
            tensor = tensor.select(dim, one)
        else:
            indices.append(torch.as_tensor(one).to(tensor.device))
    return tensor, indices if any(one is not None for one in indices) else []


@contextmanager
def fake_device(kind: str = "cuda") -> Iterator[Counted]:
    """All tensors made inside are fake, and may lie on a device of this kind; the count of what is done with them.

    Tensors that were made outside cannot be used inside. A device "cuda" has 80 GB.
    """
    memory = {"mem_get_info": (80 * 10**9, 80 * 10**9), "memory_reserved": 0, "memory_allocated": 0}
    driver = patch.multiple(torch.cuda, **{name: lambda device, value=value: value for name, value in memory.items()})
    without_guard = nullcontext() if kind == "meta" else _WithoutGuard(kind)  # any Torch has "meta", with autograd
    with driver, FakeTensorMode(), without_guard, Counted(kind) as counted:
        yield counted
