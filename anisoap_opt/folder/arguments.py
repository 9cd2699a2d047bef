"""What a calculator was made with, as plain values: for manifests, and for other processes."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from anisoap_opt.projection import EllipsoidalDensityProjection


def arguments_of(calculator: EllipsoidalDensityProjection, types: Sequence[int]) -> dict[str, Any]:
    """Arguments of the calculator's class, with these types, as JSON knows them.

    Gradients are left out: features are wanted. So is `rotation_key` where any of the usual names will do.
    """
    names = inspect.signature(EllipsoidalDensityProjection).parameters
    found = {name: getattr(calculator, name) for name in names if name != "compute_gradients"}
    if calculator.columns.any_name:
        del found["rotation_key"]
    found["types"] = list(types)
    return json.loads(json.dumps(found, default=_plain))


def _plain(value: Any) -> Any:
    """NumPy's scalars and arrays, in a list of radial indices say."""
    return np.asarray(value).tolist()
