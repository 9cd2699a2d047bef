"""AniSOAP's small cache; the package itself needs none, because couplings are computed when they are first used."""

from __future__ import annotations

from typing import Any

from anisoap_opt import checks

__all__ = ["CGRCacheList"]


class CGRCacheList:
    """A cache of a fixed number of entries, which forgets by the clock algorithm.

    A hand goes round the places. It passes over an entry that was read since it last came by, and replaces the first
    one that was not.

    Parameters
    ----------
    size : int
        Number of entries, at least 1.

    Raises
    ------
    TypeError, ValueError
        If `size` is not an integer ≥ 1.

    References
    ----------
    F. J. Corbató, A paging experiment with the Multics system, MIT Project MAC, MAC-M-384 (1968).
    """

    def __init__(self, size: int) -> None:
        if checks.natural("size", size) < 1:
            raise ValueError("size must be at least 1, got 0")
        self._size = int(size)
        self._hand = 0
        self._places: list[Any] = []
        self._values: dict[Any, Any] = {}
        self._read: set[Any] = set()

    def keys(self) -> list[Any]:
        """The keys of all entries, by place."""
        return list(self._places)

    def insert(self, key: Any, value: Any) -> None:
        """Keep a value; a key that is there already keeps the value that it has."""
        if key in self._values:
            return
        if len(self._places) < self._size:
            self._places.append(key)
        else:
            while self._places[self._hand] in self._read:
                self._read.remove(self._places[self._hand])
                self._hand = (self._hand + 1) % self._size
            del self._values[self._places[self._hand]]
            self._places[self._hand] = key
            self._hand = (self._hand + 1) % self._size
        self._values[key] = value

    def get_val(self, key: Any) -> Any:
        """The value kept under a key.

        Raises
        ------
        IndexError
            If there is none.
        """
        if key not in self._values:
            raise IndexError(f"the key {key!r} is not in the list, which has {self.keys()}")
        self._read.add(key)
        return self._values[key]

    def clear_cache(self) -> None:
        """Forget all entries."""
        self._hand = 0
        for kept in (self._places, self._values, self._read):
            kept.clear()
