"""``anisoap-opt backends``: what is installed."""

from __future__ import annotations

import os

import typer

from anisoap_opt import kernels
from anisoap_opt.cli.messages import errors_as_exit_code_2
from anisoap_opt.kernels.contract import HasDevices, HasThreads


def backends() -> None:
    """List the backends: installed or not, version, devices, threads."""
    with errors_as_exit_code_2():
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
