"""Name the commit that changed a benchmark, between a good one and a bad one.

Exit code 0: one commit is named, with a probability of 99 %. 1: nothing has changed. 2: it stays open, more than one
commit is left that nothing tells apart, or nothing could be measured.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import time
from pathlib import Path
from typing import Any

from anisoap_bench.bisect.measure import Answers
from anisoap_bench.bisect.report import exit_code, report
from anisoap_bench.bisect.run import Question, measure, prepare, prepare_ends, search_of
from anisoap_bench.bisect.search import Search
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.process import interruptible, temporary_folder
from anisoap_bench.json_lines import begin, check, read
from anisoap_bench.terminal import echo, note

MOST = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``bisect``."""
    parser.add_argument("--good", metavar="COMMIT", help="before the change")
    parser.add_argument("--bad", default="HEAD", metavar="COMMIT", help="after it (default: HEAD)")
    parser.add_argument(
        "--benchmark",
        metavar="NAME",
        help="as the gate names it (default: of all, the first that has changed for certain); of --quantity error, "
        "a text in the names of the checks, as 'numba float64'",
    )
    parser.add_argument("--quantity", choices=["time", "memory", "error"], help="(default: time)")
    parser.add_argument("--command", metavar="WORDS", help="run in each commit's files: 0 or not, 125: cannot tell")
    parser.add_argument("--recording", type=Path, metavar="FILE", help="to make or to continue (default: in .gate)")
    parser.add_argument("--replay", action="store_true", help="measure nothing: what does the recording say?")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin nothing after so many")
    parser.add_argument("--pairs", type=int, default=MOST, help=f"measure so many at most (default: {MOST})")
    parser.add_argument("--core", type=int, help="core that is measured on; the last one unless given")


def main(options: argparse.Namespace) -> int:
    """Measure, or replay; then report, whatever has ended it."""
    _check(options)
    end = time.monotonic() + 60 * options.minutes
    conditions: dict[str, Any] = {}
    if options.replay:
        if options.recording is None:
            raise CannotMeasure("--replay needs --recording FILE")
        conditions, lines = read(options.recording)
        return _tell(conditions, search_of(conditions, lines))
    if options.good is None:
        raise CannotMeasure("--good COMMIT is needed")
    quantity = options.quantity or "time"
    question = Question(options.good, options.bad, options.benchmark, quantity, options.command, options.core)
    search, problem = None, ""
    try:
        with interruptible(), temporary_folder() as folder:
            conditions, meter = prepare(question, folder)
            file = options.recording or _default_file(conditions)
            check(file, conditions)
            conditions = prepare_ends(conditions, meter)
            known = search_of(conditions, begin(file, conditions))
            if isinstance(meter, Answers):
                known.take_answers(meter.ready)
            search = known
            note(f"recording {file}")
            measure(search, meter, conditions["commits"], file, end=end, most=options.pairs)
    except CannotMeasure as error:
        problem = str(error)
    except KeyboardInterrupt:
        problem = "interrupted"
    if search is None:
        raise CannotMeasure(problem)
    return _tell(conditions, search, problem)


def _check(options: argparse.Namespace) -> None:
    """CannotMeasure if options mean nothing, or not together."""
    if options.command is not None:
        if not options.command.strip():
            raise CannotMeasure("--command needs the words of a command")
        if options.benchmark is not None or options.quantity is not None:
            raise CannotMeasure("--command goes without --benchmark and --quantity")
    if not options.minutes >= 0:
        raise CannotMeasure(f"--minutes cannot be {options.minutes:g}")
    if options.pairs < 1:
        raise CannotMeasure(f"--pairs cannot be {options.pairs}")


def _tell(conditions: dict[str, Any], search: Search, problem: str = "") -> int:
    echo(report(conditions, search, problem))
    return exit_code(search)


def _default_file(conditions: dict[str, Any]) -> Path:
    first, *_, last = conditions["commits"]
    what = "".join(conditions.get("names", []))  # one, or all
    if conditions["certain"]:  # any text
        what = f"-{hashlib.sha256(what.encode()).hexdigest()[:10]}"
    return Path(".gate", "bisect", f"{first[:10]}-{last[:10]}-{conditions['quantity'].replace(' ', '-')}{what}.jsonl")
