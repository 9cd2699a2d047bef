"""Measure commits in pairs, each with the one before, and say which of them changed a benchmark.

Exit code 0 if something is known of the commits, 2 if nothing could be measured; changes are told, not judged.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

from anisoap_bench.asv_files import configuration
from anisoap_bench.commits import select
from anisoap_bench.dashboard.publish import publish
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import check_writable, write_whole
from anisoap_bench.gate.build import BUILT_FROM
from anisoap_bench.gate.builds import Builds
from anisoap_bench.gate.drive import core_to_use
from anisoap_bench.gate.process import interruptible, temporary_folder, versions
from anisoap_bench.git import commit_of, git
from anisoap_bench.history.book import Book
from anisoap_bench.history.measure import OutOfTime, Session
from anisoap_bench.history.report import as_json, report
from anisoap_bench.history.store import store
from anisoap_bench.json_lines import begin, read
from anisoap_bench.machines import machine_name
from anisoap_bench.terminal import echo, note

RECORDINGS = Path("results/history")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``history``."""
    parser.add_argument(
        "wanted",
        nargs="?",
        default="NEW",
        metavar="RANGE",
        help="as git rev-list takes it (a..b, HEAD^!), a number of commits up to HEAD, ALL, or NEW (default); of these "
        "the ones that change what a wheel is built from",
    )
    parser.add_argument(
        "--only",
        default="",
        metavar="TEXT",
        help="measure the benchmarks with this, or one of these with commas between, in their name",
    )
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin nothing after so many")
    parser.add_argument("--core", type=int, help="core that is measured on; the last one unless given")
    parser.add_argument("--machine", help="name of this machine in the results; by default its processor")
    parser.add_argument("--recording", type=Path, metavar="FILE", help=f"(default: MACHINE.jsonl in {RECORDINGS})")
    parser.add_argument("--replay", action="store_true", help="measure nothing: what does the recording say?")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the report there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write changes and levels there")
    parser.add_argument("--results", type=Path, default=Path("results/asv"), help="where asv's results go")
    parser.add_argument(
        "--publish", action=argparse.BooleanOptionalAction, default=True, help="make the dashboard afterwards"
    )
    parser.add_argument("--root", type=Path, default=Path("."), help="the checkout")


def main(options: argparse.Namespace) -> int:
    """Measure, or replay; then store and report what is known, whatever has ended it."""
    for path in filter(None, (options.markdown, options.json)):
        check_writable(path)
    if not options.minutes >= 0:
        raise CannotMeasure(f"--minutes cannot be {options.minutes:g}")
    root, machine = options.root.resolve(), options.machine or machine_name()
    file = options.recording or root / RECORDINGS / f"{machine}.jsonl"
    if options.replay:
        return _tell(Book(read(file)[1]), options)
    book = Book(begin(file, {"history of": configuration(root)["project"], "machine": machine}))
    measured = {one.hash for one in book.commits if not one.gap}
    commits = _select(options.wanted, root, measured)
    if not commits:
        echo(f"nothing new: {len(measured)} commits are in {file}")
        return 0
    note(f"{len(commits)} commits, {commits[0][:10]} to {commits[-1][:10]}; recording {file}")
    end = time.monotonic() + 60 * options.minutes
    core, words = core_to_use(options.core), "all is measured"
    note(f"on core {core}; {versions()}")
    problem: CannotMeasure | KeyboardInterrupt | None = None
    try:
        with interruptible(), temporary_folder() as folder:
            builds = Builds(root, commit_of("HEAD", root), folder, kept=root / ".gate" / "builds")
            Session(book, file, builds, core=core, end=end, only=options.only).measure(commits)
            builds.forget_all_but(commits[0], commits[-1])
    except OutOfTime:
        words = "out of time: the same command goes on from here"
    except CannotMeasure as error:
        problem, words = error, f"stopped: {error}"
    except KeyboardInterrupt as error:
        problem, words = error, "interrupted: the same command goes on from here"
    note(words)
    if book.pairs or book.amounts:
        store(book, root / options.results, machine, root)
    code = _tell(book, options)
    if problem is not None:
        raise problem
    if options.publish:
        echo(f"published in {publish(root)}")
    return code


def _select(wanted: str, root: Path, measured: set[str]) -> list[str]:
    """Commits of a range that change what a wheel is built from, the oldest first, after the one before them."""
    try:
        commits = select(wanted, root, measured, BUILT_FROM)[::-1]
    except CannotMeasure:
        select(wanted, root, measured, [])  # there is no such range, or nothing in it changes a wheel
        return []
    before = git("rev-list", "--first-parent", commits[0], "--", *BUILT_FROM, folder=root).split() if commits else []
    return [*before[1:2], *commits]


def _tell(book: Book, options: argparse.Namespace) -> int:
    words = report(book)
    for path, content in ((options.markdown, words), (options.json, as_json(book))):
        if path:
            write_whole(path, content)
    echo(words)
    return 0 if book.pairs else 2
