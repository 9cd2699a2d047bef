"""Compare head with base: exit code 0 if it is as good, 1 if slower, hungrier or wrong, 2 if that stays open."""

from __future__ import annotations

import argparse
import time
import traceback
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import check_writable, write_whole
from anisoap_bench.gate import report
from anisoap_bench.gate.compare import compare_commits
from anisoap_bench.gate.drive import core_to_use
from anisoap_bench.gate.process import interruptible, temporary_folder, versions
from anisoap_bench.gate.result import NOT_MEASURED, REGRESSION, GateResult
from anisoap_bench.gate.sequence import MINUTES
from anisoap_bench.git import changed_files, commit_of, git, shallow_hint
from anisoap_bench.terminal import echo, not_negative, note
from benchmarks.measure import machine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``gate``."""
    parser.add_argument("--base", default="main", help="commit to compare with (default: main)")
    parser.add_argument("--head", default="HEAD", help="commit to judge (default: HEAD)")
    parser.add_argument("--allow-dirty", action="store_true", help="judge the working tree's files in place of HEAD's")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the report there, for a comment")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument("--override", action="store_true", help="accept a slower head; wrong numbers still block")
    parser.add_argument("--core", type=int, help="core that is measured on; the last one unless given")
    parser.add_argument(
        "--only",
        default="",
        metavar="TEXT",
        help="measure the benchmarks with this, or one of these with commas between, in their name",
    )
    parser.add_argument(
        "--minutes",
        type=not_negative,
        default=MINUTES,
        help=f"begin no pairs that would end later, but for the first 8 (default: {MINUTES:g})",
    )


def main(options: argparse.Namespace) -> int:
    """Compare and report; the exit code of the result, and 2 for one that passed where a report cannot be written."""
    begin = time.monotonic()
    result = GateResult(options.base, options.head, override=options.override, only=options.only)
    try:
        with interruptible():
            for path in filter(None, (options.markdown, options.json)):
                check_writable(path)
            with closing(_compare(result, options, deadline=begin + 60 * options.minutes)) as steps:
                for found in steps:
                    result = found  # the last one is what is known when something ends them early
    except CannotMeasure as error:
        result = replace(result, message=str(error))
    except KeyboardInterrupt:
        result = replace(result, message="interrupted")
    except Exception as error:  # Python's own exit code for it is 1, which would say that head is slower
        note(traceback.format_exc())
        result = replace(result, message=f"{type(error).__name__}: {error}")
    took = f"{(time.monotonic() - begin) / 60:.1f} min"
    result = replace(result, environment={**result.environment, "took": took})
    told = _tell(result, options.markdown, options.json)
    return result.exit_code if told or result.exit_code == REGRESSION else NOT_MEASURED


def _tell(result: GateResult, markdown: Path | None, json_file: Path | None) -> bool:
    """Write and print the report, each whatever becomes of the others; whether all could be done."""
    told = True
    for write, show in (
        (markdown and partial(write_whole, markdown), report.markdown),
        (json_file and partial(write_whole, json_file), report.as_json),
        (echo, report.terminal),
    ):
        try:
            if write:
                write(show(result))
        except (CannotMeasure, OSError, UnicodeError) as error:  # a full disk, an unread pipe, a name that is no text
            told = False
            note(f"the report cannot be written: {error}")
    return told


def _compare(asked: GateResult, options: argparse.Namespace, deadline: float) -> Generator[GateResult, None, None]:
    root = Path(git("rev-parse", "--show-toplevel"))
    before, after = commit_of(asked.base, root), commit_of(asked.head, root)
    dirty = _is_dirty(root, after, options.allow_dirty)
    if before == after and not dirty and asked.base != asked.head:  # who names it twice wants to see the gate at work
        raise CannotMeasure(
            f"{asked.base} and {asked.head} are the same commit, {before[:10]}: there is nothing to compare"
            f"{shallow_hint(root)}"
        )
    core = core_to_use(options.core)
    conditions = {
        "machine": machine(),
        "core": "not pinned" if core is None else core,
        "versions": versions(),
        **({"head": "the files of the working tree, with changes that are not committed"} if dirty else {}),
    }
    started = replace(asked, base=before, head=after, environment=conditions)
    yield started
    with temporary_folder() as folder:
        yield from compare_commits(started, root, folder, dirty=dirty, core=core, deadline=deadline)


def _is_dirty(root: Path, head: str, allowed: bool) -> bool:
    """Whether to measure the working tree; refuses what would silently leave changes out."""
    checked_out = head == commit_of("HEAD", root)
    if allowed and not checked_out:
        raise CannotMeasure("--allow-dirty measures the working tree, so that head has to be the commit checked out")
    changed = changed_files(root) if checked_out else []
    if changed and not allowed:
        names = ", ".join(changed[:5]) + (", …" if len(changed) > 5 else "")
        raise CannotMeasure(f"there are changes that are not committed ({names}): commit them, or use --allow-dirty")
    return bool(changed)
