"""What is told of frames, as plain numbers and words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from anisoap_opt.arrays import Array


@dataclass(frozen=True)
class Finding:
    """Something that a calculation takes, and that is hardly meant.

    Attributes
    ----------
    kind : str
        "order of quaternions", "norms of quaternions", "no neighbours", "on top of each other", "at the cutoff" or
        "wider than the cutoff".
    message : str
    """

    kind: str
    message: str


@dataclass(frozen=True)
class Refused:
    """A frame that would be refused, or a file.

    Attributes
    ----------
    file : str
        "" for frames that come from no file.
    frame : int or None
        Its number in the file; None for a whole file.
    line : int
        Of its beginning, from 1; 0 where there are no lines.
    reason : str
        What is wrong, and where.
    """

    file: str
    frame: int | None
    line: int
    reason: str


@dataclass(frozen=True)
class Found:
    """What was found out about frames.

    Attributes
    ----------
    frames, types, diameters, quaternions, distances, cells, cost : dict, or list of dict
        Plain numbers, with the names that `as_dict` has; None stands for what there is not. Lengths are in Å.
    warnings : tuple of Finding
    refused : tuple of Refused
    histograms : dict of str → ndarray
        What `plot` draws.
    """

    frames: dict[str, Any]
    types: list[dict[str, Any]]
    diameters: dict[str, Any]
    quaternions: dict[str, Any] | None
    distances: dict[str, Any]
    cells: dict[str, Any]
    cost: dict[str, Any]
    warnings: tuple[Finding, ...]
    refused: tuple[Refused, ...]
    histograms: dict[str, Array] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether nothing would be refused."""
        return not self.refused

    def as_dict(self) -> dict[str, Any]:
        """All but the histograms, as JSON knows it."""
        return {
            "ok": self.ok,
            "frames": self.frames,
            "types": self.types,
            "diameters": self.diameters,
            "quaternions": self.quaternions,
            "distances": self.distances,
            "cells": self.cells,
            "cost": self.cost,
            "warnings": [vars(one) for one in self.warnings],
            "refused": [vars(one) for one in self.refused],
        }


def in_words(order: str) -> str:
    """As a tuple: (w, x, y, z)."""
    if order == "mixed":
        return "(w, x, y, z) and (x, y, z, w), as each frame has them"
    return f"({', '.join(order)})"
