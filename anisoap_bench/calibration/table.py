"""The published rates: one entry a recording, and the table made from all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from anisoap_bench.calibration.recording import Recording
from benchmarks.table import markdown

LOADS = {
    "none": "other core idle",
    "other-core": "other core busy",
    "other-work": "other work on the machine meanwhile",
}
SHOWN = ("commit", "machine", "core", "load")


def entry(recording: Recording, rates: Mapping[str, Any]) -> dict[str, Any]:
    """What is published of one recording: conditions without file names, and its rates."""
    conditions = {name: recording.conditions[name] for name in SHOWN}
    return {
        "conditions": {**conditions, "date": recording.date, "seconds_per_pair": recording.seconds_per_pair},
        **rates,
    }


# Of the issue that asked for this gate: at most, or at least, as a part of the trials.
FALSE_ALARMS, UNDECIDED, DETECTED = 0.01, 0.05, {"1.05": 0.95, "1.10": 0.99}


def missed(rates: Mapping[str, Any]) -> list[str]:
    """What is worse than it should be, a line for each: all of the interval for independent trials is."""
    found = []
    for name, most in (("false_alarms", FALSE_ALARMS), ("undecided", UNDECIDED)):
        if rates[name]["interval"][0] > most:
            found.append(f"{name.replace('_', ' ')}: {_rate(rates[name])}; at most {100 * most:g} % is meant")
    for effect, least in DETECTED.items():
        if rates["multiplied"][effect]["interval"][1] < least:
            rate = _rate(rates["multiplied"][effect])
            found.append(f"detected, times multiplied by {effect}: {rate}; at least {100 * least:g} % is meant")
    return found


def table(entries: Mapping[str, Any]) -> str:
    """Markdown: one table with a column for each recording, one with the spreads."""
    names = sorted(entries)

    def row(label: str, show: Callable[[Any], str], *keys: str) -> list[str]:
        """A cell for each recording: what is found by these keys, or None, as text."""
        cells = [label]
        for name in names:
            found = entries[name]
            for key in keys:
                found = found.get(key) if found else None
            cells.append(show(found))
        return cells

    def all_of(what: str) -> list[str]:
        return sorted({key for name in names for key in entries[name][what]})

    alarms = "**false alarms per pull request**"
    rows = [
        row("conditions", _conditions, "conditions"),
        row("pairs of equal builds recorded", str, "pairs", "recorded"),
        row("trials without a difference, and in one chain", "{trials}, {trials_per_chain}".format_map, "false_alarms"),
        row("pairs per such trial: median, most", "{median}, {most}".format_map, "pairs"),
        row("pairs that a run has time for", str, "pairs", "limit"),
        row(f"{alarms}, roles exchanged", _rate, "false_alarms"),
        row(f"{alarms}, one build the base throughout", _rate, "false_alarms_fixed"),
        row("flagged in the first phase, whatever became of it", _rate, "flagged_first"),
        row("undecided", _rate, "undecided"),
        *(row(f"detected, times multiplied by {by}", _power, "multiplied", by) for by in all_of("multiplied")),
        *(row(f"detected, build slowed by {by}", _power, "planted", by) for by in all_of("planted")),
    ]
    spreads = [row(benchmark, _percent, "spread", benchmark) for benchmark in all_of("spread")]
    tables = {"": rows, "spread of one process": spreads}
    return "\n\n".join(markdown([corner, *names], body, padded=False) for corner, body in tables.items()) + "\n"


def _conditions(conditions: Mapping[str, Any]) -> str:
    load = LOADS[conditions["load"]]
    pace = f"{conditions['seconds_per_pair']:.1f} s a pair"
    return f"{conditions['machine']}; {load}; {conditions['date']}; {conditions['commit'][:10]}; {pace}"


def _rate(rate: Mapping[str, Any] | None) -> str:
    """Events of trials, the rate, and both intervals."""
    if rate is None or not rate["trials"]:
        return "no trial"
    low, high = rate["interval"]
    low_cautious, high_cautious = rate["interval_cautious"]
    trials = f"{rate['events']} of {rate['trials']}: {100 * rate['rate']:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{trials}; cautious [{100 * low_cautious:.1f}, {100 * high_cautious:.1f}]"


def _power(rate: Mapping[str, Any] | None) -> str:
    """And how many pairs it took, where it was detected; how slow a planted build really was."""
    words = _rate(rate)
    if rate and rate["pairs_median"]:
        words += f"; median {rate['pairs_median']} pairs"
    return words + (f"; measured × {rate['measured_ratio']:.3f}" if rate and "measured_ratio" in rate else "")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"
