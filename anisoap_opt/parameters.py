"""What a descriptor can be derived by: the names that `compute_gradients` takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Parameter(NamedTuple):
    """What a descriptor can be derived by.

    Attributes
    ----------
    components : tuple of str
        Names of the axes of a gradient, each of three entries.
    per_particle : bool
        Whether each particle has one of its own, or the frame has one.
    """

    components: tuple[str, ...]
    per_particle: bool


PARAMETERS = {
    "positions": Parameter(("xyz",), True),
    "orientations": Parameter(("xyz",), True),
    "shapes": Parameter(("axis",), True),
    "strain": Parameter(("xyz_2", "xyz_1"), False),
    "cell": Parameter(("xyz", "abc"), False),
}
"""With featomic's names where featomic has them."""


def check_parameters(value: Any) -> tuple[str, ...]:
    """Names of parameters from a user's `compute_gradients`: True stands for positions, False for none.

    Raises
    ------
    TypeError, ValueError
        If it is neither a bool nor a list of names, or a name is unknown or there twice.
    """
    if isinstance(value, (bool, np.bool_)):
        return ("positions",) if value else ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"compute_gradients must be True, False or a list of {', '.join(PARAMETERS)}, got {value!r}")
    for name in value:
        if not isinstance(name, str) or name not in PARAMETERS:
            raise ValueError(f"no gradients with respect to {name!r}: compute_gradients knows {', '.join(PARAMETERS)}")
    if len(set(value)) < len(value):
        raise ValueError(f"compute_gradients={list(value)} has a name twice")
    return tuple(value)
