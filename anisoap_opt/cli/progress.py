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
        self._first = 0  # frames of the first block

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: Any) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, done: int, before: int, total: int) -> None:
        """Show it."""
        if done == 0:
            self._first, self._told = 0, time.monotonic()
            if sys.stderr.isatty():
                from tqdm.auto import tqdm

                self._bar = tqdm(total=total, initial=before, desc="AniSOAP", unit=" frames", unit_scale=True)
            return
        now = time.monotonic()
        if not self._first:  # compiling takes its time: rates are those of what follows
            self._first, self._begin = done, now
            if self._bar is not None:
                self._bar.initial = self._bar.n = self._bar.last_print_n = before + done
                self._bar.unpause()
                self._bar.refresh()
        if self._bar is not None:
            self._bar.update(before + done - self._bar.n)
            return
        if now - self._told < _EVERY:
            return
        self._told = now
        speed = ""
        if done > self._first and now > self._begin:
            rate = (done - self._first) / (now - self._begin)
            speed = f", {rate:.0f} a second, {(total - before - done) / rate:.0f} s left"
        typer.echo(f"anisoap-opt: {before + done} of {total} frames{speed}", err=True)
