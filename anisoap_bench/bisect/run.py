"""One bisection: what is asked, what is measured, and the line that is written after each measurement."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from anisoap_bench.bisect.measure import Gap, Meter, Processes, command, descriptors
from anisoap_bench.bisect.search import Search
from anisoap_bench.commits import select
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import BUILT_FROM
from anisoap_bench.gate.builds import Builds
from anisoap_bench.gate.drive import core_to_use
from anisoap_bench.gate.process import versions
from anisoap_bench.gate.suite import benchmarks_in
from anisoap_bench.git import commit_of, git, shallow_hint
from anisoap_bench.terminal import note
from benchmarks.measure import machine

PREPARE, PAIR = 20.0, 2.5
"""Seconds that a commit and a pair take, before any is known."""


@dataclass(frozen=True)
class Question:
    """What the command is asked: two commits, the benchmark (None: all), and what of it, or a shell command."""

    good: str
    bad: str
    benchmark: str | None
    quantity: str
    command: str | None
    core: int | None


def prepare(question: Question, folder: Path) -> tuple[dict[str, Any], Meter]:
    """The first line of the recording, and what measures; nothing is built or asked yet.

    Of all benchmarks, "names" is still missing in that line: `prepare_ends` finds them.

    Raises
    ------
    CannotMeasure
        If there is no such range of commits or no such benchmark.
    """
    root = Path(git("rev-parse", "--show-toplevel"))
    commits = commits_between(question.good, question.bad, root, [] if question.command else BUILT_FROM)
    described = git("log", "--no-walk=unsorted", "--format=%H %s", *commits, folder=root).split("\n")
    subjects = [line.partition(" ")[2] for line in described]
    conditions: dict[str, Any] = {
        "commits": commits,
        "subjects": subjects,
        "quantity": question.quantity,
        "machine": machine(),
    }
    if question.command:
        conditions |= {"quantity": "exit code", "names": [question.command], "certain": True}
        return conditions, command(root, commits, folder, question.command)
    bad = commit_of(question.bad, root)  # the last of the commits may be an older one with the same wheel
    conditions |= {"benchmarks": bad, "core": core_to_use(question.core), "versions": versions()}
    builds = Builds(root, bad, folder)
    if question.quantity == "error":
        conditions |= {"names": [question.benchmark or "descriptors"], "certain": True}
        return conditions, descriptors(builds, commits, question.benchmark)
    known, problem = benchmarks_in(builds.files, builds.suite / "pytest.ini")
    if question.benchmark not in (None, *known):
        names = ", ".join(sorted(known)) or problem
        raise CannotMeasure(f"no benchmark is called {question.benchmark!r}, but {names}")
    conditions |= {"certain": False, **({"names": [question.benchmark]} if question.benchmark else {})}
    return conditions, Processes(builds, commits, core=conditions["core"], memory=question.quantity == "memory")


def prepare_ends(conditions: Mapping[str, Any], meter: Meter) -> dict[str, Any]:
    """Build or ask good and bad; the whole first line of the recording. CannotMeasure if they cannot be measured."""
    commits, names = conditions["commits"], conditions.get("names", [])
    for name, commit in (("good", 0), ("bad", len(commits) - 1)):
        try:
            meter.prepare(commit, names)
        except Gap as error:
            raise CannotMeasure(f"{name} ({commits[commit][:10]}) cannot be measured: {error}") from error
    if not names and isinstance(meter, Processes):
        names = sorted(set.intersection(*meter.ready.values()))
    if not names:
        raise CannotMeasure("good and bad have no benchmark in common")
    return {**conditions, "names": names}


def commits_between(good: str, bad: str, root: Path, touching: list[str]) -> list[str]:
    """Hashes of the good commit and of those after it, up to the bad one, that touch a path; along first parents.

    Raises
    ------
    CannotMeasure
        If good is not among the first parents of bad, or no commit is left.
    """
    first, last = commit_of(good, root), commit_of(bad, root)
    if first == last:
        raise CannotMeasure(f"{good} and {bad} are the same commit, {first[:10]}")
    line = git("rev-list", "--first-parent", last, folder=root).split()
    if first not in line:
        hint = _hint(first, line, root)
        raise CannotMeasure(f"{good} is not among the first parents of {bad}{hint}")
    return [first, *reversed(select(f"{first}..{last}", root, set(), touching))]


def _hint(good: str, line: Sequence[str], root: Path) -> str:
    """What to do about a good commit that is not on the line of first parents, which begins with the bad commit."""
    before = set(git("rev-list", good, folder=root).split())
    branched = next((commit for commit in line if commit in before), None)
    if branched == line[0]:
        return ": good and bad are swapped?"
    return shallow_hint(root) or (f"; {branched[:10]}, from which it branched off, is" if branched else "")


def search_of(conditions: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Search:
    """What is known from a recording."""
    try:
        commits = dict(zip(conditions["commits"], conditions["subjects"], strict=True))
        search = Search(len(commits) - 1, conditions["names"], certain=conditions["certain"])
    except (KeyError, TypeError, ValueError) as error:
        raise CannotMeasure(f"this is no recording of a bisection: {error!r}") from error
    for line in lines:
        search.take(line)
    return search


def measure(search: Search, meter: Meter, commits: Sequence[str], file: Path, *, end: float, most: int) -> None:
    """Measure what tells most and write it down, until there is an answer, or neither time nor pairs are left.

    CannotMeasure if a measurement fails which a commit was ready for.
    """
    preparing: list[float] = []
    measuring: list[float] = []
    while not search.settled and search.pairs < most and time.monotonic() < end:
        costs = median(preparing or [PREPARE]), median(measuring or [PAIR])
        base, head = search.following(meter.ready, *costs)
        names = [search.benchmark] if search.benchmark else list(search.beliefs)
        line: dict[str, Any] = {}
        for commit in (base, head):
            begin, new = time.monotonic(), commit not in meter.ready
            try:
                meter.prepare(commit, names)
            except Gap as gap:
                note(f"{commits[commit][:10]}: {gap}")  # the report has its first line only
                line = {"gap": commit, "why": str(gap)}
                break
            preparing += [time.monotonic() - begin] if new else []
        if not line:
            begin = time.monotonic()
            values = meter.pair(base, head, names, swapped=search.pairs % 2 == 1)
            measuring.append(time.monotonic() - begin)
            line = {"base": base, "head": head, "values": values}
        search.take(line)  # first: what contradicts the recording stays out of it
        with file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({**line, "at": round(time.time(), 1)}) + "\n")
