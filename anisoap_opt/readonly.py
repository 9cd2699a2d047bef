"""Objects whose attributes are set once, by their constructor."""

from typing import Any


class SetOnce:
    """Base of objects that compute with what was derived from their arguments, so that these may not change later.

    Pickling and copying go past `__setattr__` and work as usual.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__ or hasattr(type(self), name):
            kind = type(self).__name__
            raise AttributeError(f"{kind}.{name} cannot be changed after construction: make a new {kind}")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        kind = type(self).__name__
        raise AttributeError(f"{kind}.{name} cannot be deleted: make a new {kind}")
