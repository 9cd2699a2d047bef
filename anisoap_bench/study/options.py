"""What several commands of the study ask for."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import workloads


def positive(text: str) -> int:
    """An argument that is an integer from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return number


def add_data(parser: argparse.ArgumentParser) -> None:
    """The option that `data_folder` reads; a variable that is unset may stand for its value."""
    parser.add_argument("--data", nargs="?", const="", default="", help="folder; $DATA_ROOT, else data/")


def data_folder(options: argparse.Namespace) -> Path:
    """Where the files are."""
    return Path(options.data) if options.data else workloads.data_folder()


def add_hypers(parser: argparse.ArgumentParser) -> None:
    """See `workload.hypers_for`."""
    parser.add_argument("--hypers", help="a size like '(9, 6)' or a JSON object; else the system's own")
