"""Checks of single arguments, with messages that name the argument, its value and what is allowed; warnings."""

import math
import operator
import sys
import threading
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

warnings_lock = threading.RLock()
"""Held while warnings are errors, which they are for all threads then, and while one is given."""
UNSET: Any = object()
"""Stands for an argument that was not given, where None might have been."""


def length(name: str, value: Any) -> float:
    """Return a finite length > 0 in Å as a float.

    Raises
    ------
    TypeError
        If `value` is not a real number.
    ValueError
        If it is zero, negative, NaN or infinite.
    """
    number = _real(name, value)
    if not (math.isfinite(number) and number > 0):
        raise ValueError(f"{name} must be finite and greater than 0 Å, got {value!r}")
    return number


def scale(name: str, value: Any) -> float:
    """Return a length from 10⁻¹² to 10¹² Å: coefficients, of unit length to the power -3/2, stay within any range.

    Raises
    ------
    TypeError, ValueError
        As `length`, and if it is out of that range.
    """
    number = length(name, value)
    if not 1e-12 <= number <= 1e12:
        raise ValueError(f"{name} must lie between 1e-12 and 1e12 Å, got {value!r}")
    return number


def three_lengths(name: str, value: Any) -> tuple[float, float, float]:
    """Return three lengths > 0 in Å; anything else is a TypeError or a ValueError."""
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        a, b, c = value
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be three lengths in Å, got {value!r}") from None
    return length(name, a), length(name, b), length(name, c)


def tolerance(name: str, value: Any) -> float:
    """Return a tolerance ≥ 0 as a float.

    Raises
    ------
    TypeError
        If `value` is not a real number.
    ValueError
        If it is negative or NaN.
    """
    number = _real(name, value)
    if not number >= 0:
        raise ValueError(f"{name} must be at least 0, got {value!r}")
    return number


def _real(name: str, value: Any) -> float:
    try:
        if isinstance(value, bool | np.bool_ | str | bytes):
            raise TypeError
        return float(value)
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, got {value!r}") from None


def natural(name: str, value: Any) -> int:
    """Return an integer ≥ 0.

    Raises
    ------
    TypeError
        If `value` is not an integer.
    ValueError
        If it is negative.
    """
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer ≥ 0, got {value!r}") from None
    if number < 0:
        raise ValueError(f"{name} must be an integer ≥ 0, got {value!r}")
    return number


def flag(name: str, value: Any) -> bool:
    """Return True or False; anything else, such as the word "False", is a TypeError."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def atomic_numbers(value: Any) -> list[int]:
    """Return particle types, ascending and unique; labels hold 32 bits."""
    try:
        found = sorted({natural("types", one) for one in value})
    except TypeError:
        raise TypeError(f"types must be a list of atomic numbers, got {value!r}") from None
    if found and found[-1] >= 2**31:
        raise ValueError(f"types must be below 2³¹, got {found[-1]}")
    return found


def choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of the allowed words, else raise a ValueError that lists them."""
    words = list(allowed)
    if not isinstance(value, str) or value not in words:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, words))}, got {value!r}")
    return value


def shorten(value: Any, limit: int = 60) -> str:
    """A value as Python writes it, cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def warn(message: str) -> None:
    """Give a UserWarning at the line outside this package that led here."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == __name__.partition(".")[0]:
        level, frame = level + 1, frame.f_back
    with warnings_lock:
        warnings.warn(message, UserWarning, stacklevel=level)


def call(rust_moments: Any, **flags: Any) -> None:
    """Check the flags of a method, and tell whoever called it that `rust_moments` is ignored, unless it is UNSET."""
    for name, value in flags.items():
        flag(name, value)
    if rust_moments is not UNSET:
        warnings.warn("rust_moments is ignored: choose a backend instead", DeprecationWarning, stacklevel=3)
