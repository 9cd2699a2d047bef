"""The backends: the only room that knows them. The contract they share is in the README beside this file."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from anisoap_opt import checks
from anisoap_opt.gaussians import Gaussians
from anisoap_opt.kernels.contract import FrameSums, Kernel, KernelOptions, MakesGaussians, Searches, SumsOverFrames
from anisoap_opt.neighbors import find_neighborhoods
from anisoap_opt.pairs import Neighborhoods

ENVIRONMENT_VARIABLE = "ANISOAP_BACKEND"


class Backend(NamedTuple):
    """One entry of the table of backends.

    Attributes
    ----------
    module : str
        Module of this package that holds the class `Kernel`.
    needs : str
        Package that can be imported once it is installed, "" for none.
    extra : str
        Extra of ``pip install anisoap_opt[…]`` that brings it.
    dtypes : tuple of str
    summary : str
        For ``anisoap-opt backends``.
    devices : bool
        Whether its module says on which devices it can compute; else on "cpu" only.
    on_cpu : bool
        Whether it is meant for a CPU. One that is not runs there to be tested, and what measures CPUs leaves it out.
    """

    module: str
    needs: str
    extra: str
    dtypes: tuple[str, ...]
    summary: str
    devices: bool = False
    on_cpu: bool = True

    @property
    def installed(self) -> bool:
        """Whether what it needs can be imported; nothing is imported to find out."""
        return not self.needs or find_spec(self.needs) is not None


# Without a choice by the caller the last one installed of DEFAULTS is taken, and for tensors on a device of its own.
BACKENDS = {
    "reference": Backend("reference", "", "", ("float64",), "literal equations, one pair at a time"),
    "numpy_only": Backend("numpy_only", "", "", ("float64", "float32"), "vectorised NumPy over pairs"),
    "torch_mixed": Backend("torch_mixed", "torch", "torch", ("float64",), "NumPy pipeline, Torch for the contractions"),
    "torch_full": Backend(
        "torch_full", "torch", "torch", ("float64", "float32"), "Torch tensors throughout, any device", True
    ),
    "numba": Backend("numba", "numba", "compiled", ("float64", "float32"), "compiled CPU kernel, one segment a lane"),
    "warp": Backend(
        "warp",
        "warp",
        "gpu",
        ("float64", "float32"),
        "one source for CUDA and, in tests, the CPU",
        True,
        on_cpu=False,
    ),
}
DEFAULTS = ("numpy_only", "numba")
DEVICE_DEFAULTS = {"cuda": ("torch_full", "warp")}


def resolve(backend: str | None) -> str:
    """Name of the backend to use: the argument, else ``ANISOAP_BACKEND``, else the fastest one installed.

    Raises
    ------
    ValueError
        If there is no such backend.
    ModuleNotFoundError
        If what it needs is not installed; the message names the extra.
    """
    source = "backend"
    if backend is None and os.environ.get(ENVIRONMENT_VARIABLE):
        source, backend = f"environment variable {ENVIRONMENT_VARIABLE}", os.environ[ENVIRONMENT_VARIABLE]
    if backend is None:
        return fastest()
    name = checks.choice(source, backend, BACKENDS)
    entry = BACKENDS[name]
    if not entry.installed:
        raise ModuleNotFoundError(
            f"backend {name!r} needs {entry.needs}, which is not installed: pip install 'anisoap_opt[{entry.extra}]'"
        )
    return name


def fastest(kind: str = "cpu") -> str:
    """Name of the fastest backend installed for a kind of device, one of Torch's."""
    names = DEFAULTS if kind == "cpu" else DEVICE_DEFAULTS.get(kind, ("torch_full",))
    return [name for name in names if BACKENDS[name].installed][-1]


def resolve_options(backend: str, dtype: Any, device: Any) -> KernelOptions:
    """Check dtype and device for one backend.

    Parameters
    ----------
    backend : str
        As returned by `resolve`.
    dtype : None, str, numpy or torch dtype
        None means "float64".
    device : None, str or torch.device
        None means "cpu".

    Returns
    -------
    KernelOptions

    Raises
    ------
    ValueError
        If the backend does not offer this dtype or device, or the device is not there.
    """
    entry = BACKENDS[backend]
    name = "float64" if dtype is None else _dtype_name(dtype)
    if name not in entry.dtypes:
        raise ValueError(f"backend {backend!r} computes in {' or '.join(entry.dtypes)}, got dtype={dtype!r}")
    place = "cpu" if device is None else str(device)
    if entry.devices:
        module(backend).check_device(place, name)
    elif place != "cpu":
        others = ", ".join(other for other, one in BACKENDS.items() if one.devices)
        raise ValueError(
            f"backend {backend!r} runs on the device 'cpu' only, got {device!r}; others take more: {others}"
        )
    return KernelOptions(dtype=name, device=place)


def _dtype_name(dtype: Any) -> str:
    try:
        return str(np.dtype(dtype).name)
    except TypeError:  # a torch dtype, or nonsense
        return str(dtype).removeprefix("torch.")


@cache
def load_gaussians(backend: str, options: KernelOptions = KernelOptions()) -> Callable[[Any, Any, float], Gaussians]:  # noqa: B008
    """`Gaussians.of`, or the backend's own way to it."""
    own = module(backend)
    return _for_device(backend, own.make_gaussians, options) if isinstance(own, MakesGaussians) else Gaussians.of


@cache
def load_search(backend: str, options: KernelOptions = KernelOptions()) -> Callable[..., Neighborhoods]:  # noqa: B008
    """`find_neighborhoods` of a backend that has its own neighbour search, else that of `anisoap_opt.neighbors`."""
    own = module(backend)
    return _for_device(backend, own.find_neighborhoods, options) if isinstance(own, Searches) else find_neighborhoods


def device_search(backend: str, kind: str) -> str | None:
    """A backend that searches on this kind of device and leaves pairs there: this one, or the fastest; or None."""
    return next((one for one in (backend, fastest(kind)) if not BACKENDS[one].on_cpu), None)


@cache
def sum_over_frames(backend: str) -> Callable[..., list[FrameSums]] | None:
    """The function of this name of a backend that has it, see `contract.SumsOverFrames`; else None."""
    own = module(backend)
    return own.sum_over_frames if isinstance(own, SumsOverFrames) else None


def _for_device(backend: str, function: Callable[..., Any], options: KernelOptions) -> Callable[..., Any]:
    """The function, told the options if the backend has a choice of devices."""
    return partial(function, options=options) if BACKENDS[backend].devices else function


def load(backend: str) -> type[Kernel]:
    """Class `Kernel` of a backend; imports what it needs."""
    kernel: type[Kernel] = module(backend).Kernel
    return kernel


def module(backend: str) -> Any:
    """Module of a backend; imports what it needs."""
    return importlib.import_module(f"anisoap_opt.kernels.{BACKENDS[backend].module}")
