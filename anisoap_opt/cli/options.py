"""Options that several commands have: declared once, as fields of dataclasses.

A command takes a dataclass as one parameter, and `with_options` gives it an option for each field::

    @with_options
    def describe(out: Path, basis: Basis, calculation: Calculation) -> None: ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer


@dataclass(frozen=True)
class Basis:
    """Sizes of the expansion, which a sweep varies."""

    max_angular: Annotated[int, typer.Option(help="Largest l.")] = 6
    max_radial: Annotated[
        str, typer.Option(help="Largest n: an integer, one integer per l (3,2,2,1), or 'none' for (max_angular-l)//2.")
    ] = "none"
    radial_basis: Annotated[str, typer.Option(help="gto or monomial.")] = "gto"
    cutoff_radius: Annotated[float, typer.Option(help="Å.")] = 7.0
    radial_gaussian_width: Annotated[
        float | None, typer.Option(help="Width of the GTOs, Å; 1.5 unless given. Not for monomials.")
    ] = None

    def hypers(self) -> dict[str, Any]:
        """Arguments of `anisoap_opt.EllipsoidalDensityProjection`."""
        levels = numbers("--max-radial", self.max_radial, int)
        width = self.radial_gaussian_width
        return {
            "max_angular": self.max_angular,
            "radial_basis_name": self.radial_basis,
            "cutoff_radius": self.cutoff_radius,
            "radial_gaussian_width": 1.5 if self.radial_basis == "gto" and width is None else width,
            "max_radial": levels[0] if levels and len(levels) == 1 else levels,
        }


@dataclass(frozen=True)
class Calculation:
    """All other arguments of a calculator."""

    subtract_center: Annotated[
        bool, typer.Option("--subtract-center", help="Leave out the central particle's own density.")
    ] = False
    rotation_key: Annotated[
        str | None, typer.Option(help="Array of rotations; the usual names of quaternions unless given.")
    ] = None
    rotation_type: Annotated[str, typer.Option(help="quaternion, or matrix: nine columns, rows first.")] = "quaternion"
    quaternion_order: Annotated[
        str | None, typer.Option(help="wxyz or xyzw; wxyz unless given, but xyzw for OVITO's columns.")
    ] = None
    diameter_key: Annotated[
        str | None, typer.Option(help="Array of full axes; the usual names unless given: c_diameter, c_shape.")
    ] = None
    diameters: Annotated[
        str | None, typer.Option(help="Full axes of every particle, Å, for files without them: 4,4,0.5.")
    ] = None
    basis_rcond: Annotated[float, typer.Option(help="Drop overlap eigenvalues up to this.")] = 0.0
    basis_tol: Annotated[float, typer.Option(help="Largest dropped part that is accepted.")] = 1e-8
    types: Annotated[str | None, typer.Option(help="Atomic numbers that fix the layout: 1,6.")] = None
    backend: Annotated[str | None, typer.Option(help="See 'anisoap-opt backends'.")] = None
    dtype: Annotated[str | None, typer.Option(help="float64 or float32.")] = None
    device: Annotated[str | None, typer.Option(help="Torch device.")] = None

    def hypers(self) -> dict[str, Any]:
        """Arguments of `anisoap_opt.EllipsoidalDensityProjection`, but for those that say how it computes."""
        named = {} if self.rotation_key is None else {"rotation_key": self.rotation_key}
        return {
            "subtract_center_contribution": self.subtract_center,
            "rotation_type": self.rotation_type,
            "quaternion_order": self.quaternion_order,
            "diameter_key": self.diameter_key,
            "diameters": numbers("--diameters", self.diameters, float),
            "basis_rcond": self.basis_rcond,
            "basis_tol": self.basis_tol,
            "types": numbers("--types", self.types, int),
            **named,
        }

    def how(self) -> dict[str, Any]:
        """Arguments that say how it computes."""
        return {"backend": self.backend, "dtype": self.dtype, "device": self.device}


@dataclass(frozen=True)
class Format:
    """What ASE is told about a file."""

    file_format: Annotated[
        str | None, typer.Option("--format", help="ASE's name of the format, if the file's name does not tell: extxyz.")
    ] = None
    elements: Annotated[
        str | None, typer.Option(help="Chemical symbols of the types 1, 2, … of a LAMMPS dump: C,H.")
    ] = None

    @property
    def symbols(self) -> list[str] | None:
        """The elements, one by one."""
        return None if self.elements is None else self.elements.split(",")


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose parameters that are dataclasses became options, one for each field."""
    hints = get_type_hints(command, include_extras=True)
    parameters: list[inspect.Parameter] = []
    groups: dict[str, tuple[Any, list[str]]] = {}
    for name, parameter in inspect.signature(command).parameters.items():
        kind: Any = hints[name]
        if not is_dataclass(kind):
            parameters.append(parameter.replace(annotation=kind, kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        own = get_type_hints(kind, include_extras=True)
        groups[name] = kind, [one.name for one in fields(kind)]
        for one in fields(kind):
            default = inspect.Parameter.empty if one.default is MISSING else one.default
            parameters.append(
                inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=own[one.name])
            )

    @wraps(command)
    def run(**given: Any) -> None:
        for group, (kind, names) in groups.items():
            given[group] = kind(**{name: given.pop(name) for name in names})
        command(**given)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del run.__wrapped__  # type: ignore[attr-defined]  # its signature is another one
    return run


def numbers(option: str, text: str | None, kind: type[int] | type[float]) -> list[Any] | None:
    """None, or a list, from the text of an option."""
    if text is None or text.lower() == "none":
        return None
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        what = "integers" if kind is int else "numbers"
        raise typer.BadParameter(f"must be {what} separated by commas, got {text!r}", param_hint=option) from None


def check_out(out: Path, *suffixes: str) -> None:
    """Refuse a name to write to, before any work starts, if it is no file in a folder that is there."""
    if out.suffix.lower() not in suffixes:
        raise typer.BadParameter(f"must end in {' or '.join(suffixes)}, got {out.name!r}", param_hint="--out")
    if out.is_dir():
        raise typer.BadParameter(f"is a folder: {out}", param_hint="--out")
    check_parent(out)


def check_parent(out: Path, option: str = "--out") -> None:
    """Refuse a name to write to whose folder is not there."""
    if not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"no such folder: {out.parent}", param_hint=option)
