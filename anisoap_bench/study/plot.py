"""Draw the study's figures from its tables, each as PNG and SVG.

--table is combined_from_metrics.csv; scaling.csv, scaling_summary.csv and stages.csv are looked for beside it. A figure
whose table is missing is left out, with a message that names it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from anisoap_bench.errors import CannotMeasure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study plot``."""
    parser.add_argument("--table", required=True, type=Path, help="combined_from_metrics.csv of `aggregate`")
    parser.add_argument("--figdir", required=True, type=Path, help="folder of the figures")
    parser.add_argument("--machine", help="draw this one of several machines; else the one with most rows")


def main(options: argparse.Namespace) -> int:
    """Draw what can be drawn."""
    import matplotlib as mpl

    from anisoap_bench.study import figures, figures_of_tables, style

    beside = {name: options.table.parent / f"{name}.csv" for name in figures_of_tables.COLUMNS}
    there = {name: path for name, path in beside.items() if path.is_file()}
    tables = {name: read_table(path, figures_of_tables.COLUMNS[name]) for name, path in there.items()}
    tables["combined"] = one_machine(read_table(options.table, figures.COLUMNS), options.machine)
    of_combined = {name: (draw, ("combined",)) for name, draw in figures.FIGURES.items()}
    with mpl.rc_context(style.SETTINGS):
        for name, (draw, needed) in {**of_combined, **figures_of_tables.FIGURES}.items():
            missing = [str(beside[table]) for table in needed if table not in tables]
            figure = None if missing else draw(*(tables[table] for table in needed))
            if figure is None:
                why = f"no such file: {', '.join(missing)}" if missing else "the table has no rows for it"
                print(f"{name}: not drawn, {why}", file=sys.stderr)
            else:
                style.save(figure, options.figdir, name)
                print(f"{options.figdir / name}.png, .svg", file=sys.stderr)
    return 0


def read_table(path: Path, columns: tuple[str, ...]) -> Any:
    """A CSV file as a pandas.DataFrame; CannotMeasure if it is missing, empty, or another table."""
    import pandas as pd

    if not path.is_file():
        raise CannotMeasure(f"no such file: {path}")
    try:
        table = pd.read_csv(path)
    except (ValueError, UnicodeDecodeError) as error:
        raise CannotMeasure(f"{path} is no table: {error}") from error
    if missing := [name for name in columns if name not in table.columns]:
        raise CannotMeasure(f"{path} has no column {', '.join(missing)}: is it what `aggregate` wrote?")
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
    groups = combined.groupby(["machine", "origin", "commit", "dirty", "software", "threads"], dropna=False, sort=False)
    _, chosen = max(groups, key=lambda pair: (pair[0][1] == "local", len(pair[1])))
    given = chosen.groupby(["system", "hypers"])["backend"].transform("nunique")
    usual = chosen.assign(given=given).sort_values("given", kind="stable").groupby("system")["hypers"].last()
    chosen = chosen[chosen["hypers"] == chosen["system"].map(usual)]
    chosen = chosen.sort_values("frames", kind="stable").drop_duplicates(["system", "backend"], keep="last")
    if len(chosen) < len(combined):
        first = chosen.iloc[0]
        print(
            f"drawn: {first['machine']}, {first['origin']}, commit {str(first['commit'])[:8]}, "
            f"{first['threads']} threads; {len(combined) - len(chosen)} rows of others are left out",
            file=sys.stderr,
        )
    return chosen
