"""``anisoap-opt check``: what files hold, before anything is computed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anisoap_opt.cli.messages import errors_as_exit_code_2, messages_on_stderr
from anisoap_opt.cli.options import Basis, Calculation, Format, check_parent, with_options


@with_options
def check(
    files: Annotated[list[Path], typer.Argument(help="Files that ASE reads, e.g. extended XYZ.")],
    basis: Basis,
    calculation: Calculation,
    file_format: Format,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw histograms: check.png, .pdf or .svg.")] = None,
    no_timing: Annotated[bool, typer.Option("--no-timing", help="Compute nothing to measure times.")] = False,
) -> None:
    """Look through files before descriptors are computed: the options are those of 'describe'.

    Warnings tell what is hardly meant. The exit code is 1 if 'describe' would refuse a frame or a file.
    """
    from json import dumps

    from anisoap_opt import EllipsoidalDensityProjection
    from anisoap_opt.cli.files import make_sources
    from anisoap_opt.inspection.check import check_files
    from anisoap_opt.inspection.plot import check_path

    if plot is not None:
        check_parent(plot, "--plot")
    with messages_on_stderr(), errors_as_exit_code_2():
        if plot is not None:
            check_path(plot)
        calculator = EllipsoidalDensityProjection(**basis.hypers(), **calculation.hypers(), **calculation.how())
        sources = make_sources(files, file_format.file_format, file_format.symbols, may_be_empty=True)
        report = check_files(sources, calculator, measure_time=not no_timing)
        typer.echo(dumps(report.as_dict(), indent=2, allow_nan=False) if json else str(report))
        if plot is not None:
            report.plot(plot)
    if not report.ok:
        raise typer.Exit(1)
