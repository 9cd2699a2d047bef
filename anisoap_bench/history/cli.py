"""Measure commits in pairs, each with the one before, and say which of them changed a benchmark.

Exit code 0 if something is known of the commits, 2 if nothing could be measured; changes are told, not judged.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import time
from pathlib import Path

from anisoap_bench.asv_files import configuration
from anisoap_bench.dashboard.publish import publish
from anisoap_bench.files import check_writable, write_whole
from anisoap_bench.gate.builds import Builds
from anisoap_bench.gate.drive import core_to_use
from anisoap_bench.gate.process import interruptible, temporary_folder, versions, versions_of
from anisoap_bench.gate.worker import has_text
from anisoap_bench.git import commit_of
from anisoap_bench.history.book import RECORDINGS, Book, read_book
from anisoap_bench.history.line import FirstParents
from anisoap_bench.history.measure import OutOfTime, Session
from anisoap_bench.history.plan import is_complete
from anisoap_bench.history.report import as_json, report
from anisoap_bench.history.store import store
from anisoap_bench.json_lines import alone_with, begin
from anisoap_bench.machines import machine_name
from anisoap_bench.terminal import echo, not_negative, note


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``history``."""
    parser.add_argument(
        "wanted",
        nargs="?",
        default="NEW",
        metavar="RANGE",
        help="as git rev-list takes it (a..b, HEAD^!), a number of commits up to HEAD, ALL, or NEW: after the newest "
        "one measured, or the last ten at first (default); of these the ones that change what a wheel is built from",
    )
    parser.add_argument(
        "--only",
        default="",
        metavar="TEXT",
        help="measure the benchmarks with this, or one of these with commas between, in their name",
    )
    parser.add_argument("--minutes", type=not_negative, default=math.inf, help="begin nothing after so many")
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
    root, machine = options.root.resolve(), options.machine or machine_name()
    file = options.recording or root / RECORDINGS / f"{machine}.jsonl"
    config = configuration(root)
    if options.replay:
        return _tell(read_book(file), options)
    line = FirstParents(root, list(config["matrix"]["req"]))
    book = Book(begin(file, {"history of": config["project"], "machine": machine}))
    if gone := book.keep(line.numbers):
        note(f"left out: {len(gone)} recorded commits that are not among the first parents of HEAD, as {gone[0][:10]}")
    names = [name for name in book.benchmarks if has_text(name, options.only)]
    measured = {one.hash for one in book.commits if is_complete(book, one.hash, names)}
    commits = line.select(options.wanted, measured)
    commits += [one.hash for one in book.commits if commits and one.number > line.numbers[commits[-1]]][:1]
    try:
        if commits:
            note(f"{len(commits)} commits, {commits[0][:10]} to {commits[-1][:10]}; recording {file}")
            _measure(book, file, line, commits, options)
        else:
            note(f"nothing new: {len(measured)} commits are in {file}")
    except OutOfTime:
        note("out of time: the same command goes on from here")
    finally:  # what was measured is kept and told, whatever has ended it
        if book.num_pairs:
            store(book, root / options.results, machine, root)
        code = _tell(book, options)
    if options.publish and commits:
        echo(f"published in {publish(root)}")
    return code


def _measure(book: Book, file: Path, line: FirstParents, commits: list[str], options: argparse.Namespace) -> None:
    end = time.monotonic() + 60 * options.minutes
    core = core_to_use(options.core)
    note(f"on core {core}; {versions()}")
    # What was compiled by other versions is no use.
    kept = line.root / ".gate" / "builds" / hashlib.sha256(repr(versions_of(line.libraries)).encode()).hexdigest()[:10]
    with interruptible(), alone_with(file), temporary_folder() as folder:
        builds = Builds(line.root, commit_of("HEAD", line.root), folder, kept)
        Session(book, file, line, builds, core=core, end=end, only=options.only).measure(commits)
        builds.forget_all_but(book.commits[0].hash, book.commits[-1].hash)


def _tell(book: Book, options: argparse.Namespace) -> int:
    words = report(book)
    for path, content in ((options.markdown, words), (options.json, as_json(book))):
        if path:
            write_whole(path, content)
    echo(words)
    return 0 if book.num_pairs else 2
