"""How the commands say what happens, and what went wrong."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer


@contextmanager
def messages_on_stderr() -> Iterator[None]:
    """Each different warning, and what the package logs, is a line on stderr."""
    told = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        if str(message) not in told:
            told.add(str(message))
            typer.echo(f"anisoap-opt: {message}", err=True)

    handler, logger = logging.StreamHandler(), logging.getLogger("anisoap_opt")
    handler.setFormatter(logging.Formatter("anisoap-opt: %(message)s"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = show
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextmanager
def errors_as_exit_code_2() -> Iterator[None]:
    """Bad input ends with a sentence and exit code 2, not with a traceback."""
    try:
        yield
    except (ValueError, TypeError, NotImplementedError, ImportError, OSError, MemoryError) as error:
        typer.echo(f"anisoap-opt: {error}", err=True)
        raise typer.Exit(2) from error


def number_of(count: int, what: str) -> str:
    """So many things, as "1 block" and "2 blocks"."""
    return f"{count} {what}{'' if count == 1 else 's'}"
