"""What the arrays of a frame are called, and what the numbers in them mean.

Programs write the same rotations and sizes under different names and in different orders. What the caller leaves open
follows from the names:

=====================  ===============================  ==================================
written by             rotations                        sizes
=====================  ===============================  ==================================
AniSOAP, this package  c_q, quaternion                  c_diameter[1] … c_diameter[3]
a LAMMPS dump, by ASE  quaternions, for c_q[1] … [4]    c_shape[1] … [3], c_diameter[1] …
OVITO                  orientation, order x, y, z, w    aspherical_shape: semiaxes
=====================  ===============================  ==================================

All but OVITO's are quaternions (w, x, y, z) and full axes. A name with a number in brackets may have lost the brackets,
as ASE reads them from an extended XYZ file.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from anisoap_opt import checks

ROTATION_TYPES = ("quaternion", "matrix")
QUATERNION_ORDERS = ("wxyz", "xyzw")
QUATERNIONS = ("quaternion", "c_q")
DIAMETERS = ("c_diameter", "c_shape")
OVITO_ROTATION, OVITO_SIZE = "orientation", "aspherical_shape"
ASE_NAMES = {"c_q": "quaternions"}
"""What ASE calls the columns c_q[1] … c_q[4] of a LAMMPS dump, taken together."""


class UsualName(str):
    """A default name of an array, in place of which other usual ones will do; equal to the same text without that."""


ANY_QUATERNION = UsualName(QUATERNIONS[0])
"""Default of `rotation_key`; a plain "quaternion", which a caller wrote, means that array only."""


@dataclass(frozen=True)
class Source:
    """The arrays of a frame that hold one quantity.

    Attributes
    ----------
    names : tuple of str
        One array [particles, width], or an array [particles] for each column.
    meaning : str
        "wxyz", "xyzw" or "matrix"; "diameters" or "semiaxes"; "" where the name leaves open which.
    """

    names: tuple[str, ...]
    meaning: str

    @property
    def label(self) -> str:
        """For messages."""
        return repr(self.names[0]) if len(self.names) == 1 else f"{self.names[0]!r} … {self.names[-1]!r}"


@dataclass(frozen=True)
class Columns:
    """What the caller said about the frames' arrays: arguments of `anisoap_opt.EllipsoidalDensityProjection`.

    Raises
    ------
    TypeError, ValueError
        If a value makes no sense, or two contradict each other.
    """

    rotation_key: str = ANY_QUATERNION
    rotation_type: str = "quaternion"
    quaternion_order: str | None = None
    diameter_key: str | None = None
    diameters: Any = None
    any_name: bool = field(init=False)  # a part of what is compared: a default key equals the plain text

    def __post_init__(self) -> None:
        if not isinstance(self.rotation_key, str):
            raise TypeError(f"rotation_key must be the name of an array, got {self.rotation_key!r}")
        object.__setattr__(self, "any_name", isinstance(self.rotation_key, UsualName))
        checks.choice("rotation_type", self.rotation_type, ROTATION_TYPES)
        if self.quaternion_order is not None:
            checks.choice("quaternion_order", self.quaternion_order, QUATERNION_ORDERS)
            if self.rotation_type == "matrix":
                raise ValueError("quaternion_order is for quaternions: leave it out with rotation_type='matrix'")
        if self.diameter_key is not None and not isinstance(self.diameter_key, str):
            raise TypeError(f"diameter_key must be the name of an array, got {self.diameter_key!r}")
        if self.diameters is not None:
            if self.diameter_key is not None:
                raise ValueError("diameters are given in place of an array: leave out diameter_key")
            object.__setattr__(self, "diameters", checks.three_lengths("diameters", self.diameters))

    def rotations(self, layout: Collection[str]) -> list[Source]:
        """Where a frame with arrays of these names may hold its rotations; the first is to be taken."""
        key, order = self.rotation_key, self.quaternion_order
        if self.rotation_type == "matrix":
            return _present([Source(_spelled(key, 9, layout), "matrix")], layout)
        if key == OVITO_ROTATION:
            return _present([Source((key,), order or ("xyzw" if OVITO_SIZE in layout else ""))], layout)
        keys = QUATERNIONS if self.any_name else (key,)
        found = [Source(_spelled(one, 4, layout), order or "wxyz") for one in keys]
        if self.any_name and OVITO_SIZE in layout:
            found.append(Source((OVITO_ROTATION,), order or "xyzw"))
        return _present(found, layout)

    def sizes(self, layout: Collection[str]) -> list[Source]:
        """Where a frame with arrays of these names may hold its sizes; the first is to be taken."""
        keys = (*DIAMETERS, OVITO_SIZE) if self.diameter_key is None else (self.diameter_key,)
        found = [Source(_spelled(key, 3, layout), "semiaxes" if key == OVITO_SIZE else "diameters") for key in keys]
        return _present(found, layout)

    @property
    def rotations_wanted(self) -> tuple[str, str]:
        """For the message that a frame has none: what was looked for, and what to do."""
        if not self.any_name:
            return repr(self.rotation_key), ""
        usual = QUATERNIONS if self.rotation_type == "quaternion" else (self.rotation_key,)
        return _either(usual), "; rotation_key= names another one"

    @property
    def sizes_wanted(self) -> tuple[str, str]:
        """For the message that a frame has none: what was looked for, and what to do."""
        if self.diameter_key is not None:
            return _either((self.diameter_key, f"{self.diameter_key}[1]")), ""
        usual = (*(f"{key}[1]" for key in DIAMETERS), OVITO_SIZE)
        return _either(usual), "; diameter_key= names another one, diameters= gives one size to all particles"


@lru_cache(maxsize=256)
def find(columns: Columns, what: str, layout: frozenset[str]) -> list[Source]:
    """`Columns.rotations` or `Columns.sizes`, as `what` says, of frames with arrays of these names."""
    return columns.rotations(layout) if what == "rotations" else columns.sizes(layout)


def _either(names: tuple[str, ...]) -> str:
    """The names in a sentence."""
    *first, last = (repr(str(name)) for name in names)
    return f"{', '.join(first)} or {last}" if first else last


def _spelled(key: str, width: int, layout: Collection[str]) -> tuple[str, ...]:
    """The names under which `layout` has an array: itself, or `width` numbered columns with or without brackets."""
    if key not in layout:
        for form in ("{}[{}]", "{}{}"):
            columns = tuple(form.format(key, number) for number in range(1, width + 1))
            if any(name in layout for name in columns):
                return columns
        if ASE_NAMES.get(key) in layout:
            return (ASE_NAMES[key],)
    return (key,)


def _present(sources: list[Source], layout: Collection[str]) -> list[Source]:
    """Those that are there; the first of which a part is there, which is to be told, only if none is complete."""
    complete = [one for one in sources if all(name in layout for name in one.names)]
    return complete or [one for one in sources if any(name in layout for name in one.names)][:1]
