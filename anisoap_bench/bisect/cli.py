"""Name the commit that changed a benchmark, between a good one and a bad one.

Exit code 0: one commit is named, by what scatters with a probability of 99 %. 1: nothing has changed. 2: it stays open,
more than one commit is left that nothing tells apart, or nothing could be measured.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import time
from pathlib import Path
from typing import Any

from anisoap_bench.bisect import certain
from anisoap_bench.bisect.report import OPEN, exit_code, report, report_certain
from anisoap_bench.bisect.run import Bisection
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.builds import Builds
from anisoap_bench.gate.drive import core_to_use
from anisoap_bench.gate.process import interruptible, temporary_folder, versions
from anisoap_bench.git import commit_of, git
from anisoap_bench.history.line import FirstParents
from anisoap_bench.history.measure import OutOfTime, Session
from anisoap_bench.json_lines import alone_with, begin, read
from anisoap_bench.terminal import echo, not_negative, note, positive
from benchmarks.measure import machine

MOST = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``bisect``."""
    parser.add_argument("--good", metavar="COMMIT", help="before the change")
    parser.add_argument("--bad", default="HEAD", metavar="COMMIT", help="after it (default: HEAD)")
    parser.add_argument(
        "--benchmark",
        default="",
        metavar="NAME",
        help="as the gate names it (default: of all, the first that has changed for certain); of --quantity error, "
        "a text in the names of the checks, as 'numba float64'",
    )
    parser.add_argument("--quantity", choices=["time", "memory", "error"], default="time", help="(default: time)")
    parser.add_argument("--command", metavar="WORDS", help="run in each commit's files: 0 or not, 125: cannot tell")
    parser.add_argument("--recording", type=Path, metavar="FILE", help="to make or to continue (default: in .gate)")
    parser.add_argument("--replay", action="store_true", help="measure nothing: what does the recording say?")
    parser.add_argument("--minutes", type=not_negative, default=math.inf, help="begin nothing after so many")
    parser.add_argument("--pairs", type=positive, default=MOST, help=f"measure so many at most (default: {MOST})")
    parser.add_argument("--core", type=int, help="core that is measured on; the last one unless given")


def main(options: argparse.Namespace) -> int:
    """Measure, or replay; then report, whatever has ended it."""
    if options.replay:
        if options.recording is None:
            raise CannotMeasure("--replay needs --recording FILE")
        return _tell(Bisection(*read(options.recording)))
    if options.good is None:
        raise CannotMeasure("--good COMMIT is needed")
    if options.command is not None and (options.benchmark or options.quantity != "time"):
        raise CannotMeasure("--command goes without --benchmark and --quantity")
    root = Path(git("rev-parse", "--show-toplevel"))
    bad = commit_of(options.bad, root)
    line = FirstParents(root, [], bad)
    commits = commits_between(options.good, line, only_changing=options.command is None)
    described = git("log", "--no-walk=unsorted", "--format=%H %s", *commits, folder=root).split("\n")
    subjects = {commit: subject for commit, _, subject in (one.partition(" ") for one in described)}
    with interruptible(), temporary_folder() as folder:
        if options.command is None and options.quantity != "error":
            return _bisect(options, line, subjects, folder)
        ask = (
            certain.descriptors(Builds(root, bad, folder), commits[0], options.benchmark)
            if options.command is None
            else certain.command(root, folder, options.command)
        )
        code, words = report_certain(subjects, *certain.halve(commits, ask))
    echo(words)
    return code


def commits_between(good: str, line: FirstParents, *, only_changing: bool) -> list[str]:
    """Hashes of the good commit and of those after it on a line, perhaps only those that can change a benchmark.

    Raises
    ------
    CannotMeasure
        If good is not on the line, or no commit is left.
    """
    first = commit_of(good, line.root)
    if first not in line.numbers:
        fork = git("merge-base", first, line.newest, folder=line.root)
        hint = "good and bad are swapped?" if fork == line.newest else f"it branched off at {fork[:10]}"
        raise CannotMeasure(f"{good} is not among the first parents of {line.newest[:10]}: {hint}")
    after = [
        one for one in (line.changing if only_changing else line.numbers) if line.numbers[one] > line.numbers[first]
    ]
    if not after:
        raise CannotMeasure(f"no commit after {good} up to {line.newest[:10]} can have changed anything")
    return [first, *after]


def _bisect(options: argparse.Namespace, line: FirstParents, subjects: dict[str, str], folder: Path) -> int:
    core = core_to_use(options.core)
    conditions: dict[str, Any] = {
        "commits": list(subjects),
        "subjects": list(subjects.values()),
        "quantity": options.quantity,
        "benchmark": options.benchmark,
        "benchmarks": line.newest,  # the last of the commits may be an older one with the same wheel
        "machine": machine(),
        "core": core,
        "versions": versions(),
    }
    key = hashlib.sha256(repr(conditions).encode()).hexdigest()[:10]
    file = options.recording or Path(".gate", "bisect", f"{options.benchmark or 'all'}-{options.quantity}-{key}.jsonl")
    bisection = Bisection(conditions, begin(file, conditions))
    note(f"recording {file}")
    end = time.monotonic() + 60 * options.minutes
    session = Session(
        bisection.book,
        file,
        line,
        Builds(line.root, line.newest, folder),
        core=core,
        end=end,
        only=options.benchmark,
        memory=options.quantity == "memory",
    )
    problem: object = ""
    with alone_with(file):
        try:
            bisection.measure(session, most=options.pairs)
        except OutOfTime:
            problem = "out of time"
        except CannotMeasure as error:
            problem = error
        except KeyboardInterrupt:
            problem = "interrupted"
    if problem and not (bisection.search and bisection.search.pairs):
        raise CannotMeasure(str(problem))
    return _tell(bisection, str(problem))


def _tell(bisection: Bisection, problem: str = "") -> int:
    if bisection.search is None:
        echo("nothing is measured yet")
        return OPEN
    echo(report(bisection.search, bisection.subjects, bisection.quantity, problem))
    return exit_code(bisection.search)
