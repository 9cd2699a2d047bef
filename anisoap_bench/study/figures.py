"""The figures: each takes tables as `study aggregate` and `study scaling` write them, of one machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from anisoap_bench.study.aggregate import BASELINES
from anisoap_bench.study.intervals import median_interval
from anisoap_bench.study.scaling import AXES
from benchmarks import workloads

COLUMNS = (
    *("machine", "origin", "commit", "dirty", "software", "threads", "system", "backend", "hypers", "species"),
    *("frames", "pairs", "n_squared", "median_seconds", "low_seconds", "high_seconds", "peak_memory_bytes"),
    *(f"speedup_{name}{end}" for name in BASELINES for end in ("", "_low", "_high")),
)
SCALING_COLUMNS = {
    "scaling": ("backend", "experiment", "seconds", *AXES.values()),
    "scaling_summary": ("backend", "experiment", "factor", "exponent", "exponent_low", "exponent_high"),
}
"""What the figures need of each table."""
TIME = ("median_seconds", "low_seconds", "high_seconds")
SHORT = {"one_species": "1 species", "benzenes": "2 species\n(benzenes)", "three_species": "3 species",
         "four_species": "4 species"}  # fmt: skip
LOOKS = {
    "reference": ("#000000", "s"),
    "numpy_only": ("#0072B2", "o"),
    "torch_mixed": ("#E69F00", "^"),
    "torch_full": ("#D55E00", "v"),
    "numba": ("#009E73", "D"),
}
"""Colour and marker of a backend, in order; Okabe and Ito's colours, told apart by the colour-blind."""
SETTINGS: Any = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "anisoap_opt",
}


def wall_time_by_system(table: Any) -> Figure:
    """Milliseconds a frame of every system and backend."""
    figure, (axes,) = _new_figure()
    _draw_points(axes, table, TIME, "ms a frame", 1e3 / table["frames"])
    return _finished(figure, table)


def peak_memory(table: Any) -> Figure:
    """Peak memory of one calculation of every system and backend."""
    figure, (axes,) = _new_figure()
    _draw_points(axes, table, ("peak_memory_bytes",), "peak memory of a call, MB", 1e-6)
    return _finished(figure, table, "medians")


def wall_time_vs_species(table: Any) -> Figure | None:
    """Time over N² against the number of species at constant N: as it is, and relative to one species."""
    rows = table[table["system"].isin(workloads.SPECIES_FILES.values())]
    if rows["species"].nunique() < 2:
        return None
    figure, (absolute, relative) = _new_figure(2)
    for backend in _in_order(rows["backend"]):
        lines = rows[rows["backend"] == backend].sort_values("species")
        first = float(lines["median_seconds"].iloc[0] / lines["n_squared"].iloc[0])
        for axes, unit in ((absolute, 1e-9), (relative, first)):
            value, errors = _with_errors(lines, TIME, 1 / lines["n_squared"] / unit)
            axes.errorbar(lines["species"], value, yerr=errors, linewidth=1.5, **_look(backend))
    absolute.set(yscale="log", ylabel="time / N² in ns")
    relative.set(ylabel="time / N², relative to one species")
    relative.set_ylim(bottom=0)
    for axes in (absolute, relative):
        axes.set(xlabel="species (N constant)", xticks=sorted(set(rows["species"])))
    return _finished(figure, rows)


def speedup(table: Any) -> Figure | None:
    """How many times faster than the two baselines."""
    compared = {}
    for baseline in BASELINES:
        rows = table[table[f"speedup_{baseline}"].notna() & ~table["backend"].isin([baseline, "reference"])]
        if len(rows):
            compared[baseline] = rows
    if not compared:
        return None
    figure, panels = _new_figure(len(compared))
    for axes, (baseline, rows) in zip(panels, compared.items(), strict=True):
        axes.axhline(1, color="black", linewidth=1, linestyle=":")
        columns = tuple(f"speedup_{baseline}{end}" for end in ("", "_low", "_high"))
        _draw_points(axes, rows, columns, f"times faster than {baseline}")
        axes.tick_params(axis="x", labelsize=8.5)
    return _finished(figure, table)


FIGURES: dict[str, Callable[[Any], Figure | None]] = {
    one.__name__: one for one in (wall_time_by_system, wall_time_vs_species, peak_memory, speedup)
}


def scaling_vs_n(points: Any, summary: Any) -> Figure:
    """Time against N and against the neighbours, log–log, each with the fitted power and its interval."""
    figure, panels = _new_figure(2, height=5.0)
    titles = {
        "particles": "N (particles of one frame, constant density)",
        "neighbors": "pairs of a particle, with itself",
    }
    for axes, (experiment, title) in zip(panels, titles.items(), strict=True):
        rows = points[points["experiment"] == experiment]
        for backend in _in_order(rows["backend"]):
            by_x = rows[rows["backend"] == backend].groupby(AXES[experiment])["seconds"]
            x, median = np.array(by_x.median().index, float), by_x.median().to_numpy()
            ends = [median_interval(list(samples)) or (np.nan, np.nan) for _, samples in by_x]
            fit = summary[(summary["backend"] == backend) & (summary["experiment"] == experiment)].iloc[0]
            power = f"{fit['exponent']:.2f} ({fit['exponent_low']:.2f} … {fit['exponent_high']:.2f})"
            style = {**_look(backend), "label": f"{backend} {power}"}
            axes.errorbar(x, 1e3 * median, yerr=1e3 * np.abs(np.array(ends).T - median), linestyle="none", **style)
            axes.plot(x, 1e3 * fit["factor"] * x ** fit["exponent"], color=style["color"], linewidth=1)
        axes.set(xscale="log", yscale="log", xlabel=title)
        _plain_numbers(axes.xaxis)
        _plain_numbers(axes.yaxis)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=8.5, title="power, 95 % interval")
    panels[0].set_ylabel("ms a frame")
    figure.supxlabel("medians, bars: 95 % intervals; lines: least squares over all points", fontsize=8, color="0.35")
    return figure


def _look(backend: str) -> dict[str, Any]:
    """Colour, marker and label of a backend, as matplotlib takes them."""
    colour, marker = LOOKS.get(backend, ("#CC79A7", "P"))
    return {"color": colour, "marker": marker, "label": backend, "markersize": 6, "capsize": 3}


def _in_order(names: Any) -> list[str]:
    """Backends in the order of LOOKS, others after them."""
    present = list(dict.fromkeys(names))
    return [*(name for name in LOOKS if name in present), *(name for name in present if name not in LOOKS)]


def _new_figure(panels: int = 1, height: float = 4.5) -> tuple[Figure, list[Any]]:
    """A figure as wide as a README shows it, with panels side by side."""
    figure = Figure(figsize=(8.0, height))
    return figure, list(figure.subplots(1, panels, squeeze=False)[0])


def _plain_numbers(axis: Any) -> None:
    """On a logarithmic axis, 1, 10, 100 in place of powers of ten; 2 and 5 too if it spans no more than two decades."""
    low, high = sorted(axis.get_view_interval())
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 300 else (1.0,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _with_errors(rows: Any, columns: tuple[str, ...], factor: Any = 1.0) -> tuple[Any, Any]:
    """Values, and distances of their intervals' ends; nothing is drawn where there is no interval."""
    value, *ends = (rows[name] * factor for name in columns)
    low, high = ends or (value * np.nan,) * 2
    return value, np.clip(np.array([value - low, high - value]), 0, None)


def _draw_points(axes: Any, table: Any, columns: tuple[str, ...], label: str, factor: Any = 1.0) -> None:
    """Points of every backend over the systems, side by side."""
    known = [name for name in workloads.SYSTEMS if name in set(table["system"])]
    systems = [*known, *sorted(set(table["system"]) - set(known))]
    backends = _in_order(table["backend"])
    values, errors = _with_errors(table, columns, factor)
    for k, backend in enumerate(backends):
        of = (table["backend"] == backend).to_numpy()
        x = [systems.index(name) + 0.14 * (k - (len(backends) - 1) / 2) for name in table["system"][of]]
        axes.errorbar(x, values[of], yerr=errors[:, of], linestyle="none", **_look(backend))
    axes.set_xticks(range(len(systems)), [SHORT.get(name, name) for name in systems])
    axes.set_xlim(-0.5, len(systems) - 0.5)
    for k in range(1, len(systems)):
        axes.axvline(k - 0.5, color="0.85", linewidth=0.8)
    axes.grid(visible=False, axis="x")
    axes.set(yscale="log", ylabel=label)
    _plain_numbers(axes.yaxis)


def _finished(figure: Figure, table: Any, what: str = "medians, bars: 95 % intervals") -> Figure:
    """With one legend above all panels, and below them the machine, threads, and which frames were fewer."""
    entries = {
        label: handle for axes in figure.axes for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    names = _in_order(entries)
    figure.legend([entries[name] for name in names], names, loc="outside upper center", ncols=len(names))
    fewer = table[table["frames"] < table.groupby("system")["frames"].transform("max")]
    counts = {backend: sorted(set(rows["frames"])) for backend, rows in fewer.groupby("backend")}
    note = "".join(f"; {backend}: {' or '.join(map(str, of))} frames" for backend, of in counts.items())
    first = table.iloc[0]
    about = f"{first['machine']}, threads: {first['threads']}; {what}{note}"
    figure.supxlabel(about, fontsize=8, color="0.35")
    return figure
