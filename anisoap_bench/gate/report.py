"""A result of the gate for the terminal, for a comment on the pull request and as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable

from anisoap_bench.gate.result import NOT_MEASURED, PASS, Amount, Comparison, GateResult
from benchmarks import table

MARKER = "<!-- anisoap-gate -->"
"""First line of the Markdown, by which the workflow finds the comment that it wrote before."""

OVERRIDE = "perf-regression-ok"
TIMES = ["benchmark", "head/base", "95 % interval", "p", "pairs", "verdict"]
AMOUNTS = ["benchmark", "quantity", "base", "head", "head/base", "verdict"]


def terminal(result: GateResult) -> str:
    """The whole report as plain text, the outcome last."""
    return f"{_text(result, str, padded=True)}\n{headline(result)}\n"


def markdown(result: GateResult) -> str:
    """The report as a comment; its first line is `MARKER`."""
    title = f"{MARKER}\n## {one_line(headline(result))}\n\n"
    return title + _text(result, lambda words: one_line(words).replace("|", "&#124;"), padded=False)


def _text(result: GateResult, clean: Callable[[str], str], *, padded: bool) -> str:
    lines = [
        f"base `{result.base[:10]}`, head `{result.head[:10]}`",
        "",
        *(f"- {clean(one)}" for one in _words(result)),
    ]
    for title, head, rows in _tables(result):
        lines += ["", f"### {title}", "", table.markdown(head, [list(map(clean, row)) for row in rows], padded=padded)]
    lines += ["", *(f"- {name}: {clean(str(value))}" for name, value in result.environment.items())]
    return "\n".join(lines) + "\n"


def as_json(result: GateResult) -> str:
    """Everything as JSON."""
    codes = {"exit_code": result.exit_code, "performance_code": result.performance_code}
    return json.dumps({**dataclasses.asdict(result), **codes, "headline": headline(result)}, indent=1) + "\n"


def headline(result: GateResult) -> str:
    """The outcome in one line."""
    if result.wrong:
        return f"FAILED: wrong results ({_names(check.name for check in result.wrong)})"
    if not result.measured:
        return "NOT MEASURED: nothing can be said"
    if result.override and result.performance_code != PASS:
        return f"PASSED by --override (label {OVERRIDE}): {_trouble(result)}"
    if result.exit_code == PASS:
        part = f" of what has {result.only!r} in its name" if result.only else ""
        return f"PASSED: same results, nothing slower{part}"
    return f"{'UNDECIDED' if result.exit_code == NOT_MEASURED else 'FAILED'}: {_trouble(result)}"


def _trouble(result: GateResult) -> str:
    """What is slower, over its limit, unknown or not compared, by name."""
    comparisons = result.decision.comparisons if result.decision else ()
    parts = {
        "slower": [one.name for one in comparisons if one.verdict == "slower"],
        "over the limit": [f"{one.benchmark} ({one.quantity})" for one in result.over],
        "unknown": [one.name for one in comparisons if one.verdict == "unknown"],
        "not compared": list(result.uncompared),
    }
    return "; ".join(f"{what}: {_names(names)}" for what, names in parts.items() if names)


def _words(result: GateResult) -> list[str]:
    """Sentences about everything that is no table."""
    words = [] if result.message is None else [f"could not measure: {result.message}"]
    words += [f"wrong: {check.name}: {check.detail}" for check in result.wrong]
    if result.fidelity:
        words.append(f"results: {len(result.fidelity) - len(result.wrong)} of {len(result.fidelity)} checks passed")
    else:
        words.append("results were not checked")
    if result.decision is None or not result.decision.comparisons:
        words.append("no time was compared")
    else:
        first, second = result.decision.first_pairs, result.decision.confirming_pairs
        words.append(f"{first} pairs of processes" + (f", {second} more to confirm" if second else ""))
        if result.decision.ran_out:
            words.append("the time limit left no room for more pairs: what is not settled stays unknown")
    words += [f"why {one.benchmark}: {one.sentence}" for one in result.why]
    if result.new:
        words.append(f"new, base cannot run them: {_names(result.new)}")
    words += [f"not compared: {name}: {why}" for name, why in result.uncompared.items()]
    if result.only:
        words.append(f"only the benchmarks with {result.only!r} in their name were run")
    if result.override:
        words.append(f"--override (label {OVERRIDE}): times, memory, counts and what is not compared do not block")
    return words


def _tables(result: GateResult) -> list[tuple[str, list[str], list[list[str]]]]:
    """Title, column heads and rows of each table that has rows."""
    times = [_time_row(one) for one in result.decision.comparisons] if result.decision else []
    peaks, counts = ([_amount_row(one) for one in amounts] for amounts in (result.memory, result.counters))
    tables = [("Time", TIMES, times), ("Peak memory", AMOUNTS, peaks), ("Counts", AMOUNTS, counts)]
    return [(title, head, rows) for title, head, rows in tables if rows]


def _time_row(one: Comparison) -> list[str]:
    verdict: str = one.verdict
    if one.confirmed is not None:
        verdict += ", confirmed" if one.confirmed else ", flagged once"
    elif one.high < 1:
        verdict = "faster"
    interval = f"{one.low:.3f} to {one.high:.3f}"
    p = "–" if one.p_value is None else f"{one.p_value:.2g}"
    return [one.name, f"{one.ratio:.3f}", interval, p, str(one.pairs), verdict]


def _amount_row(one: Amount) -> list[str]:
    verdict = f"over {one.limit:g}" if one.over else "ok"
    return [one.benchmark, one.quantity, _value(one.base, one), _value(one.head, one), f"{one.ratio:.3f}", verdict]


def _value(number: float, amount: Amount) -> str:
    return f"{number / 2**20:.2f} MiB" if amount.unit == "B" else f"{number:,.0f} {amount.unit}".strip()


def one_line(text: str) -> str:
    """Text that the head wrote, as it may stand in Markdown: on one line, no tag, code, mention or hidden link."""
    return " ".join(text.split()).translate({ord(sign): f"&#{ord(sign)};" for sign in "&<@[`"})


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
