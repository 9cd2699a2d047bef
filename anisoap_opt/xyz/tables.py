"""A block of an extended XYZ file → arrays of many frames, as `anisoap_opt.stacking` makes them of ASE's frames."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from anisoap_opt import checks
from anisoap_opt.arrays import Array, Bools
from anisoap_opt.validation import Places
from anisoap_opt.xyz.headers import LATTICE, RowFormat, UnreadableError
from anisoap_opt.xyz.rows import BadRow, Block


class Tables(Places):
    """The numbers of a block, with the methods of `anisoap_opt.stacking.Stack`.

    Parameters
    ----------
    block : Block
    told : set of str
        See `anisoap_opt.validation.Places`.
    values : dict of RowFormat → ndarray, optional
        Its rows as numbers; by default they are made from its text.
    """

    def __init__(self, block: Block, told: set[str], values: dict[RowFormat, npt.NDArray[Any]] | None = None) -> None:
        super().__init__(block.counts, block.indices)
        self._path, self._block = block.path, block
        self.told = told
        self.arrays = [header.form.layout for header in block.headers]
        self.layouts = list(dict.fromkeys(self.arrays))
        self._values = self._numbers_of_rows() if values is None else values

    def _numbers_of_rows(self) -> dict[RowFormat, npt.NDArray[Any]]:
        values = {}
        for form, rows in self._block.by_form.items():
            try:
                values[form] = rows.values()
            except BadRow as error:
                raise self._block.error(form, error) from error
        return values

    def frame(self, index: int) -> str:
        """A frame, in words, after the line where it begins."""
        return f"{self._path}, line {self._block.lines[index]}: {super().frame(index)}"

    def particle(self, particle: int) -> str:
        """Frame and particle, in words, after the line."""
        index, own = self.split(particle)
        line = self._block.lines[index] + 1 + own
        return f"{self._path}, line {line}: {super().frame(index)}, particle {own}"

    def part(self, layouts: Collection[frozenset[str]]) -> tuple[Tables, Bools]:
        """The frames whose arrays have these names, and which of the particles here are theirs, [particles]."""
        chosen = [layout in layouts for layout in self.arrays]

        def some(of: Sequence[Any]) -> list[Any]:
            return [one for one, taken in zip(of, chosen, strict=True) if taken]

        b = self._block
        part = Block(b.path, some(b.indices), some(b.counts), some(b.lines), some(b.headers), some(b.lattices))
        values = {form: array for form, array in self._values.items() if form.layout in layouts}
        return Tables(part, self.told, values), np.repeat(chosen, self.counts)

    def floats(self, name: str, *row_shapes: tuple[int, ...]) -> Array:
        """One array of all frames; its rows may have any of the shapes, and get the first."""
        return self._join(lambda form: self._floats_of(form, name, row_shapes), np.float64, row_shapes[0])

    def columns(self, names: Sequence[str]) -> Array:
        """Arrays [particles] of all frames beside each other, [particles, names]."""
        return np.stack([self.floats(name, (), (1,)) for name in names], axis=1)

    def numbers(self) -> npt.NDArray[Any]:
        """Atomic numbers, [particles]."""
        return self._join(self._numbers_of, np.int64, ())

    def cells(self) -> Array:
        """Cell vectors, [frames, 3, 3]."""
        cut = [k for k, header in enumerate(self._block.headers) if header.cell is None]
        cells = np.empty((len(self.counts), 3, 3))
        cells[cut] = self._cells_of_texts(cut)
        for k, header in enumerate(self._block.headers):
            if header.cell is not None:
                cells[k] = header.cell
        return cells

    def pbc(self) -> Bools:
        """Periodic axes, [frames, 3]."""
        return np.array([header.pbc for header in self._block.headers])

    def _join(
        self, of_format: Callable[[RowFormat], npt.NDArray[Any]], dtype: Any, row_shape: tuple[int, ...]
    ) -> npt.NDArray[Any]:
        if len(self._values) == 1:
            return of_format(next(iter(self._values)))
        out = np.empty((self.num_particles, *row_shape), dtype)
        for form in self._values:
            out[np.repeat([header.form is form for header in self._block.headers], self.counts)] = of_format(form)
        return out

    def _floats_of(self, form: RowFormat, name: str, row_shapes: tuple[tuple[int, ...], ...]) -> Array:
        values = self._values[form]
        index = next(
            k
            for k, (header, count) in enumerate(zip(self._block.headers, self.counts, strict=True))
            if header.form is form and (count or not len(values))
        )
        if name not in form.layout:
            if len(values):
                raise self.missing(index, repr(name))
            return np.empty((0, *row_shapes[0]))
        array = values[form.fields[name]]
        if array.dtype.kind not in "fi":
            raise TypeError(
                f"{self.frame(index)}: array {name!r} does not hold numbers: {checks.shorten(array.tolist())}"
            )
        shape = array.shape[1:] if array.shape[1:] != (1,) else ()
        if shape not in row_shapes:
            rows = self.counts[index]
            allowed = " or ".join(str((rows, *one)) for one in row_shapes)
            found = f"array {name!r} has shape {(rows, *shape)}"
            raise ValueError(f"{self.frame(index)}: {found}, must be {allowed} for {rows} particles")
        return np.array(array, dtype=np.float64, order="C").reshape(-1, *row_shapes[0])

    def _numbers_of(self, form: RowFormat) -> npt.NDArray[Any]:
        if "numbers" in form.fields:
            return self._values[form][form.fields["numbers"]][:, 0]
        from ase.data import atomic_numbers

        symbols = self._values[form][form.fields["symbols"]][:, 0].tolist()
        known = {symbol: atomic_numbers.get(symbol.capitalize()) for symbol in set(symbols)}
        if None in known.values():
            row = next(k for k, symbol in enumerate(symbols) if known[symbol] is None)
            raise self._block.error(form, BadRow(row, f"there is no element {symbols[row]!r}"))
        return np.array([known[symbol] for symbol in symbols], dtype=np.int64)

    def _cells_of_texts(self, frames: list[int]) -> Array:
        texts = [self._block.lattices[k] for k in frames]
        if texts:
            try:
                found = np.loadtxt(texts, comments=None, ndmin=2, encoding=None)
                if found.shape == (len(texts), 9):
                    return found.reshape(-1, 3, 3)
            except ValueError:
                pass
        from ase.io.extxyz import key_val_str_to_dict

        cells = np.empty((len(frames), 3, 3))
        for row, (index, text) in enumerate(zip(frames, texts, strict=True)):
            try:
                cells[row] = key_val_str_to_dict(f'{LATTICE}{text}"')["Lattice"].T
            except ValueError as error:
                where = f"{self._path}, line {self._block.lines[index]} (frame {self.indices[index]})"
                raise UnreadableError(f"{where}: {error}") from error
        return cells
