"""How far a run is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

import typer

_EVERY = 30.0
"""Seconds from one line to the next."""


class Progress:
    """A context manager to be called with the frames computed, those finished before, and all of them."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._begin = self._told = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: Any) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, done: int, before: int, total: int) -> None:
        """Show it."""
        if done == 0:
            self._begin = self._told = time.monotonic()
            if sys.stderr.isatty():
                from tqdm.auto import tqdm

                self._bar = tqdm(total=total, initial=before, desc="AniSOAP", unit=" frames", unit_scale=True)
            return
        if self._bar is not None:
            self._bar.update(before + done - self._bar.n)
            return
        now = time.monotonic()
        if now - self._told < _EVERY:
            return
        self._told = now
        rate = done / (now - self._begin)
        left = (total - before - done) / rate
        typer.echo(f"anisoap-opt: {before + done} of {total} frames, {rate:.0f} a second, {left:.0f} s left", err=True)
