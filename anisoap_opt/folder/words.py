"""What a row says about its type, before anything else of it is read: as the reader will take it, or nothing."""

from __future__ import annotations

import re

_ODD = re.compile(rb"[^\x00-\x1b\x20-\x7f]")
"""Bytes that may be white space to str, and are none to bytes."""
_MOST = 2**31 - 1


def first_word(text: bytes) -> str | None:
    """The first word of a row; None if the row's beginning does not hold all of it, or str may split it otherwise.

    Parameters
    ----------
    text : bytes
        The row's beginning; what follows a line's end is not part of it.
    """
    line, newline, _ = text.partition(b"\n")
    words = line.split()
    if not words or (len(words) == 1 and not newline and not line[-1:].isspace()) or _ODD.search(line):
        return None
    return words[0].decode()


def type_of(word: str, *, is_number: bool) -> int | None:
    """The type that a symbol or an atomic number means; None if there is none such: then the frame is bad."""
    from ase.data import atomic_numbers

    if not is_number:
        return atomic_numbers.get(word.capitalize())
    try:
        number = int(word)
    except ValueError:
        return None
    return number if is_type(number) else None


def is_type(number: int) -> bool:
    """Whether an atomic number can be a type."""
    return 0 <= number <= _MOST
