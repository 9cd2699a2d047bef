"""Comment lines of extended XYZ: which columns the rows below have, periodic axes, and where the cell is written.

What a comment line means is asked of ASE, but not for every frame: lines that differ in numbers only, or in words that
nothing here reads, share one answer.
"""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from typing import Any

import numpy as np
import numpy.typing as npt

from anisoap_opt.arrays import Array, Bools

LATTICE = 'Lattice="'
_PLAIN = r"""[^\s"'{}\[\]\\=]"""  # what ASE takes as it stands, inside a word
_WORD = rf"""(?:{_PLAIN}|\\\S|\[[^\]\s\\]*\])+"""  # with escapes, and brackets that close
_QUOTED = r"""(?!._JSON )(?:"[^"\\]+"|'[^'\\]+'|\{[^}\\]+\})"""
"""Not JSON, which might be wrong, and not empty: ASE joins what follows to an empty value."""
_TOKEN = re.compile(rf"\s*({_PLAIN}+)(?:\s*=\s*({_WORD}|{_QUOTED}))?(?=\s|$)")
_SAMPLE = {"R": "1.0", "I": "1", "S": "H", "L": "T"}
_DTYPES = {"R": "f8", "I": "i4", "S": "U4", "L": "U1"}  # ASE's; no symbol has four letters
_MOST = 1000
"""Answers that are kept."""


class NotUnderstood(Exception):
    """A file that only ASE can read; the message says why, and `where` in the file, if that is known."""

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(reason)
        self.where = where


class UnreadableError(ValueError):
    """A file whose text neither this package nor ASE can read; `line` counts from 1, and is 0 if it is not known."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, eq=False)
class RowFormat:
    """The columns of a row.

    Attributes
    ----------
    text : str
        As in the comment line: ``species:S:1:pos:R:3``.
    columns : tuple of (str, str, int)
        ASE's name of the array, its type, R, I, S or L, and its number of columns.
    layout : frozenset of str
        The arrays that a frame gets.
    """

    text: str
    columns: tuple[tuple[str, str, int], ...]
    layout: frozenset[str]

    @cached_property
    def dtype(self) -> npt.DTypeLike:
        """Of a row; the field of `columns[k]` is called str(k)."""
        return np.dtype([(str(k), _DTYPES[kind], (width,)) for k, (_, kind, width) in enumerate(self.columns)])

    @cached_property
    def fields(self) -> dict[str, str]:
        """Field of each of ASE's arrays."""
        return {name: str(k) for k, (name, _, _) in enumerate(self.columns)}


@dataclass(frozen=True, eq=False)
class Header:
    """What a comment line says.

    Attributes
    ----------
    form : RowFormat
    pbc : ndarray of bool, shape [3]
    cell : ndarray, shape [3, 3], or None
        None where it is the text behind ``Lattice=``, which is read for many frames at once.
    """

    form: RowFormat
    pbc: Bools
    cell: Array | None


class Headers:
    """Answers of ASE about comment lines, by what matters of their text."""

    def __init__(self) -> None:
        self._around: dict[tuple[str, str], Header] = {}  # by the text before and behind the cell
        self._reduced: dict[str, Header] = {}
        self._whole: dict[str, Header] = {}
        self._formats: dict[tuple[str, frozenset[str]], RowFormat] = {}

    def find(self, line: str) -> tuple[Header, str]:
        """What a comment line says, and the text of its cell if `Header.cell` is None.

        Raises
        ------
        NotUnderstood
            If particles cannot be read by such rows here.
        Exception
            Whatever ASE raises, if it cannot read the line.
        """
        before, _, rest = line.partition(LATTICE)
        lattice, _, after = rest.partition('"')
        header = self._around.get((before, after)) or self._whole.get(line)
        if header is None:
            header = self._new(line, before, after)
        return header, lattice

    def _new(self, line: str, before: str, after: str) -> Header:
        for kept in (self._around, self._whole):
            if len(kept) >= _MOST:
                kept.clear()
        reduced = _reduce(line)
        if reduced is None:
            return self._whole.setdefault(line, self._ask(line, False))
        if reduced not in self._reduced:
            self._reduced[reduced] = self._ask(reduced, LATTICE in reduced)
        header = self._reduced[reduced]
        if LATTICE in line and LATTICE not in reduced:  # another key ends so
            return header
        return self._around.setdefault((before, after), header)

    def _ask(self, line: str, cut: bool) -> Header:
        """ASE's answer, by a frame of one particle; `cut` if the cell in it stands for another."""
        from ase.io import read
        from ase.io.extxyz import key_val_str_to_dict, parse_properties

        line = line.strip()
        info = key_val_str_to_dict(line) if line else {}
        text = info.get("Properties", "species:S:1:pos:R:3")
        properties, names, _, _ = parse_properties(text)
        kinds = str(text).split(":")[1::3]
        columns = tuple((*properties[name], kind) for name, kind in zip(names, kinds, strict=False))
        row = " ".join(" ".join([_SAMPLE[kind]] * width) for _, width, kind in columns)
        text_of_frame = StringIO(f"1\n{line}\n{row}\n")
        frame: Any = read(text_of_frame, 0, format="extxyz", properties_parser=lambda _: dict(info))
        layout = frozenset(frame.arrays)
        known = {name: (kind, width) for name, width, kind in columns}
        if known.get("positions") not in (("R", 3), ("I", 3)):
            raise NotUnderstood(f"there are no positions of three columns: {text}")
        elements = known.get("numbers", known.get("symbols"))
        if elements not in (("I", 1), ("S", 1)) or known.get("numbers") == ("S", 1):
            raise NotUnderstood(f"there is no column of elements: {text}")
        if len(known) != len(kinds) or not layout <= known.keys() | {"numbers"}:
            raise NotUnderstood(f"columns of the same name: {text}")
        form = self._formats.setdefault(
            (text, layout), RowFormat(text, tuple((name, kind, width) for name, width, kind in columns), layout)
        )
        return Header(form, frame.pbc.copy(), None if cut else frame.cell.array.copy())


def _reduce(line: str) -> str | None:
    """The words of a comment line that matter, numbers of results as 0; None for a line not made of simple words."""
    from ase.calculators.calculator import all_properties

    position, kept = 0, []
    for token in _TOKEN.finditer(line):
        if token.start() != position:
            return None
        position = token.end()
        key, value = token.groups()
        if key in ("Properties", "pbc"):
            kept.append(token.group().strip())
        elif key == "Lattice":
            if f"{key}={value}" != token.group().strip() or value[0] != '"' or line.count(LATTICE) != 1:
                return None
            kept.append(f'{LATTICE}1 0 0 0 1 0 0 0 1"')
        elif key in ("virial", *all_properties):
            kept.append(token.group().strip() if value is None else f"{key}={_without_numbers(value)}")
    return None if line[position:].strip() else " ".join(kept)


def _without_numbers(value: str) -> str:
    words = value.strip('"').split()
    try:
        for word in words:
            float(word)
    except ValueError:
        return value
    return f'"{" ".join("0" * len(words))}"'
