"""A report as histograms."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from anisoap_opt.arrays import Array
from anisoap_opt.inspection.records import Found, in_words

_BINS = 60
_BLUE, _ORANGE, _GREEN, _GREY = "#0072b2", "#d55e00", "#009e73", "#777777"


def check_path(path: str | os.PathLike[str]) -> None:
    """Raise a ValueError for a name that says no kind of picture, or is a folder's."""
    kinds = _figure_class()().canvas.get_supported_filetypes()
    kind = Path(path).suffix[1:].lower()
    if kind not in kinds:
        wrong = f"of the kind {kind!r}" if kind else "without an ending"
        raise ValueError(f"a plot cannot be a file {wrong}, as {path}: take .png, .pdf or .svg")
    if Path(path).is_dir():
        raise ValueError(f"a plot cannot be written to {path}, which is a folder")


def draw(report: Found) -> Any:
    """A matplotlib Figure: distances, diameters, nearest neighbours against contact, and quaternions."""
    figure = _figure_class()(figsize=(10, 7), dpi=120, layout="constrained")
    axes = figure.subplots(2, 2)
    _distances(axes[0, 0], report)
    _contacts(axes[0, 1], report.histograms["nearest"], report.histograms["contact"])
    _diameters(axes[1, 0], report.histograms["diameters"], report.distances["mean_nearest"])
    _quaternions(axes[1, 1], report)
    for one in axes.flat:
        one.spines[["top", "right"]].set_visible(False)
    return figure


def _figure_class() -> Any:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise ModuleNotFoundError("a plot needs matplotlib: pip install 'anisoap_opt[plot]'") from None
    return Figure


def _distances(axis: Any, report: Found) -> None:
    h, cutoff = report.histograms, report.distances["cutoff_radius"]
    bins = np.linspace(0, cutoff, _BINS)
    _histogram(axis, h["distances"], bins, _GREY, "all neighbours")
    _histogram(axis, h["nearest"], bins, _BLUE, "nearest one")
    if touch := report.distances["mean_contact_of_nearest"]:
        axis.axvline(touch, color=_ORANGE, label=f"mean contact, {touch:.3g} Å")
    axis.axvline(cutoff, color="black", linestyle="--", label=f"cutoff, {cutoff:g} Å")
    _label(axis, "Distances of neighbours", "distance / Å", "share of the highest bin", columns=2)
    axis.set(ylim=(0, 1.3), yticks=np.linspace(0, 1, 6))  # room for the legend


def _contacts(axis: Any, nearest: Array, contact: Array) -> None:
    apart = nearest[nearest > 0]
    ratio = apart / contact
    bins = np.linspace(0, max(2.0, float(np.quantile(ratio, 0.99))) if len(ratio) else 2.0, _BINS)
    _histogram(axis, ratio, bins, _BLUE, None)
    axis.axvline(1.0, color=_ORANGE, label="they touch; left of it they overlap")
    _label(axis, "Nearest neighbour against contact", "distance / contact distance", "share of the highest bin")


def _diameters(axis: Any, diameters: Array, nearest: float | None) -> None:
    """One row for each of a particle's axes, since two of them are often equal."""
    low, high = (diameters.min(), diameters.max()) if len(diameters) else (0.0, 1.0)
    bins = np.linspace(0, 1.05 * max(high, nearest or low), _BINS)
    names = ("shortest", "middle", "longest")
    for row, (column, color) in enumerate(zip(diameters.T, (_GREEN, _GREY, _BLUE), strict=True)):
        counts, _ = np.histogram(column, bins)
        axis.stairs(row + 0.9 * counts / max(counts.max(), 1), bins, baseline=row, fill=True, color=color, alpha=0.55)
    axis.set_yticks([0, 1, 2], names)
    if nearest:
        axis.axvline(nearest, color="black", linestyle=":", label=f"mean distance of the nearest, {nearest:.3g} Å")
    _label(axis, "Full diameters", "diameter / Å", "axis of the particle")


def _quaternions(axis: Any, report: Found) -> None:
    q = report.histograms["quaternions"]
    if not report.quaternions:
        axis.text(0.5, 0.5, "no quaternions", ha="center", transform=axis.transAxes, color=_GREY)
        axis.set_axis_off()
        return
    bins = np.linspace(-1, 1, 21 if len(q) < 2000 else 41)
    middle = (bins[:-1] + bins[1:]) / 2
    for name, values, color in zip("wxyz", q.T, (_ORANGE, _BLUE, _GREEN, _GREY), strict=True):
        counts, _ = np.histogram(values, bins, density=True)
        axis.stairs(counts, bins, color=color, linewidth=2 if name == "w" else 1.3, label=f"{name}")
    axis.plot(middle, 2 / np.pi * np.sqrt(1 - middle**2), color="black", linestyle=":", label="random")
    axis.set_ylim(top=min(axis.get_ylim()[1], 6.0))
    order = report.quaternions["order"]
    read = "in both orders" if order == "mixed" else f"as {in_words(order)}"
    _label(axis, f"Numbers of quaternions, read {read}", "value", "density")


def _histogram(axis: Any, values: Array, bins: Array, color: str, label: str | None) -> None:
    """Counts relative to the highest, so that many and few can be seen together."""
    counts, _ = np.histogram(values, bins)
    axis.stairs(counts / max(counts.max(), 1), bins, fill=True, color=color, alpha=0.55, label=label)


def _label(axis: Any, title: str, x: str, y: str, columns: int = 1) -> None:
    axis.set(title=title, xlabel=x, ylabel=y)
    if axis.get_legend_handles_labels()[1]:
        axis.legend(framealpha=0.8, edgecolor="none", fontsize="small", ncols=columns)
