"""The command ``anisoap-opt``: descriptors of a file, and what is installed."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from anisoap_opt import kernels
from anisoap_opt.kernels.contract import HasDevices, HasThreads

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


@app.command()
def describe(
    frames: Annotated[Path, typer.Argument(help="File that ASE reads, e.g. extended XYZ.")],
    out: Annotated[
        Path,
        typer.Option(
            help="features.npz: mean over each frame's centres, an array [frames, features], and what its columns are; "
            "features.mts: every centre, a metatensor TensorMap."
        ),
    ],
    max_angular: Annotated[int, typer.Option(help="Largest l.")] = 6,
    max_radial: Annotated[
        str, typer.Option(help="Largest n: an integer, one integer per l (3,2,2,1), or 'none' for (max_angular-l)//2.")
    ] = "none",
    radial_basis: Annotated[str, typer.Option(help="gto or monomial.")] = "gto",
    cutoff_radius: Annotated[float, typer.Option(help="Å.")] = 7.0,
    radial_gaussian_width: Annotated[
        float | None, typer.Option(help="Width of the GTOs, Å; 1.5 unless given. Not for monomials.")
    ] = None,
    subtract_center: Annotated[
        bool, typer.Option("--subtract-center", help="Leave out the central particle's own density.")
    ] = False,
    rotation_key: Annotated[
        str | None, typer.Option(help="Array of rotations; the usual names of quaternions unless given.")
    ] = None,
    rotation_type: Annotated[str, typer.Option(help="quaternion, or matrix: nine columns, rows first.")] = "quaternion",
    quaternion_order: Annotated[
        str | None, typer.Option(help="wxyz or xyzw; wxyz unless given, but xyzw for OVITO's columns.")
    ] = None,
    diameter_key: Annotated[
        str | None, typer.Option(help="Array of full axes; the usual names unless given: c_diameter, c_shape.")
    ] = None,
    diameters: Annotated[
        str | None, typer.Option(help="Full axes of every particle, Å, for files without them: 4,4,0.5.")
    ] = None,
    symmetric: Annotated[bool, typer.Option("--symmetric", help="Half the features, the same inner products.")] = False,
    basis_rcond: Annotated[float, typer.Option(help="Drop overlap eigenvalues up to this.")] = 0.0,
    basis_tol: Annotated[float, typer.Option(help="Largest dropped part that is accepted.")] = 1e-8,
    types: Annotated[str | None, typer.Option(help="Atomic numbers that fix the layout: 1,6.")] = None,
    index: Annotated[str, typer.Option(help="Which frames: 5, or as slices: ':100'.")] = ":",
    file_format: Annotated[
        str | None, typer.Option("--format", help="ASE's name of the format, if the file's name does not tell: extxyz.")
    ] = None,
    elements: Annotated[
        str | None, typer.Option(help="Chemical symbols of the types 1, 2, … of a LAMMPS dump: C,H.")
    ] = None,
    backend: Annotated[str | None, typer.Option(help="See 'anisoap-opt backends'.")] = None,
    dtype: Annotated[str | None, typer.Option(help="float64 or float32.")] = None,
    device: Annotated[str | None, typer.Option(help="Torch device.")] = None,
) -> None:
    """Write the power spectrum of the frames in a file."""
    from anisoap_opt import EllipsoidalDensityProjection
    from anisoap_opt.files import read_frames, write_features

    if out.suffix.lower() not in (".npz", ".mts"):
        raise typer.BadParameter(f"must end in .npz or .mts, got {out.name!r}", param_hint="--out")
    if out.is_dir():
        raise typer.BadParameter(f"is a folder: {out}", param_hint="--out")
    if not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"no such folder: {out.parent}", param_hint="--out")
    if radial_basis == "gto" and radial_gaussian_width is None:
        radial_gaussian_width = 1.5
    levels = _numbers("--max-radial", max_radial, int)
    hypers: dict[str, Any] = {
        "max_angular": max_angular,
        "radial_basis_name": radial_basis,
        "cutoff_radius": cutoff_radius,
        "subtract_center_contribution": subtract_center,
        "radial_gaussian_width": radial_gaussian_width,
        "max_radial": levels[0] if levels and len(levels) == 1 else levels,
        "rotation_type": rotation_type,
        "quaternion_order": quaternion_order,
        "diameter_key": diameter_key,
        "diameters": _numbers("--diameters", diameters, float),
        "basis_rcond": basis_rcond,
        "basis_tol": basis_tol,
        "types": _numbers("--types", types, int),
    }
    if rotation_key is not None:
        hypers["rotation_key"] = rotation_key
    with _messages_on_stderr(), _errors_as_exit_code_2():
        calculator = EllipsoidalDensityProjection(**hypers, backend=backend, dtype=dtype, device=device)
        symbols = None if elements is None else elements.split(",")
        particles = read_frames(frames, index, file_format, symbols, calculator.columns)
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


@app.command()
def backends() -> None:
    """List the backends: installed or not, version, devices, threads."""
    with _errors_as_exit_code_2():
        _list_backends()


def _list_backends() -> None:
    default = kernels.resolve(None)
    rows = [("backend", "installed", "dtypes", "devices", "threads", "what it is")]
    for name, entry in kernels.BACKENDS.items():
        installed, devices, threads = _details(name)
        mark = "*" if name == default else " "
        rows.append((f"{mark}{name}", installed, ", ".join(entry.dtypes), devices, threads, entry.summary))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    typer.echo(f"* is the default here; {kernels.ENVIRONMENT_VARIABLE} or backend= choose another.")


def _details(backend: str) -> tuple[str, str, str]:
    """Version, devices and threads of one backend, in words."""
    from importlib.metadata import packages_distributions, version

    entry = kernels.BACKENDS[backend]
    if not entry.installed:
        return f"no: pip install 'anisoap_opt[{entry.extra}]'", "-", "-"
    needs = entry.needs or "numpy"
    module = kernels.module(backend)
    devices = module.devices() if isinstance(module, HasDevices) else ["cpu"]
    default = os.environ.get("OMP_NUM_THREADS", "BLAS default")
    threads = str(module.num_threads()) if isinstance(module, HasThreads) else default
    distribution = packages_distributions().get(needs, [needs])[0]
    return f"{distribution} {version(distribution)}", ", ".join(devices), threads


def _numbers(option: str, text: str | None, kind: type[int] | type[float]) -> list[Any] | None:
    """None, or a list, from the text of an option."""
    if text is None or text.lower() == "none":
        return None
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        what = "integers" if kind is int else "numbers"
        raise typer.BadParameter(f"must be {what} separated by commas, got {text!r}", param_hint=option) from None


@contextmanager
def _messages_on_stderr() -> Iterator[None]:
    """Each different warning, and what the package logs, is a line on stderr."""
    told = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        if str(message) not in told:
            told.add(str(message))
            typer.echo(f"anisoap-opt: {message}", err=True)

    handler, logger = logging.StreamHandler(), logging.getLogger("anisoap_opt")
    handler.setFormatter(logging.Formatter("anisoap-opt: %(message)s"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = show
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextmanager
def _errors_as_exit_code_2() -> Iterator[None]:
    """Bad input ends with a sentence and exit code 2, not with a traceback."""
    try:
        yield
    except (ValueError, TypeError, NotImplementedError, ImportError, OSError) as error:
        typer.echo(f"anisoap-opt: {error}", err=True)
        raise typer.Exit(2) from error
