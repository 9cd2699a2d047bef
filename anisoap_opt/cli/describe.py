"""``anisoap-opt describe``: descriptors of the frames of files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from anisoap_opt.cli.messages import errors_as_exit_code_2, messages_on_stderr, number_of
from anisoap_opt.cli.options import Basis, Calculation, Format, check_out, check_parent, with_options

_FILES = (".npz", ".mts")
_OTHER_FILES = (".npy", ".txt", ".csv", ".dat", ".h5", ".hdf5", ".json", ".xyz", ".extxyz")
"""Names of what is hardly meant to be a folder."""
_MOST_LINES = 20
"""About bad frames."""


@dataclass(frozen=True)
class IntoFolder:
    """Options for a folder of blocks."""

    frames_per_block: Annotated[
        int | None, typer.Option(help="Frames of a block; as many as bounded memory allows, unless given.", min=1)
    ] = None
    zarr: Annotated[bool, typer.Option("--zarr", help="One Zarr array instead of .npy files.")] = False
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Rows of bad frames are NaN, and listed; else they are errors.")
    ] = False
    shard: Annotated[
        str, typer.Option(help="Blocks of one part only: 0/16 … 15/16, for array jobs; 'merge' puts them together.")
    ] = "0/1"
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Compute blocks with Dask: on 'local' processes, jobs of 'slurm' or 'htcondor', or the cluster whose "
            "scheduler is at an address, tcp://HOST:8786."
        ),
    ] = None
    workers: Annotated[
        int | None, typer.Option(help="How many of one processor each --scheduler starts; all here for 'local'.", min=1)
    ] = None

    @contextmanager
    def pool(self) -> Iterator[dict[str, Any]]:
        """Arguments that say what computes the blocks."""
        if self.scheduler is None:
            if self.workers is not None:
                raise typer.BadParameter("needs --scheduler", param_hint="--workers")
            yield {}
            return
        from anisoap_opt.folder.cluster import on_cluster

        with on_cluster(self.scheduler, self.workers) as blocks:
            yield {"executor": blocks, "in_flight": blocks.in_flight}

    def part(self) -> tuple[int, int]:
        """Which part of how many."""
        number, _, of = self.shard.partition("/")
        if not (number.isdecimal() and of.isdecimal() and int(number) < int(of)):
            raise typer.BadParameter(f"must be from 0/N to N-1/N, got {self.shard!r}", param_hint="--shard")
        return int(number), int(of)

    def check_unused(self) -> None:
        """Refuse these options for a file."""
        for name, value in vars(self).items():
            if value != getattr(IntoFolder, name):
                raise typer.BadParameter("is for a folder; --out is a file", param_hint=f"--{name.replace('_', '-')}")


@with_options
def describe(
    files: Annotated[list[Path], typer.Argument(help="Files that ASE reads, e.g. extended XYZ.")],
    out: Annotated[
        Path,
        typer.Option(
            help="features.npz: mean over each frame's centres, an array [frames, features], and what its columns are; "
            "features.mts: every centre, a metatensor TensorMap. Any other name is that of a folder: the means, block "
            "by block in bounded memory; the same command again continues a run that was killed."
        ),
    ],
    basis: Basis,
    calculation: Calculation,
    file_format: Format,
    into_folder: IntoFolder,
    symmetric: Annotated[bool, typer.Option("--symmetric", help="Half the features, the same inner products.")] = False,
    index: Annotated[str, typer.Option(help="Which frames: 5, or as slices: ':100'. Not for a folder.")] = ":",
) -> None:
    """Write the power spectrum of the frames in files."""
    suffix = out.suffix.lower()
    if suffix in _OTHER_FILES:
        raise typer.BadParameter(f"must end in .npz or .mts, or be a folder, got {out.name!r}", param_hint="--out")
    if suffix in _FILES:
        check_out(out, *_FILES)
    else:
        check_parent(out)
    if suffix == ".zarr" and not into_folder.zarr:
        raise typer.BadParameter(f"{out.name!r} needs --zarr", param_hint="--out")
    hypers = {**basis.hypers(), **calculation.hypers()}
    if suffix not in _FILES:
        if index != ":":
            raise typer.BadParameter("a folder gets all frames; leave it out", param_hint="--index")
        _into_folder(files, out, hypers, calculation.how(), file_format, into_folder, symmetric)
        return
    into_folder.check_unused()
    if len(files) > 1:
        raise typer.BadParameter("several files go into a folder", param_hint="--out")
    _into_file(files[0], out, hypers, calculation.how(), file_format, symmetric, index)


def _lengths(hypers: dict[str, Any]) -> str:
    """Those that were used: features of other lengths have the same shape."""
    names = ("cutoff_radius", "radial_gaussian_width")
    return ", ".join(f"{name} {hypers[name]:g}" for name in names if hypers[name] is not None)


def _into_file(
    path: Path, out: Path, hypers: dict[str, Any], computed: dict[str, Any], said: Format, symmetric: bool, index: str
) -> None:
    from anisoap_opt import EllipsoidalDensityProjection
    from anisoap_opt.cli.files import read_frames, write_features

    with messages_on_stderr(), errors_as_exit_code_2():
        calculator = EllipsoidalDensityProjection(**hypers, **computed)
        particles = read_frames(path, index, said.file_format, said.symbols, calculator.columns)
        how: dict[str, Any] = {"symmetric": symmetric, "show_progress": sys.stderr.isatty()}
        mean = out.suffix.lower() == ".npz"
        features: Any = (
            calculator.power_spectrum(particles, **how) if mean else calculator.power_spectrum(particles, False, **how)
        )
        made = {"symmetric": symmetric, "backend": calculator.backend, "dtype": calculator.dtype}
        columns = calculator.feature_labels(particles, symmetric=symmetric) if mean else None
        write_features(out, features, columns, {**hypers, **made})
    shape = f"{features.shape[0]} frames × {features.shape[1]} features" if mean else number_of(len(features), "block")
    typer.echo(f"{out}: {shape}, {_lengths(hypers)}, backend {calculator.backend}")


def _into_folder(
    files: list[Path],
    out: Path,
    hypers: dict[str, Any],
    computed: dict[str, Any],
    said: Format,
    options: IntoFolder,
    symmetric: bool,
) -> None:
    from anisoap_opt import EllipsoidalDensityProjection
    from anisoap_opt.cli.files import make_sources
    from anisoap_opt.cli.progress import Progress
    from anisoap_opt.folder.run import describe_files

    part = options.part()
    with messages_on_stderr(), errors_as_exit_code_2():
        calculator = EllipsoidalDensityProjection(**hypers, **computed)
        sources = make_sources(files, said.file_format, said.symbols)
        with Progress() as progress, options.pool() as pool:
            done = describe_files(
                sources,
                calculator,
                out,
                frames_per_block=options.frames_per_block,
                symmetric=symmetric,
                storage="zarr" if options.zarr else "npy",
                skip_bad=options.skip_bad,
                shard=part,
                progress=progress,
                **pool,
            )
    for one in done.skipped[:_MOST_LINES]:
        typer.echo(f"anisoap-opt: skipped: {one.reason}", err=True)
    if len(done.skipped) > _MOST_LINES:
        typer.echo(f"anisoap-opt: and {len(done.skipped) - _MOST_LINES} more, listed in the folder", err=True)
    shape = f"{done.frames} frames × {done.features} features"
    blocks = number_of(done.blocks, "block")
    of = f", shard {options.shard}" if part[1] > 1 else ""
    before = ", nothing was left to do" if done.before == done.blocks else ""
    if not done.blocks:
        before = ": there are fewer blocks than shards, and none is in this one"
    elif not before and done.before:
        before = f", {done.before} of them finished before"
    skipped = f", {number_of(len(done.skipped), 'bad frame')} skipped" if done.skipped else ""
    typer.echo(f"{out}: {shape} in {blocks}{of}{before}{skipped}, {_lengths(hypers)}, backend {calculator.backend}")
    if done.frames and len(done.skipped) == done.frames:
        typer.echo("anisoap-opt: every frame was bad: all rows are NaN", err=True)
        raise typer.Exit(2)
