"""``anisoap-opt describe``: descriptors of the frames of a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from anisoap_opt.cli.messages import errors_as_exit_code_2, messages_on_stderr
from anisoap_opt.cli.options import Basis, Calculation, Format, with_options


@with_options
def describe(
    frames: Annotated[Path, typer.Argument(help="File that ASE reads, e.g. extended XYZ.")],
    out: Annotated[
        Path,
        typer.Option(
            help="features.npz: mean over each frame's centres, an array [frames, features], and what its columns are; "
            "features.mts: every centre, a metatensor TensorMap."
        ),
    ],
    basis: Basis,
    calculation: Calculation,
    file_format: Format,
    symmetric: Annotated[bool, typer.Option("--symmetric", help="Half the features, the same inner products.")] = False,
    index: Annotated[str, typer.Option(help="Which frames: 5, or as slices: ':100'.")] = ":",
) -> None:
    """Write the power spectrum of the frames in a file."""
    from anisoap_opt import EllipsoidalDensityProjection
    from anisoap_opt.cli.files import read_frames, write_features

    if out.suffix.lower() not in (".npz", ".mts"):
        raise typer.BadParameter(f"must end in .npz or .mts, got {out.name!r}", param_hint="--out")
    if out.is_dir():
        raise typer.BadParameter(f"is a folder: {out}", param_hint="--out")
    if not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"no such folder: {out.parent}", param_hint="--out")
    hypers = {**basis.hypers(), **calculation.hypers()}
    with messages_on_stderr(), errors_as_exit_code_2():
        calculator = EllipsoidalDensityProjection(**hypers, **calculation.how())
        particles = read_frames(frames, index, file_format.file_format, file_format.symbols, calculator.columns)
        how: dict[str, Any] = {"symmetric": symmetric, "show_progress": sys.stderr.isatty()}
        mean = out.suffix.lower() == ".npz"
        features: Any = (
            calculator.power_spectrum(particles, **how) if mean else calculator.power_spectrum(particles, False, **how)
        )
        made = {"symmetric": symmetric, "backend": calculator.backend, "dtype": calculator.dtype}
        columns = calculator.feature_labels(particles, symmetric=symmetric) if mean else None
        write_features(out, features, columns, {**hypers, **made})
    shape = f"{features.shape[0]} frames × {features.shape[1]} features" if mean else f"{len(features)} blocks"
    typer.echo(f"{out}: {shape}, backend {calculator.backend}")
