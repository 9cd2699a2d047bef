"""Says that the kernels are being compiled, at the moment when they are: from the disk they are there at once."""

# mypy: disable-error-code="no-untyped-call,import-untyped"

from __future__ import annotations

import logging
from typing import Any

from numba.core import event

PACKAGE = __name__.partition(".")[0]


class _Announcer(event.Listener):
    """Tells Numba's event of the first function of this package that it compiles in this process."""

    told = False

    def on_start(self, event: Any) -> None:
        if not self.told and (event.data["dispatcher"].py_func.__module__ or "").partition(".")[0] == PACKAGE:
            self.told = True
            logging.getLogger(PACKAGE).info("compiling the backend 'numba' for this machine, which takes some seconds")

    def on_end(self, event: Any) -> None:
        pass


def listen() -> None:
    """Log a line, level INFO, when the first function is compiled; one that is loaded from the disk is not."""
    event.register("numba:compile", _Announcer())
