"""What a bisection believes, in words, and its exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anisoap_bench.bisect.search import CERTAIN, Cell, Search

FOUND, UNCHANGED, OPEN = 0, 1, 2
SHOWN = 10
"""Commits in a list."""
NOTHING = "NOTHING CHANGED between good and bad"


def exit_code(search: Search) -> int:
    """0 if one commit is named, 1 if nothing has changed, 2 if that stays open."""
    if search.named:
        return FOUND if search.named.first == search.named.last else OPEN
    return UNCHANGED if search.settled else OPEN


def report(search: Search, subjects: Mapping[str, str], quantity: str, problem: str = "") -> str:
    """The answer, or what is likely; which other benchmarks changed; what could not be measured.

    Commits are given with their subjects, in order.
    """
    commits = _titles(subjects)
    lines = [
        f"bisected: {len(commits) - 1} commits after {commits[0]}",
        f"{quantity} of {search.benchmark or f'{len(search.beliefs)} benchmarks'}; {search.pairs} pairs of processes",
        *([f"ended early: {problem}"] if problem else []),
        *_answer(search, commits),
    ]
    others = [
        name
        for name, belief in search.beliefs.items()
        if name != search.benchmark and belief.probabilities()[-1] <= 1 - CERTAIN
    ]
    lines += [f"changed too, between good and bad: {', '.join(others)}"] if others else []
    lines += [_gap(commits[commit], why) for commit, why in sorted(search.gaps.items())]
    return "\n".join(lines)


def report_certain(subjects: Mapping[str, str], culprits: Sequence[str], gaps: Mapping[str, str]) -> tuple[int, str]:
    """The exit code, and the answer of what does not scatter."""
    titles = dict(zip(subjects, _titles(subjects), strict=True))
    lines = [f"bisected: {len(titles) - 1} commits after {next(iter(titles.values()))}"]
    lines += _changed_by([titles[one] for one in culprits], "") if culprits else [NOTHING]
    lines += [_gap(titles[commit], why) for commit, why in gaps.items()]
    return (FOUND if len(culprits) == 1 else OPEN if culprits else UNCHANGED), "\n".join(lines)


def _answer(search: Search, commits: list[str]) -> list[str]:
    if named := search.named:
        ratio, low, high = search.beliefs[search.benchmark or ""].step(named.last)
        how = f", × {ratio:.3f} [{low:.3f}, {high:.3f}], probability {named.probability:.1%}"
        return _changed_by(commits[named.first : named.last + 1], how)
    if search.settled:
        return [f"{NOTHING}, probability {search.unchanged:.1%}"]
    likely = sorted(search.cells(), key=lambda cell: -cell.probability)
    lines, known = ["OPEN. What is likely:", f"  {search.unchanged:6.1%}  nothing changed"], search.unchanged
    for cell in likely[:SHOWN]:
        if known >= CERTAIN:
            break
        lines.append(f"  {cell.probability:6.1%}  {_span(cell)}{commits[cell.last]}")
        known += cell.probability
    return [*lines, *([f"  {1 - known:6.1%}  others"] if known < CERTAIN else [])]


def _changed_by(commits: Sequence[str], how: str) -> list[str]:
    if len(commits) == 1:
        return [f"changed by {commits[0]}{how}"]
    return [f"changed by one of these, which nothing tells apart{how}:", *(f"  {one}" for one in commits)]


def _titles(subjects: Mapping[str, str]) -> list[str]:
    return [f"{commit[:10]} {subject}" for commit, subject in subjects.items()]


def _span(cell: Cell) -> str:
    return "" if cell.first == cell.last else f"{cell.last - cell.first + 1} commits up to "


def _gap(commit: str, why: str) -> str:
    """With the first line of the reason."""
    return f"not measured: {commit}: {why.partition(chr(10))[0]}"
