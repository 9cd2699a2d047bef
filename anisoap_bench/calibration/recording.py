"""A long recording: one JSON line for each process as soon as its pair has ended, and the pairs read back from them."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.statistics import Floats
from anisoap_bench.json_lines import begin
from anisoap_bench.json_lines import read as read_lines

BASE, TWIN = "a00", "b00"
PLANTED = {"p03": 1.03, "p05": 1.05, "p10": 1.10}
"""Builds slower than their twins, by how much; all names are equally long, as the paths that they become part of."""

BLOCK = 2
"""Pairs of one ABBA block."""

Stream: TypeAlias = dict[str, tuple[Floats, Floats]]
"""By benchmark the seconds of base and of head, arrays of shape [pairs]."""
Measure: TypeAlias = Callable[[str, str], Sequence[Mapping[str, float]]]


@dataclass(frozen=True)
class Recording:
    """What a file holds."""

    conditions: dict[str, Any]  # its first line
    streams: dict[str, Stream]  # by the head's build
    date: str  # of its first process
    seconds_per_pair: float  # the median


def head_of(block: int, every: int) -> str:
    """The head of a block: in every so many a planted one, the kinds in turn; else the twin. 0: none is planted."""
    planted = every and block % every == every - 1
    return list(PLANTED)[block // every % len(PLANTED)] if planted else TWIN


def record(path: Path, conditions: Mapping[str, Any], measure: Measure, *, minutes: float, every: int) -> None:
    """Append blocks of pairs to a recording until the time is over; a block that was cut short is not used.

    The file is made with the conditions as its first line, or continued if that line is the same, else CannotMeasure.
    `measure` runs a pair of processes of two builds, the first of which begins, and gives seconds by benchmark of each.
    """
    end = time.monotonic() + 60 * minutes
    first = max((line["block"] for line in begin(path, conditions)), default=-1) + 1
    with path.open("a", encoding="utf-8") as stream:
        for block in itertools.takewhile(lambda _: time.monotonic() < end, itertools.count(first)):
            head = head_of(block, every)
            for pair in range(BLOCK):
                order = (BASE, head) if pair % 2 == 0 else (head, BASE)
                for build, found in zip(order, measure(*order), strict=True):
                    line = {"block": block, "pair": pair, "head": head, "build": build}
                    rounded = {name: float(f"{seconds:.6g}") for name, seconds in found.items()}
                    stream.write(json.dumps({**line, "at": round(time.time(), 1), "seconds": rounded}) + "\n")
                stream.flush()


def read(path: Path) -> Recording:
    """The pairs of every whole block of a recording.

    Raises
    ------
    CannotMeasure
        If the file is no recording or holds no whole block.
    """
    conditions, lines = read_lines(path)
    blocks: dict[int, list[dict[str, Any]]] = {}
    for line in lines:
        blocks.setdefault(line["block"], []).append(line)
    processes = 2 * BLOCK
    whole = [block for block in blocks.values() if len(block) == processes]
    if not whole:
        raise CannotMeasure(f"{path} holds no whole block of {processes} processes")
    streams: dict[str, dict[str, tuple[list[float], list[float]]]] = {}
    for block in whole:
        for line in block:
            stream = streams.setdefault(line["head"], {})
            for name, seconds in line["seconds"].items():
                stream.setdefault(name, ([], []))[line["build"] != BASE].append(seconds)
    date = time.strftime("%Y-%m-%d", time.gmtime(whole[0][0]["at"]))
    # From the end of a block's first pair to the end of its last.
    pace = float(np.median([(block[-1]["at"] - block[1]["at"]) / (BLOCK - 1) for block in whole]))
    return Recording(conditions, {head: _arrays(path, stream) for head, stream in streams.items()}, date, pace)


def _arrays(path: Path, stream: dict[str, tuple[list[float], list[float]]]) -> Stream:
    lengths = {len(times) for both in stream.values() for times in both}
    if len(lengths) != 1:
        raise CannotMeasure(f"{path}: the benchmarks are not the same in every process")
    return {name: (np.array(base), np.array(head)) for name, (base, head) in stream.items()}


@contextmanager
def load_on(core: int | None) -> Iterator[int | None]:
    """Keep another core busy sorting numbers that do not fit into its cache; nothing if `core` is None.

    Gives the number of the process that does it.
    """
    if core is None:
        yield None
        return
    code = (  # it ends with us, even where we are killed; until then it must not hold our output open
        "import os, numpy as np\na = np.random.default_rng(0).random(2_000_000)\n"
        f"while os.getppid() == {os.getpid()}: np.sort(a)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL) as process:
        try:
            os.sched_setaffinity(process.pid, {core})
            yield process.pid
            if process.poll() is not None:
                raise CannotMeasure(f"the load on core {core} ended by itself: what was recorded is not under load")
        finally:
            process.kill()
