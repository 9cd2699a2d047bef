"""``anisoap-opt sweep``: descriptors of the frames of files, for a grid of hyperparameters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from anisoap_opt.cli.messages import errors_as_exit_code_2, messages_on_stderr
from anisoap_opt.cli.options import Calculation, Format, numbers, with_options


@dataclass(frozen=True)
class Grid:
    """What a sweep varies; every combination is a set."""

    max_angular: Annotated[str, typer.Option(help="Largest l: 4,6,9.")] = "6"
    max_radial: Annotated[
        str, typer.Option(help="Largest n: none,3,5; 'none' is (max_angular-l)//2, 3:2:2:1 has one integer per l.")
    ] = "none"
    radial_basis: Annotated[str, typer.Option(help="gto, monomial, or both: gto,monomial.")] = "gto"
    cutoff_radius: Annotated[str, typer.Option(help="Å: 4,5,6,7.")] = "7"
    radial_gaussian_width: Annotated[
        str | None, typer.Option(help="Widths of the GTOs, Å: 1,1.5; 1.5 unless given. Not for monomials.")
    ] = None

    def hypers(self) -> dict[str, Any]:
        """Arguments of `anisoap_opt.sweep`."""
        bases = self.radial_basis.split(",")
        widths = numbers("--radial-gaussian-width", self.radial_gaussian_width, float)
        return {
            "radial_basis_name": bases,
            "radial_gaussian_width": [1.5] if widths is None and "gto" in bases else widths,
            "cutoff_radius": numbers("--cutoff-radius", self.cutoff_radius, float),
            "max_angular": numbers("--max-angular", self.max_angular, int),
            "max_radial": [_levels(part) for part in self.max_radial.split(",")],
        }


@with_options
def sweep(
    files: Annotated[list[Path], typer.Argument(help="Files that ASE reads, e.g. extended XYZ.")],
    out: Annotated[
        Path,
        typer.Option(
            help="A folder, which gets one for each set, set-000 and so on, as 'describe' writes them; the same "
            "command again continues a run that was killed."
        ),
    ],
    grid: Grid,
    calculation: Calculation,
    file_format: Format,
    symmetric: Annotated[bool, typer.Option("--symmetric", help="Half the features, the same inner products.")] = False,
    frames_per_block: Annotated[
        int | None, typer.Option(help="Frames of a block; as many as bounded memory allows, unless given.", min=1)
    ] = None,
    zarr: Annotated[bool, typer.Option("--zarr", help="Zarr arrays instead of .npy files.")] = False,
) -> None:
    """Write the power spectrum of the frames in files for every combination of some hyperparameters."""
    from anisoap_opt.cli.files import make_sources
    from anisoap_opt.cli.progress import Progress
    from anisoap_opt.folder.sweep import sweep_files
    from anisoap_opt.sweeping import make_sets

    with messages_on_stderr(), errors_as_exit_code_2():
        sources = make_sources(files, file_format.file_format, file_format.symbols)
        sets = make_sets(grid.hypers(), {**calculation.hypers(), **calculation.how()})
        with Progress() as progress:
            storage = "zarr" if zarr else "npy"
            done = sweep_files(
                sources, sets, out,
                frames_per_block=frames_per_block, symmetric=symmetric, storage=storage, progress=progress,
            )  # fmt: skip
    for folder, one in zip(done.folders, sets, strict=True):
        typer.echo(f"{folder}: {one.named}")
    before = f", {done.before} of {done.blocks} blocks finished before" if done.before else ""
    typer.echo(f"{out}: {len(sets)} sets, {done.frames} frames{before}, backend {sets[0].calculator.backend}")


def _levels(text: str) -> int | list[int] | None:
    """One value of --max-radial."""
    found = numbers("--max-radial", text.replace(":", ","), int)
    return found[0] if found and len(found) == 1 else found
