"""What a bisection believes, in words, and its exit code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anisoap_bench.bisect.belief import StepBelief
from anisoap_bench.bisect.search import CERTAIN, Cell, Search

FOUND, UNCHANGED, OPEN = 0, 1, 2
SHOWN = 10
"""Commits in a list."""


def exit_code(search: Search) -> int:
    """0 if one commit is named, 1 if nothing has changed, 2 if that stays open."""
    if search.named:
        return FOUND if search.named.first == search.named.last else OPEN
    return UNCHANGED if search.settled else OPEN


def report(conditions: Mapping[str, Any], search: Search, problem: str = "") -> str:
    """The answer, or what is likely; which other benchmarks changed; what could not be measured."""
    commits = [
        f"{commit[:10]} {subject}"
        for commit, subject in zip(conditions["commits"], conditions["subjects"], strict=True)
    ]
    measured = f"{search.pairs} {'comparisons' if search.certain else 'pairs of processes'}"
    lines = [
        f"bisected: {len(commits) - 1} commits after {commits[0]}",
        f"{conditions['quantity']} of {search.benchmark or f'{len(search.beliefs)} benchmarks'}; {measured}",
        *([f"ended early: {problem}"] if problem else []),
        *_answer(search, commits, conditions["quantity"]),
    ]
    others = [
        name
        for name, belief in search.beliefs.items()
        if name != search.benchmark and belief.probabilities()[-1] <= 1 - CERTAIN
    ]
    lines += [f"changed too, between good and bad: {', '.join(others)}"] if others else []
    lines += [f"not measured: {commits[commit]}: {_first_line(why)}" for commit, why in sorted(search.gaps.items())]
    return "\n".join(lines)


def _answer(search: Search, commits: list[str], quantity: str) -> list[str]:
    named = search.named
    if named:
        how = _size(search, named, quantity) + _chance(search, named.probability)
        if named.first == named.last:
            return [f"changed by {commits[named.last]}{how}"]
        within = [f"  {commits[commit]}" for commit in range(named.first, named.last + 1)]
        return [f"changed by one of these, which nothing tells apart{how}:", *within]
    if search.settled:
        return [f"NOTHING CHANGED between good and bad{_chance(search, search.unchanged)}"]
    likely = sorted(search.cells(), key=lambda cell: -cell.probability)
    if search.certain:
        possible = [cell for cell in likely if cell.probability]
        lines = ["OPEN. What is possible:", *(["  nothing changed"] if search.unchanged else [])]
        lines += [f"  {_span(cell)}{commits[cell.last]}" for cell in possible[:SHOWN]]
        return [*lines, *([f"  {len(possible) - SHOWN} others"] if len(possible) > SHOWN else [])]
    lines, known = ["OPEN. What is likely:", f"  {search.unchanged:6.1%}  nothing changed"], search.unchanged
    for cell in likely[:SHOWN]:
        if known >= CERTAIN:
            break
        lines.append(f"  {cell.probability:6.1%}  {_span(cell)}{commits[cell.last]}")
        known += cell.probability
    return [*lines, *([f"  {1 - known:6.1%}  others"] if known < CERTAIN else [])]


def _span(cell: Cell) -> str:
    return "" if cell.first == cell.last else f"{cell.last - cell.first + 1} commits up to "


def _chance(search: Search, probability: float) -> str:
    """In words, of what scatters."""
    return "" if search.certain else f", probability {probability:.1%}"


def _size(search: Search, cell: Cell, quantity: str) -> str:
    belief = search.beliefs[search.benchmark or ""]
    if quantity == "exit code":
        before, after = (search.answers[pick(search.answers)] for pick in (min, max))
        return f", {quantity} {'not ' if before else ''}0 → {'not ' if after else ''}0"
    if not isinstance(belief, StepBelief):
        return ""
    ratio, low, high = belief.step(cell.last)
    return f", × {ratio:.3f} [{low:.3f}, {high:.3f}]"


def _first_line(words: str) -> str:
    return words.partition("\n")[0]
