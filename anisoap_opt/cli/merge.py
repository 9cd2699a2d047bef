"""``anisoap-opt merge``: the parts of shards → one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anisoap_opt.cli.messages import errors_as_exit_code_2, number_of


def merge(
    parts: Annotated[list[Path], typer.Argument(help="Folders of 'anisoap-opt describe … --shard'.")],
    out: Annotated[
        Path, typer.Option(help="One folder with all blocks. If all shards wrote into this one, it is only checked.")
    ],
) -> None:
    """Check that parts belong together and are complete, and make one folder of them."""
    from anisoap_opt.folder.merge import merge as merge_parts

    with errors_as_exit_code_2():
        merged = merge_parts(parts, out)
    rows, features = merged.shape
    blocks = number_of(merged.manifest["num_blocks"], "block")
    typer.echo(f"{out}: {rows} frames × {features} features in {blocks}, complete")
