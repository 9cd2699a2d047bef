"""Words for whoever started a command, who may have stopped reading."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress


def echo(words: str, *, err: bool = False) -> None:
    """Print a line to standard output, or to standard error; what its encoding lacks becomes a question mark.

    Raises
    ------
    OSError
        If nobody reads it, or the disk is full. From then on the stream goes nowhere: else Python meets the error again
        when it ends, and ends with a code of its own.
    """
    stream = sys.stderr if err else sys.stdout
    if stream is None:  # closed before we began
        return
    encoding = stream.encoding or "utf-8"
    try:
        print(words.encode(encoding, "replace").decode(encoding), file=stream, flush=True)
    except OSError:
        with suppress(OSError, ValueError):  # a stream without a file
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise


def note(words: str) -> None:
    """Print a line to standard error, if anybody reads it."""
    with suppress(OSError):
        echo(words, err=True)


def positive(text: str) -> int:
    """What an option says as an integer from 1 on, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return number


def not_negative(text: str) -> float:
    """What an option says as a number, for argparse."""
    number = float(text)
    if not number >= 0:
        raise argparse.ArgumentTypeError(f"must not be negative, got {text}")
    return number
