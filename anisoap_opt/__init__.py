"""AniSOAP descriptors of ellipsoidal particles, fast, on several backends."""

from __future__ import annotations

from typing import Any

from anisoap_opt.folder.view import open_folder as open
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.kernels import BACKENDS
from anisoap_opt.projection import EllipsoidalDensityProjection
from anisoap_opt.reading import iread, read
from anisoap_opt.streaming import stream

__all__ = [
    "BACKENDS",
    "EllipsoidalDensityProjection",
    "ParticleBatch",
    "__version__",
    "iread",
    "open",
    "read",
    "stream",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # imported here: it takes longer than all the rest

        return version("anisoap_opt")
    raise AttributeError(f"module 'anisoap_opt' has no attribute {name!r}")
