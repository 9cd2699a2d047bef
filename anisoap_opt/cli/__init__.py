"""The command ``anisoap-opt``: one file for each of its commands, and what these share."""

from __future__ import annotations

from typing import Annotated

import typer

from anisoap_opt.cli.backends import backends
from anisoap_opt.cli.check import check
from anisoap_opt.cli.coarse_grain import coarse_grain
from anisoap_opt.cli.describe import describe
from anisoap_opt.cli.merge import merge
from anisoap_opt.cli.sweep import sweep

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="AniSOAP descriptors of ellipsoidal particles.",
)


def _version(asked: bool) -> None:
    if asked:
        import anisoap_opt

        typer.echo(f"anisoap-opt {anisoap_opt.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command()(check)
app.command()(describe)
app.command()(sweep)
app.command()(merge)
app.command()(coarse_grain)
app.command()(backends)
