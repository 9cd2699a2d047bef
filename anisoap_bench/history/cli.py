"""``python -m anisoap_bench history RANGE``."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated

import typer

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.history.commits import select
from anisoap_bench.history.counts import count, measured_commits
from anisoap_bench.history.run import describe_machine, machine_name, run

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def history(
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="RANGE",
            help="As git rev-list takes it (a..b, HEAD^!), a number of commits up to HEAD, ALL, or NEW.",
        ),
    ],
    touching: Annotated[list[str] | None, typer.Option(help="Only commits that change this path.")] = None,
    results: Annotated[Path, typer.Option(help="Where asv's results go.")] = Path("results/asv"),
    machine: Annotated[
        str | None, typer.Option(help="Name of this machine in the results; by default its processor.")
    ] = None,
    bench: Annotated[list[str] | None, typer.Option(help="Regular expression of benchmarks to run.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Measure also what has results.")] = False,
    messages: Annotated[bool, typer.Option("--messages", help="Show what failed and skipped benchmarks say.")] = False,
    publish: Annotated[bool, typer.Option(help="Make the dashboard afterwards.")] = True,
    root: Annotated[Path, typer.Option(help="The checkout.")] = Path("."),
) -> None:
    """Measure a range of commits with asv, publish, and print how much was measured.

    Exit code 1 if a benchmark failed, 2 if there is not a single result.
    """
    root = root.resolve()
    for pattern in bench or []:
        try:
            re.compile(pattern)
        except re.error as error:
            raise CannotMeasure(f"--bench {pattern!r}: {error}") from error
    results, machine = root / results, machine or machine_name()
    commits = select(wanted, root, measured_commits(results, machine), touching or [])
    describe_machine(machine)
    typer.echo(f"{len(commits)} commits, {commits[-1][:8]} to {commits[0][:8]}; results in {results}")
    begin = time.time()
    options = [option for pattern in bench or [] for option in ("--bench", pattern)]
    options += [] if again else ["--skip-existing"]
    options += ["--show-stderr"] if messages else []
    run(root, commits, results, machine, options)
    counts = count(results, machine, commits, begin)
    typer.echo(str(counts))
    if not counts.new + counts.old:
        raise CannotMeasure("not a single benchmark has a result at these commits")
    if publish:
        from anisoap_bench.dashboard.publish import publish as make_pages

        typer.echo(f"published in {make_pages(root)}")
    if counts.failed:
        raise typer.Exit(1)
