"""A long recording of pairs: lines as a history's, with the names of builds in place of commits."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Process
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.pairs import Values
from anisoap_bench.gate.statistics import Floats
from anisoap_bench.json_lines import append, begin
from anisoap_bench.json_lines import read as read_lines

BASE, TWIN = "a00", "b00"
PLANTED = {"p03": 1.03, "p05": 1.05, "p10": 1.10}
"""Builds slower than their twins, by how much; all names are equally long, as the paths that they become part of."""

BLOCK = 2
"""Pairs of one ABBA block."""

Stream: TypeAlias = dict[str, Floats]
"""By benchmark the seconds of base and of head, shape [2, pairs]."""
Measure: TypeAlias = Callable[[str, bool], Values]
"""Given the head's build and whether it is the first, what one pair measured."""


@dataclass(frozen=True)
class Recording:
    """What a file holds."""

    conditions: dict[str, Any]  # its first line
    streams: dict[str, Stream]  # by the head's build
    date: str  # of its first pair
    seconds_per_pair: float  # the median


def head_of(block: int, every: int) -> str:
    """The head of a block: in every so many a planted one, the kinds in turn; else the twin. 0: none is planted."""
    planted = every and block % every == every - 1
    return list(PLANTED)[block // every % len(PLANTED)] if planted else TWIN


def record(path: Path, conditions: Mapping[str, Any], measure: Measure, *, minutes: float, every: int) -> None:
    """Append blocks of pairs to a recording until the time is over.

    The file is made with the conditions as its first line, or continued if that line is the same, else CannotMeasure.
    """
    end = time.monotonic() + 60 * minutes
    lines = begin(path, conditions)
    head = lines[-1]["head"] if lines else ""
    for number in itertools.takewhile(lambda _: time.monotonic() < end, itertools.count(len(lines))):
        block, pair = divmod(number, BLOCK)
        head = head if pair else head_of(block, every)
        measured = measure(head, pair % 2 == 1)
        values = {name: [float(f"{seconds:.6g}") for seconds in both] for name, both in measured.items()}
        append(path, json.dumps({"base": BASE, "head": head, "values": values, "at": round(time.time(), 1)}))


def read(path: Path) -> Recording:
    """The pairs of a recording.

    Raises
    ------
    CannotMeasure
        If the file is no such recording, or not of the same benchmarks throughout, or has no two pairs.
    """
    conditions, lines = read_lines(path)
    if len(lines) < BLOCK:
        raise CannotMeasure(f"{path} holds no whole block of {BLOCK} pairs")
    if "load" not in conditions or any(not isinstance(line, dict) or "values" not in line for line in lines):
        raise CannotMeasure(f"{path} is no recording of the gate's calibration")
    seconds: dict[str, dict[str, list[list[float]]]] = {}
    for line in lines:
        for name, both in line["values"].items():
            seconds.setdefault(line["head"], {}).setdefault(name, []).append(both)
    if any(line["values"].keys() != lines[0]["values"].keys() for line in lines):
        raise CannotMeasure(f"{path}: the benchmarks are not the same in every pair")
    streams = {head: {name: np.array(pairs).T for name, pairs in found.items()} for head, found in seconds.items()}
    date = time.strftime("%Y-%m-%d", time.gmtime(lines[0]["at"]))
    pace = float(np.median(np.diff([line["at"] for line in lines])[::BLOCK]))  # within blocks
    return Recording(conditions, streams, date, pace)


@contextmanager
def load_on(core: int | None) -> Iterator[int | None]:
    """Keep another core busy sorting numbers that do not fit into its cache; nothing if `core` is None.

    Gives the number of the process that does it.
    """
    if core is None:
        yield None
        return
    process = Process(target=_sort, args=(os.getpid(),))
    process.start()
    try:
        os.sched_setaffinity(process.pid or 0, {core})
        yield process.pid
        if not process.is_alive():
            raise CannotMeasure(f"the load on core {core} ended by itself: what was recorded is not under load")
    finally:
        process.kill()
        process.join()


def _sort(parent: int) -> None:
    """As long as the parent lives, be it that it is killed."""
    numbers = np.random.default_rng(0).random(2_000_000)
    while os.getppid() == parent:
        np.sort(numbers)
