"""What was found out about frames, in words and numbers: `Report`."""

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
class Report:
    """What `anisoap_opt.check` found. As text it is a table, for a terminal of 80 columns.

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

    def __str__(self) -> str:
        from anisoap_opt.inspection.table import as_table

        return as_table(self)

    def plot(self, path: Any = None) -> Any:
        """Histograms of distances, diameters and quaternions.

        Parameters
        ----------
        path : str or path, optional
            File to write, of a kind that matplotlib knows: .png, .pdf, .svg.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ModuleNotFoundError
            If matplotlib is not installed: ``pip install anisoap_opt[plot]``.
        ValueError
            If there is no such kind of picture, or `path` is a folder.
        """
        from anisoap_opt.inspection.plot import check_path, draw

        if path is not None:
            check_path(path)
        figure = draw(self)
        if path is not None:
            figure.savefig(path)
        return figure
