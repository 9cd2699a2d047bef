"""``python -m anisoap_bench dashboard``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def dashboard(
    root: Annotated[Path, typer.Option(help="The checkout whose results are published.")] = Path("."),
) -> None:
    """Publish asv's results, the tracked ones and this machine's, as pages that need no network."""
    from anisoap_bench.dashboard.publish import publish

    pages = publish(root)
    typer.echo(f"published in {pages}; to look at them: python -m http.server --directory {pages}")
