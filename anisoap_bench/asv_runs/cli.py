"""Measure a range of commits with asv, publish, and print how much was measured.

Exit code 1 if a benchmark failed, 2 if there is not a single result.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path

from anisoap_bench.asv_files import read_results
from anisoap_bench.asv_runs.counts import check_parameters, count
from anisoap_bench.asv_runs.run import machine_name, run
from anisoap_bench.commits import select
from anisoap_bench.dashboard.publish import publish
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.terminal import echo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``history``."""
    parser.add_argument(
        "wanted",
        metavar="RANGE",
        help="as git rev-list takes it (a..b, HEAD^!), a number of commits up to HEAD, ALL, or NEW",
    )
    parser.add_argument("--touching", action="append", metavar="PATH", help="only commits that change this path")
    parser.add_argument("--bench", action="append", type=_pattern, help="regular expression of benchmarks to run")
    parser.add_argument("--results", type=Path, default=Path("results/asv"), help="where asv's results go")
    parser.add_argument("--machine", help="name of this machine in the results; by default its processor")
    parser.add_argument("--again", action="store_true", help="measure also what has results")
    parser.add_argument("--messages", action="store_true", help="show what failed and skipped benchmarks say")
    parser.add_argument(
        "--publish", action=argparse.BooleanOptionalAction, default=True, help="make the dashboard afterwards"
    )
    parser.add_argument("--root", type=Path, default=Path("."), help="the checkout")


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error
    return text


def main(options: argparse.Namespace) -> int:
    """Measure, count and publish."""
    root = options.root.resolve()
    results, machine = root / options.results, options.machine or machine_name()
    measured = {one.commit for one in read_results(results / machine)}
    commits = select(options.wanted, root, measured, options.touching or [])
    if not commits:
        echo(f"nothing new: {len(measured)} commits have results in {results / machine}")
        return 0
    echo(f"{len(commits)} commits, {commits[-1][:8]} to {commits[0][:8]}; results in {results}")
    begin = time.time()
    chosen = [word for pattern in options.bench or [] for word in ("--bench", pattern)]
    chosen += [] if options.again else ["--skip-existing"]
    chosen += ["--show-stderr"] if options.messages else []
    run(root, commits, results, machine, chosen)
    check_parameters(results, machine, commits)
    counts = count(results, machine, commits, begin)
    echo(str(counts))
    if not counts.new + counts.old:
        raise CannotMeasure("not a single benchmark has a result at these commits")
    if options.publish:
        echo(f"published in {publish(root)}")
    return 1 if counts.failed else 0
