"""The figures drawn from combined_from_metrics.csv: each takes the table's rows of one machine and gives a figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from anisoap_bench.study.style import in_order, look, new_figure, plain_numbers
from benchmarks import workloads

COLUMNS = (
    *("machine", "origin", "commit", "dirty", "software", "threads", "system", "backend", "hypers", "species"),
    *("frames", "pairs", "n_squared", "median_seconds", "low_seconds", "high_seconds", "peak_memory_bytes"),
    *(f"speedup_{name}{end}" for name in ("reference", "numpy_only") for end in ("", "_low", "_high")),
)
"""What the figures need."""
TIME_ENDS = ("low_seconds", "high_seconds")
SHORT = {"one_species": "1 species", "benzenes": "2 species\n(benzenes)", "three_species": "3 species"}
SHORT |= {"four_species": "4 species"}


def wall_time_by_system(table: Any) -> Figure | None:
    """Milliseconds a frame of every system and backend."""
    return _points_by_system(table, _with_ends(table, "median_seconds", TIME_ENDS, 1e3 / table["frames"]), "ms a frame")


def peak_memory(table: Any) -> Figure | None:
    """Peak memory of one calculation of every system and backend."""
    megabytes = table.assign(value=table["peak_memory_bytes"] * 1e-6)
    return _points_by_system(table, megabytes, "peak memory of a call, MB")


def wall_time_vs_species(table: Any) -> Figure | None:
    """Time over N² against the number of species at constant N: as it is, and relative to one species."""
    rows = table[table["system"].isin(workloads.SPECIES_FILES.values())]
    if rows["species"].nunique() < 2:
        return None
    figure, (absolute, relative) = new_figure(2)
    for backend in in_order(rows["backend"]):
        lines = rows[rows["backend"] == backend].sort_values("species")
        for axes, first in ((absolute, 1e-9), (relative, _at_first(lines))):
            drawn = _with_ends(lines, "median_seconds", TIME_ENDS, 1 / lines["n_squared"] / first)
            axes.errorbar(lines["species"], drawn["value"], yerr=_errors(drawn), linewidth=1.5, **look(backend))
    absolute.set_yscale("log")
    absolute.set_ylabel("time / N² in ns")
    relative.set_ylabel("time / N², relative to one species")
    relative.set_ylim(bottom=0)
    for axes in (absolute, relative):
        axes.set_xlabel("species (N constant, 24 particles a frame)" if _n24(rows) else "species (N constant)")
        axes.set_xticks(sorted(set(rows["species"])))
    _legend(figure, absolute)
    return _titled(figure, rows)


def speedup(table: Any) -> Figure | None:
    """How many times faster than the two baselines."""
    compared = {
        baseline: table[table[f"speedup_{baseline}"].notna() & ~table["backend"].isin([baseline, "reference"])]
        for baseline in ("reference", "numpy_only")
    }
    compared = {baseline: rows for baseline, rows in compared.items() if len(rows)}
    if not compared:
        return None
    figure, panels = new_figure(len(compared))
    for axes, (baseline, rows) in zip(panels, compared.items(), strict=True):
        column = f"speedup_{baseline}"
        _draw_points(axes, _with_ends(rows, column, (f"{column}_low", f"{column}_high")))
        axes.axhline(1, color="black", linewidth=1, linestyle=":")
        axes.set_yscale("log")
        axes.set_ylabel(f"times faster than {baseline}")
        axes.tick_params(axis="x", labelsize=8.5)
        plain_numbers(axes.yaxis)
    _legend(figure, *panels)
    return _titled(figure, table)


FIGURES: dict[str, Callable[[Any], Figure | None]] = {
    "wall_time_by_system": wall_time_by_system,
    "wall_time_vs_species": wall_time_vs_species,
    "peak_memory": peak_memory,
    "speedup": speedup,
}


def _points_by_system(table: Any, drawn: Any, label: str) -> Figure | None:
    if table.empty:
        return None
    figure, (axes,) = new_figure()
    _draw_points(axes, drawn)
    axes.set_yscale("log")
    axes.set_ylabel(label)
    plain_numbers(axes.yaxis)
    _legend(figure, axes)
    return _titled(figure, table, bars="low" in drawn)


def _with_ends(table: Any, column: str, ends: tuple[str, str], factor: Any = 1.0) -> Any:
    """The table with what is drawn, as ``value``, and its interval, as ``low`` and ``high``."""
    return table.assign(value=table[column] * factor, low=table[ends[0]] * factor, high=table[ends[1]] * factor)


def _draw_points(axes: Any, table: Any) -> None:
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


def _errors(rows: Any) -> Any:
    """Distances of an interval's ends from the value; nothing is drawn where there is no interval."""
    return np.clip(np.array([rows["value"] - rows["low"], rows["high"] - rows["value"]]), 0, None)


def _at_first(lines: Any) -> float:
    first = lines.iloc[0]
    return float(first["median_seconds"] / first["n_squared"])


def _n24(rows: Any) -> bool:
    return bool((rows["n_squared"] == 24**2 * rows["frames"]).all())


def _legend(figure: Figure, *panels: Any) -> None:
    """One legend above all panels."""
    entries = {
        label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    names = in_order(entries)
    figure.legend([entries[name] for name in names], names, loc="outside upper center", ncols=len(names))


def _titled(figure: Figure, table: Any, bars: bool = True) -> Figure:
    """Say what machine it was, how many threads, and what the bars are; and where frames were fewer."""
    first = table.iloc[0]
    threads = f"{first['threads']} thread" + ("s" if first["threads"] > 1 else "")
    fewer = table[table["frames"] < table.groupby("system")["frames"].transform("max")]
    note = "".join(
        f"; {backend}: {' or '.join(str(n) for n in sorted({rows['frames'].min(), rows['frames'].max()}))} frames"
        for backend, rows in fewer.groupby("backend")
    )
    what = "medians, bars: 95 % intervals" if bars else "medians"
    figure.supxlabel(f"{first['machine']}, {threads}; {what}{note}", fontsize=8, color="0.35")
    return figure
