"""The figures drawn from scaling.csv and stages.csv."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from anisoap_bench.study.intervals import median_interval
from anisoap_bench.study.scaling import AXES
from anisoap_bench.study.style import SHADES, in_order, look, new_figure, plain_numbers

COLUMNS = {
    "scaling": ("backend", "experiment", "seconds", *AXES.values()),
    "scaling_summary": ("backend", "experiment", "factor", "exponent", "exponent_low", "exponent_high"),
    "stages": ("backend", "system", "frames", "stage", "milliseconds", "share"),
}
"""What the figures need of each table."""


def scaling_vs_n(points: Any, summary: Any) -> Figure:
    """Time against N and against the neighbours, log–log, each with the fitted power and its interval."""
    figure, panels = new_figure(2, height=5.0)
    titles = {
        "particles": "N (particles of one frame, constant density)",
        "neighbors": "pairs of a particle, with itself",
    }
    for axes, (experiment, title) in zip(panels, titles.items(), strict=True):
        rows = points[points["experiment"] == experiment]
        for backend in in_order(rows["backend"]):
            by_x = rows[rows["backend"] == backend].groupby(AXES[experiment])["seconds"]
            x, median = np.array(by_x.median().index, float), by_x.median().to_numpy()
            ends = [median_interval(list(samples)) or (np.nan, np.nan) for _, samples in by_x]
            errors = np.abs(np.array(ends).T - median)
            fit = summary[(summary["backend"] == backend) & (summary["experiment"] == experiment)].iloc[0]
            style = {**look(backend), "label": _fit_label(backend, fit)}
            axes.errorbar(x, 1e3 * median, yerr=1e3 * errors, linestyle="none", **style)
            axes.plot(x, 1e3 * fit["factor"] * x ** fit["exponent"], color=style["color"], linewidth=1)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel(title)
        plain_numbers(axes.xaxis)
        plain_numbers(axes.yaxis)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=8.5, title="power, 95 % interval")
    panels[0].set_ylabel("ms a frame")
    figure.supxlabel("medians, bars: 95 % intervals; lines: least squares over all points", fontsize=8, color="0.35")
    return figure


def stage_breakdown(stages: Any) -> Figure:
    """Shares of the stages, one bar a system and backend."""
    figure, (axes,) = new_figure()
    parts = stages[stages["share"].notna()]
    names = list(dict.fromkeys(parts["stage"]))
    bars = list(dict.fromkeys(zip(parts["system"], parts["backend"], strict=True)))
    for k, name in enumerate(names):
        widths, lefts = [], []
        for system, backend in bars:
            one = parts[(parts["system"] == system) & (parts["backend"] == backend)].set_index("stage")["share"]
            widths.append(100 * one.get(name, 0.0))  # a backend may lack a stage
            lefts.append(100 * sum(one.get(before, 0.0) for before in names[:k]))
        axes.barh(range(len(bars)), widths, left=lefts, height=0.6, label=name, color=SHADES[k], edgecolor="white")
        for row, (width, left) in enumerate(zip(widths, lefts, strict=True)):
            if width >= 4:
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
                axes.text(left + width / 2, row, f"{width:.0f} %", ha="center", va="center", fontsize=10, bbox=box)
    axes.set_yticks(range(len(bars)), [_bar_label(stages, system, backend) for system, backend in bars])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the stages' time, %")
    axes.grid(visible=False, axis="y")
    figure.legend(loc="outside upper center", ncols=2, fontsize=10)
    return figure


FIGURES: dict[str, tuple[Callable[..., Figure], tuple[str, ...]]] = {
    "scaling_vs_n": (scaling_vs_n, ("scaling", "scaling_summary")),
    "stage_breakdown": (stage_breakdown, ("stages",)),
}
"""Each figure with the tables that it needs."""


def _fit_label(backend: str, fit: Any) -> str:
    return f"{backend} {fit['exponent']:.2f} ({fit['exponent_low']:.2f} … {fit['exponent_high']:.2f})"


def _bar_label(stages: Any, system: str, backend: str) -> str:
    rows = stages[(stages["system"] == system) & (stages["backend"] == backend)]
    whole = rows[rows["share"].isna()].iloc[0]
    return f"{system}\n{backend}\n{whole['milliseconds'] / whole['frames']:.2g} ms a frame"
