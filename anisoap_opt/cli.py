"""The command ``anisoap-opt``: descriptors of a file, and what is installed."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
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
            help="features.npz: mean over each frame's centres, an array [frames, features]; "
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
    rotation_key: Annotated[str, typer.Option(help="Array of rotations.")] = "c_q",
    rotation_type: Annotated[str, typer.Option(help="quaternion (w, x, y, z) or matrix.")] = "quaternion",
    basis_rcond: Annotated[float, typer.Option(help="Drop overlap eigenvalues up to this.")] = 0.0,
    basis_tol: Annotated[float, typer.Option(help="Largest dropped part that is accepted.")] = 1e-8,
    types: Annotated[str | None, typer.Option(help="Atomic numbers that fix the layout: 1,6.")] = None,
    index: Annotated[str, typer.Option(help="Which frames, as ASE slices: ':100'.")] = ":",
    backend: Annotated[str | None, typer.Option(help="See 'anisoap-opt backends'.")] = None,
    dtype: Annotated[str | None, typer.Option(help="float64 or float32.")] = None,
    device: Annotated[str | None, typer.Option(help="Torch device.")] = None,
) -> None:
    """Write the power spectrum of the frames in a file."""
    from anisoap_opt import EllipsoidalDensityProjection

    if out.suffix.lower() not in (".npz", ".mts"):
        raise typer.BadParameter(f"must end in .npz or .mts, got {out.name!r}", param_hint="--out")
    if out.is_dir():
        raise typer.BadParameter(f"is a folder: {out}", param_hint="--out")
    if not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"no such folder: {out.parent}", param_hint="--out")
    if radial_basis == "gto" and radial_gaussian_width is None:
        radial_gaussian_width = 1.5
    hypers: dict[str, Any] = {
        "max_angular": max_angular,
        "radial_basis_name": radial_basis,
        "cutoff_radius": cutoff_radius,
        "subtract_center_contribution": subtract_center,
        "radial_gaussian_width": radial_gaussian_width,
        "max_radial": _integers("--max-radial", max_radial),
        "rotation_key": rotation_key,
        "rotation_type": rotation_type,
        "basis_rcond": basis_rcond,
        "basis_tol": basis_tol,
    }
    with _errors_as_exit_code_2():
        requested = _integers("--types", types)
        calculator = EllipsoidalDensityProjection(
            **hypers,
            backend=backend,
            dtype=dtype,
            device=device,
            types=[requested] if isinstance(requested, int) else requested,
        )
        batch = _read(frames, index)
        mean = out.suffix.lower() == ".npz"
        bar = sys.stderr.isatty()
        features: Any = (
            calculator.power_spectrum(batch, show_progress=bar)
            if mean
            else calculator.power_spectrum(batch, mean_over_samples=False, show_progress=bar)
        )
        _write(out, features, {**hypers, "backend": calculator.backend, "dtype": calculator.options.dtype})
    shape = f"{features.shape[0]} frames × {features.shape[1]} features" if mean else f"{len(features)} blocks"
    typer.echo(f"{out}: {shape}, backend {calculator.backend}")


@app.command()
def backends() -> None:
    """List the backends: installed or not, version, devices, threads."""
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
    from importlib.metadata import version

    entry = kernels.BACKENDS[backend]
    if not entry.installed:
        return f"no: pip install 'anisoap_opt[{entry.extra}]'", "-", "-"
    needs = entry.needs or "numpy"
    module = kernels.module(backend)
    devices = module.devices() if isinstance(module, HasDevices) else ["cpu"]
    default = os.environ.get("OMP_NUM_THREADS", "BLAS default")
    threads = str(module.num_threads()) if isinstance(module, HasThreads) else default
    return f"{needs} {version(needs)}", ", ".join(devices), threads


def _integers(option: str, text: str | None) -> int | list[int] | None:
    """None, one integer, or a list, from the text of an option."""
    if text is None or text.lower() == "none":
        return None
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"must be integers separated by commas, got {text!r}", param_hint=option) from None
    return numbers[0] if len(numbers) == 1 else numbers


def _read(path: Path, index: str) -> list[Any]:
    import ase.io

    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    try:
        frames = ase.io.read(path, index, do_not_split_by_at_sign=True)
    except Exception as error:
        raise ValueError(f"ASE cannot read {path} with index {index!r}: {type(error).__name__}: {error}") from error
    return frames if isinstance(frames, list) else [frames]


def _write(out: Path, features: Any, hypers: dict[str, Any]) -> None:
    """Write beside the target and rename, so that an interrupt leaves no half a file."""
    import numpy as np

    def save_npz(path: str) -> None:
        np.savez(path, features=features, hypers=np.array(json.dumps(hypers)))

    def save_mts(path: str) -> None:
        import metatensor

        try:
            metatensor.save(path, features)
        except Exception as error:  # metatensor's own error, of no standard kind
            raise OSError(f"cannot write {out}: {error}") from error

    _replace(out, save_npz if out.suffix.lower() == ".npz" else save_mts)


def _replace(out: Path, save: Callable[[str], None]) -> None:
    out = out.resolve()  # write to where a link points, do not replace the link
    handle, temporary = tempfile.mkstemp(dir=out.absolute().parent, prefix=".", suffix=out.suffix.lower())
    os.close(handle)
    try:
        save(temporary)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # as an ordinary new file, not mkstemp's 0600
        os.replace(temporary, out)
    finally:
        Path(temporary).unlink(missing_ok=True)


@contextmanager
def _errors_as_exit_code_2() -> Iterator[None]:
    """Bad input ends with a sentence and exit code 2, not with a traceback."""
    try:
        yield
    except (ValueError, TypeError, NotImplementedError, ModuleNotFoundError, OSError) as error:
        typer.echo(f"anisoap-opt: {error}", err=True)
        raise typer.Exit(2) from error
