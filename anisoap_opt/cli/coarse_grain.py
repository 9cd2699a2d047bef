"""``anisoap-opt coarse-grain``: a file of atoms → a file of ellipsoids."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from anisoap_opt.cli.messages import errors_as_exit_code_2, messages_on_stderr
from anisoap_opt.cli.options import Format, check_out, numbers, with_options
from anisoap_opt.molecules.bonds import BOND_TOLERANCE
from anisoap_opt.molecules.kinds import FROM_ATOMS

if TYPE_CHECKING:
    from ase import Atoms


@with_options
def coarse_grain(
    frames: Annotated[Path, typer.Argument(help="File of atoms that ASE reads.")],
    out: Annotated[Path, typer.Option(help="ellipsoids.xyz: one ellipsoid a molecule, extended XYZ.")],
    file_format: Format,
    molecules: Annotated[
        str | None, typer.Option(help="Array with a label for each atom's molecule; unless given, bonds decide.")
    ] = None,
    center: Annotated[str, typer.Option(help="mass or geometry: how atoms count.")] = "mass",
    diameters: Annotated[
        str, typer.Option(help="spread or extents of the atoms, or the full axes of all ellipsoids, Å: 4,4,0.5.")
    ] = FROM_ATOMS[0],
    radii: Annotated[
        float | None, typer.Option(help="Radius of every atom, Å; its covalent radius unless given.")
    ] = None,
    bond_tolerance: Annotated[
        float, typer.Option(help="Å by which a bond may be longer than two covalent radii.")
    ] = BOND_TOLERANCE,
    types: Annotated[
        str | None,
        typer.Option(help="Types of the formulas: C6H6=1,H2O=2; unless given, 1, 2, … count those of this file alone."),
    ] = None,
    index: Annotated[str, typer.Option(help="Which frames: 5, or as slices: ':100'.")] = ":",
) -> None:
    """Write a file of ellipsoids, one for each molecule of a file of atoms, and print what they are."""
    import anisoap_opt
    from anisoap_opt.cli.files import read_frames, write_frames

    check_out(out, ".xyz")
    if out.exists() and frames.exists() and out.samefile(frames):
        raise typer.BadParameter(f"is the file of the atoms, which it would replace: {out}", param_hint="--out")
    of_formulas = None if types is None else _types(types)
    how: Any = diameters if diameters.isalpha() else numbers("--diameters", diameters, float)
    with messages_on_stderr(), errors_as_exit_code_2():
        atoms: Any = read_frames(frames, index, file_format.file_format, file_format.symbols)
        ellipsoids = anisoap_opt.coarse_grain(
            atoms, molecules, center=center, diameters=how, radii=radii, types=of_formulas,
            bond_tolerance=bond_tolerance,
        )  # fmt: skip
        write_frames(out, ellipsoids)
    _print_kinds(ellipsoids)
    alone = "" if types else "; types are numbered for this file alone, --types gives them"
    typer.echo(f"{out}: {len(ellipsoids)} frames, {sum(map(len, ellipsoids))} ellipsoids{alone}")


def _types(text: str) -> dict[str, int]:
    """From formulas to types: ``C6H6=1,H2O=2``."""
    pairs = [part.partition("=") for part in text.split(",")]
    found = {formula.strip(): number for formula, _, number in pairs}
    try:
        if len(found) < len(pairs):
            raise ValueError
        return {formula: int(number) for formula, number in found.items()}
    except ValueError:
        told = f"must be formulas, each once, with integers: C6H6=1,H2O=2; got {text!r}"
        raise typer.BadParameter(told, param_hint="--types") from None


def _print_kinds(frames: list[Atoms]) -> None:
    """A line for each formula: how many, mean diameters, the largest residual, and how many have none."""
    names = ("formula", "numbers", "residual", *(f"c_diameter[{axis}]" for axis in (1, 2, 3)))
    formula, types, residual, *diameters = (np.concatenate([frame.arrays[name] for frame in frames]) for name in names)
    for one in np.unique(formula):
        own = formula == one
        size = ", ".join(f"{lengths[own].mean():.2f}" for lengths in diameters)
        values = residual[own]
        told, absent = [], np.isnan(values)
        if not absent.all():
            told.append(f"residual up to {values[~absent].max():.2g} Å")
        if absent.any():
            told.append(f"no residual for {absent.sum()}: elements in another order than the first of the type")
        typer.echo(f"{one}: type {types[own][0]}, {own.sum()} ellipsoids, mean diameters {size} Å, {', '.join(told)}")
