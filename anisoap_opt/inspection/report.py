"""What was found out about frames, in words and numbers: `Report`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anisoap_opt.inspection.records import Found
from anisoap_opt.inspection.table import as_table


@dataclass(frozen=True)
class Report(Found):
    """What `anisoap_opt.check` found. As text it is a table, for a terminal of 80 columns.

    Its attributes are those of `anisoap_opt.inspection.records.Found`.
    """

    def __str__(self) -> str:
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
