"""Draw the study's figures from its tables, each as PNG and SVG.

--table is combined_from_metrics.csv; scaling.csv and scaling_summary.csv are looked for beside it. A figure whose table
is missing is left out, with a message that names it.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole
from anisoap_bench.study import figures

RUN = ["machine", "origin", "commit", "dirty", "software", "threads"]
DPI = 140


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study plot``."""
    parser.add_argument("--table", required=True, type=Path, help="combined_from_metrics.csv of `aggregate`")
    parser.add_argument("--figdir", required=True, type=Path, help="folder of the figures")
    parser.add_argument("--machine", help="draw this one of several machines; else the one with most rows")


def main(options: argparse.Namespace) -> int:
    """Draw what can be drawn."""
    table = one_machine(read_table(options.table, figures.COLUMNS), options.machine)
    beside = [options.table.with_name(f"{name}.csv") for name in figures.SCALING_COLUMNS]
    missing = [str(path) for path in beside if not path.is_file()]
    with mpl.rc_context(figures.SETTINGS):
        drawn = {name: draw(table) for name, draw in figures.FIGURES.items()}
        if not missing:
            found = [read_table(*one) for one in zip(beside, figures.SCALING_COLUMNS.values(), strict=True)]
            drawn["scaling_vs_n"] = figures.scaling_vs_n(*found)
        for name, figure in drawn.items():
            if figure is None:
                print(f"{name}: not drawn, the table has no rows for it", file=sys.stderr)
            else:
                save(figure, options.figdir, name)
                print(f"{options.figdir / name}.png, .svg", file=sys.stderr)
    if missing:
        print(f"scaling_vs_n: not drawn, no such file: {', '.join(missing)}", file=sys.stderr)
    return 0


def read_table(path: Path, columns: tuple[str, ...]) -> Any:
    """A CSV file as a pandas.DataFrame; CannotMeasure if it is missing, empty, or another table."""
    try:
        table = pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise CannotMeasure(f"{path}: {error}") from error
    if missing := [name for name in columns if name not in table.columns]:
        raise CannotMeasure(f"{path} has no column {', '.join(missing)}: is it what `aggregate` or `scaling` wrote?")
    if table.empty:
        raise CannotMeasure(f"{path} has no rows")
    return table


def one_machine(combined: Any, asked: str | None) -> Any:
    """Rows of one machine, version and thread count: those with most rows, local ones first.

    Of a file that was computed with several hyperparameters, the ones that most backends were given.
    """
    if asked is not None:
        if asked not in set(combined["machine"]):
            raise CannotMeasure(f"no rows of {asked!r}, only of {', '.join(sorted(set(combined['machine'])))}")
        combined = combined[combined["machine"] == asked]
    groups = combined.groupby(RUN, dropna=False, sort=False)
    _, chosen = max(groups, key=lambda pair: (pair[0][1] == "local", len(pair[1])))
    given = chosen.groupby(["system", "hypers"])["backend"].transform("nunique")
    usual = chosen.assign(given=given).sort_values("given", kind="stable").groupby("system")["hypers"].last()
    chosen = chosen[chosen["hypers"] == chosen["system"].map(usual)]
    chosen = chosen.sort_values("frames", kind="stable").drop_duplicates(["system", "backend"], keep="last")
    if len(chosen) < len(combined):
        words = ", ".join(str(chosen.iloc[0][name]) for name in ("machine", "origin", "commit"))
        print(f"drawn: {words}; {len(combined) - len(chosen)} rows of others are left out", file=sys.stderr)
    return chosen


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write ``name.png`` and ``name.svg``; the same figure gives the same bytes."""
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
        write_whole(folder / f"{name}.{kind}", buffer.getvalue())
