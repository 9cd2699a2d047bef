"""AniSOAP descriptors of ellipsoidal particles, fast, on several backends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anisoap_opt.frames import ParticleBatch
from anisoap_opt.kernels import BACKENDS
from anisoap_opt.projection import EllipsoidalDensityProjection
from anisoap_opt.reading import iread, read

if TYPE_CHECKING:
    from anisoap_opt.coarse_graining import coarse_grain
    from anisoap_opt.folder.view import open_folder as open
    from anisoap_opt.inspection.check import check
    from anisoap_opt.molecules.axes import quaternion_from_axes
    from anisoap_opt.streaming import stream
    from anisoap_opt.sweeping import sweep
    from anisoap_opt.viewing import view

__all__ = [
    "BACKENDS",
    "EllipsoidalDensityProjection",
    "ParticleBatch",
    "__version__",
    "check",
    "coarse_grain",
    "iread",
    "open",
    "quaternion_from_axes",
    "read",
    "stream",
    "sweep",
    "view",
]
_LATER = {
    "check": ("anisoap_opt.inspection.check", "check"),
    "coarse_grain": ("anisoap_opt.coarse_graining", "coarse_grain"),
    "open": ("anisoap_opt.folder.view", "open_folder"),
    "quaternion_from_axes": ("anisoap_opt.molecules.axes", "quaternion_from_axes"),
    "stream": ("anisoap_opt.streaming", "stream"),
    "sweep": ("anisoap_opt.sweeping", "sweep"),
    "view": ("anisoap_opt.viewing", "view"),
}
"""Modules that are imported when they are asked for: they take as long as half of the rest."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # imported here: it takes longer than all the rest

        return version("anisoap_opt")
    if name in _LATER:
        from importlib import import_module

        module, attribute = _LATER[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'anisoap_opt' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
