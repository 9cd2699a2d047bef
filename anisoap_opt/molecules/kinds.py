"""Molecules of one kind, which are computed together, and what a caller says about each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from anisoap_opt import checks
from anisoap_opt.arrays import Array, Ints
from anisoap_opt.molecules.groups import Groups
from anisoap_opt.stacking import Stack

FROM_ATOMS = ("spread", "extents")
"""Diameters that follow from the positions of the atoms."""

LARGEST_TYPE = 118
"""ASE has no symbol for larger atomic numbers, and cannot write them."""


class Kind(NamedTuple):
    """Molecules of one type that have the same elements in the same order.

    Attributes
    ----------
    type : int
        Of their ellipsoids.
    formula : str
        In Hill's order.
    numbers : ndarray of int, shape [atoms of one molecule]
    molecules : ndarray of int, shape [molecules of this kind]
        Ascending.
    """

    type: int
    formula: str
    numbers: Ints
    molecules: Ints


class Sizes(NamedTuple):
    """What a caller says about diameters.

    Attributes
    ----------
    diameters : str, tuple of float, or dict from formula to tuple of float
        Checked.
    radii : None, float, or dict from chemical symbol to float
    """

    diameters: Any
    radii: Any

    def given(self, formula: str) -> Array | None:
        """Three diameters, [3], Å, or None where they follow from the atoms."""
        if isinstance(self.diameters, str):
            return None
        if isinstance(self.diameters, Mapping):
            return np.array(_of_formula("diameters", self.diameters, formula))
        return np.array(self.diameters)

    def radii_of(self, numbers: Ints) -> Array:
        """Of a molecule's atoms, [atoms], Å."""
        from ase.data import chemical_symbols, covalent_radii

        if self.radii is None:
            return np.asarray(covalent_radii[numbers], dtype=np.float64)
        if not isinstance(self.radii, Mapping):
            return np.full(len(numbers), self.radii)
        symbols = [chemical_symbols[number] for number in numbers]
        absent = sorted(set(symbols) - set(self.radii))
        if absent:
            raise ValueError(f"radii has none for {', '.join(absent)}")
        return np.array([self.radii[symbol] for symbol in symbols])


def check_sizes(diameters: Any, radii: Any) -> Sizes:
    """Check `diameters` and `radii` of `anisoap_opt.coarse_grain`; a TypeError or a ValueError names what is wrong."""
    from ase.data import atomic_numbers

    if isinstance(diameters, str):
        if diameters not in FROM_ATOMS:
            raise ValueError(
                f"diameters must be 'spread', 'extents', three lengths or a dictionary of these, got {diameters!r}"
            )
    elif isinstance(diameters, Mapping):
        diameters = {key: checks.three_lengths(f"diameters[{key!r}]", one) for key, one in diameters.items()}
        check_formulas("diameters", diameters)
    else:
        diameters = checks.three_lengths("diameters", diameters)
    if isinstance(radii, Mapping):
        radii = {symbol: not_negative(f"radii[{symbol!r}]", one) for symbol, one in radii.items()}
        unknown = [symbol for symbol in radii if symbol not in atomic_numbers]
        if unknown:
            raise ValueError(f"radii must have chemical symbols for keys, such as 'C', got {unknown[0]!r}")
    elif radii is not None:
        radii = not_negative("radii", radii)
    return Sizes(diameters, radii)


def not_negative(name: str, value: Any) -> float:
    """A finite length ≥ 0, Å; else a TypeError or a ValueError."""
    number = checks.tolerance(name, value)
    return number if number == 0 else checks.length(name, number)


def check_elements(stack: Stack, numbers: Ints) -> None:
    """Raise a ValueError for an atomic number that ASE has no radius for."""
    from ase.data import covalent_radii

    good = (numbers >= 0) & (numbers < len(covalent_radii))
    stack.check(good, numbers, "'numbers'", f"must be atomic numbers from 0 to {len(covalent_radii) - 1}")


def check_formulas(name: str, of_formulas: Mapping[str, Any]) -> None:
    """Raise a TypeError or a ValueError for a key that is no formula in Hill's order, and so would never be found."""
    from ase.formula import Formula

    for key in of_formulas:
        try:
            hill = str(Formula(key).format("hill"))
        except (ValueError, TypeError, AttributeError):
            raise TypeError(f"{name} must have chemical formulas for keys, such as 'C6H6', got {key!r}") from None
        if hill != key:
            raise ValueError(f"{name} must have formulas in Hill's order for keys: {hill!r} in place of {key!r}")


def of_molecules(stack: Stack, groups: Groups, numbers: Ints, types: Any) -> list[Kind]:
    """Sort molecules by kind.

    Parameters
    ----------
    stack : Stack
    groups : Groups
    numbers : ndarray of int, shape [atoms]
        Atomic numbers.
    types : dict from formula to int, sequence of int, or None
        See `anisoap_opt.coarse_grain`.

    Returns
    -------
    list of Kind
    """
    from ase.symbols import Symbols

    sorted_numbers = numbers[groups.members]
    compositions: dict[bytes, int] = {}
    offsets = groups.offsets.tolist()
    code = [
        compositions.setdefault(sorted_numbers[first:last].tobytes(), len(compositions))
        for first, last in zip(offsets[:-1], offsets[1:], strict=True)
    ]
    elements = [np.frombuffer(key, dtype=np.int64) for key in compositions]
    formulas = [str(Symbols(one).get_chemical_formula("hill")) for one in elements]
    of_composition = np.array(code, dtype=np.int64)
    type_of = _types(stack, groups, types, formulas, of_composition)
    pairs, inverse = np.unique(np.column_stack([of_composition, type_of]), axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    return [
        Kind(type_, formulas[composition], elements[composition], np.flatnonzero(inverse == kind))
        for kind, (composition, type_) in enumerate(pairs.tolist())
    ]


def _types(stack: Stack, groups: Groups, types: Any, formulas: list[str], composition: Ints) -> Ints:
    """The type of every molecule, [molecules]."""
    if types is None:
        if len(set(formulas)) > LARGEST_TYPE:
            raise ValueError(f"there are {len(set(formulas))} formulas, but types go up to {LARGEST_TYPE}: give types=")
        numbered = {formula: number for number, formula in enumerate(sorted(set(formulas)), 1)}
    elif isinstance(types, Mapping):
        check_formulas("types", types)
        numbered = {formula: _type(f"types[{formula!r}]", one) for formula, one in types.items()}
    elif isinstance(types, Sequence | np.ndarray) and not isinstance(types, str):
        given = np.array([_type("an element of types", one) for one in types], dtype=np.int64)
        for frame, count in enumerate(np.diff(groups.frames).tolist()):
            if count != len(given):
                raise ValueError(f"{stack.frame(frame)} has {count} molecules, but types has {len(given)} numbers")
        return np.tile(given, len(stack.counts))
    else:
        raise TypeError(f"types must be a dictionary from formulas to integers, or a list of them, got {types!r}")
    return np.array([_of_formula("types", numbered, formula) for formula in formulas], dtype=np.int64)[composition]


def _type(name: str, value: Any) -> int:
    """An atomic number that has a symbol; else a TypeError or a ValueError."""
    number = checks.natural(name, value)
    if number > LARGEST_TYPE:
        raise ValueError(f"{name} must be an atomic number up to {LARGEST_TYPE}, which files can name, got {number}")
    return number


def _of_formula(name: str, of_formulas: Mapping[str, Any], formula: str) -> Any:
    if formula not in of_formulas:
        raise ValueError(f"{name} has nothing for {formula}; it has {', '.join(of_formulas) or 'nothing at all'}")
    return of_formulas[formula]
