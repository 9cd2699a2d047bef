"""Formulas that are written once for arrays, as the text of a kernel: numbers whose arithmetic writes itself down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Symbol:
    """An expression of a kernel's text.

    Attributes
    ----------
    text : str
    """

    text: str

    def __add__(self, other: Symbol) -> Symbol:
        return Symbol(f"({self.text} + {other.text})")

    def __radd__(self, zero: int) -> Symbol:
        return self  # `sum` begins with 0

    def __sub__(self, other: Symbol) -> Symbol:
        return Symbol(f"({self.text} - {other.text})")

    def __mul__(self, other: Symbol) -> Symbol:
        return Symbol(f"{self.text} * {other.text}")

    def __rmul__(self, number: float) -> Symbol:
        return Symbol(f"T({number!r}) * {self.text}")

    def __pow__(self, exponent: int) -> Symbol:
        return Symbol(" * ".join([self.text] * exponent))


def symbols(names: Iterable[str]) -> list[Symbol]:
    """One for each name."""
    return [Symbol(name) for name in names]
