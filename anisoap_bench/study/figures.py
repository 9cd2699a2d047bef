"""The figures drawn from combined_from_metrics.csv: each takes the table's rows of one machine and gives a figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from anisoap_bench.study.style import in_order, look, new_figure, plain_numbers
from benchmarks import workloads

BASELINES = ("reference", "numpy_only")
COLUMNS = (
    *("machine", "origin", "commit", "dirty", "software", "threads", "system", "backend", "hypers", "species"),
    *("frames", "pairs", "n_squared", "median_seconds", "low_seconds", "high_seconds", "peak_memory_bytes"),
    *(f"speedup_{name}{end}" for name in BASELINES for end in ("", "_low", "_high")),
)
"""What the figures need."""
TIME = ("median_seconds", "low_seconds", "high_seconds")
SHORT = {"one_species": "1 species", "benzenes": "2 species\n(benzenes)", "three_species": "3 species"}
SHORT |= {"four_species": "4 species"}


def wall_time_by_system(table: Any) -> Figure | None:
    """Milliseconds a frame of every system and backend."""
    figure, (axes,) = new_figure()
    _draw_points(axes, _with_ends(table, TIME, 1e3 / table["frames"]), "ms a frame")
    return _finished(figure, table)


def peak_memory(table: Any) -> Figure | None:
    """Peak memory of one calculation of every system and backend."""
    figure, (axes,) = new_figure()
    _draw_points(axes, table.assign(value=table["peak_memory_bytes"] * 1e-6), "peak memory of a call, MB")
    return _finished(figure, table, "medians")


def wall_time_vs_species(table: Any) -> Figure | None:
    """Time over N² against the number of species at constant N: as it is, and relative to one species."""
    rows = table[table["system"].isin(workloads.SPECIES_FILES.values())]
    if rows["species"].nunique() < 2:
        return None
    figure, (absolute, relative) = new_figure(2)
    for backend in in_order(rows["backend"]):
        lines = rows[rows["backend"] == backend].sort_values("species")
        first = float(lines["median_seconds"].iloc[0] / lines["n_squared"].iloc[0])
        for axes, unit in ((absolute, 1e-9), (relative, first)):
            drawn = _with_ends(lines, TIME, 1 / lines["n_squared"] / unit)
            axes.errorbar(lines["species"], drawn["value"], yerr=_errors(drawn), linewidth=1.5, **look(backend))
    absolute.set(yscale="log", ylabel="time / N² in ns")
    relative.set(ylabel="time / N², relative to one species")
    relative.set_ylim(bottom=0)
    note = ", 24 particles a frame" if (rows["n_squared"] == 24**2 * rows["frames"]).all() else ""
    for axes in (absolute, relative):
        axes.set(xlabel=f"species (N constant{note})", xticks=sorted(set(rows["species"])))
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
    figure, panels = new_figure(len(compared))
    for axes, (baseline, rows) in zip(panels, compared.items(), strict=True):
        drawn = _with_ends(rows, tuple(f"speedup_{baseline}{end}" for end in ("", "_low", "_high")))
        _draw_points(axes, drawn, f"times faster than {baseline}")
        axes.axhline(1, color="black", linewidth=1, linestyle=":")
        axes.tick_params(axis="x", labelsize=8.5)
        plain_numbers(axes.yaxis)  # again, as 1 is in sight now
    return _finished(figure, table)


FIGURES: dict[str, Callable[[Any], Figure | None]] = {
    one.__name__: one for one in (wall_time_by_system, wall_time_vs_species, peak_memory, speedup)
}


def _with_ends(table: Any, columns: tuple[str, ...], factor: Any = 1.0) -> Any:
    """The table with what is drawn, as ``value``, and its interval, as ``low`` and ``high``."""
    value, low, high = (table[name] * factor for name in columns)
    return table.assign(value=value, low=low, high=high)


def _errors(rows: Any) -> Any:
    """Distances of an interval's ends from the value; nothing is drawn where there is no interval."""
    return np.clip(np.array([rows["value"] - rows["low"], rows["high"] - rows["value"]]), 0, None)


def _draw_points(axes: Any, table: Any, label: str) -> None:
    """Points of every backend over the systems, side by side."""
    known = [name for name in workloads.SYSTEMS if name in set(table["system"])]
    systems = [*known, *sorted(set(table["system"]) - set(known))]
    backends = in_order(table["backend"])
    for k, backend in enumerate(backends):
        rows = table[table["backend"] == backend]
        x = [systems.index(name) + 0.14 * (k - (len(backends) - 1) / 2) for name in rows["system"]]
        errors = _errors(rows) if "low" in rows else None
        axes.errorbar(x, rows["value"], yerr=errors, linestyle="none", **look(backend))
    axes.set_xticks(range(len(systems)), [SHORT.get(name, name) for name in systems])
    axes.set_xlim(-0.5, len(systems) - 0.5)
    for k in range(1, len(systems)):
        axes.axvline(k - 0.5, color="0.85", linewidth=0.8)
    axes.grid(visible=False, axis="x")
    axes.set(yscale="log", ylabel=label)
    plain_numbers(axes.yaxis)


def _finished(figure: Figure, table: Any, what: str = "medians, bars: 95 % intervals") -> Figure:
    """With one legend above all panels, and below them the machine, threads, and which frames were fewer."""
    entries = {
        label: handle for axes in figure.axes for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    names = in_order(entries)
    figure.legend([entries[name] for name in names], names, loc="outside upper center", ncols=len(names))
    first = table.iloc[0]
    threads = f"{first['threads']} thread" + ("s" if first["threads"] > 1 else "")
    fewer = table[table["frames"] < table.groupby("system")["frames"].transform("max")]
    note = "".join(
        f"; {backend}: {' or '.join(str(n) for n in sorted({rows['frames'].min(), rows['frames'].max()}))} frames"
        for backend, rows in fewer.groupby("backend")
    )
    figure.supxlabel(f"{first['machine']}, {threads}; {what}{note}", fontsize=8, color="0.35")
    return figure
