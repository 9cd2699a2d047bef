"""What all benchmark classes share: the backend as a parameter, skipping, warm-up and pinned threads."""

from __future__ import annotations

from typing import Any

from benchmarks import measure

BACKENDS = ("reference", "numpy_only", "torch_mixed", "torch_full", "numba")


def calculator(backend: str, hypers: dict[str, Any]) -> Any:
    """An `EllipsoidalDensityProjection` on one thread, or NotImplementedError (asv: skip) if this commit lacks it."""
    from anisoap_opt import EllipsoidalDensityProjection

    try:
        made = EllipsoidalDensityProjection(**hypers, backend=backend)
    except (ModuleNotFoundError, ValueError) as error:
        raise NotImplementedError(str(error)) from error
    if backend == "numba":
        import numba  # noqa: F401 - else its threads would be there only after they were pinned
    measure.pin_threads(1)
    return made
