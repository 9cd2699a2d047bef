"""The published rates: one entry a recording, and the table made from all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anisoap_bench.calibration.recording import Recording

LOADS = {
    "none": "other core idle",
    "other-core": "other core busy",
    "other-work": "other work on the machine meanwhile",
}
SHOWN = ("commit", "changes", "machine", "core", "load")


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
    rows = [
        ("conditions", [_conditions(entries[name]["conditions"]) for name in names]),
        ("pairs of equal builds recorded", [str(entries[name]["pairs"]["recorded"]) for name in names]),
        ("trials without a difference, and in one chain", [_size(entries[name]["false_alarms"]) for name in names]),
        ("pairs per such trial: median, most", ["{median}, {most}".format(**entries[name]["pairs"]) for name in names]),
        ("pairs that a run has time for", [str(entries[name]["pairs"].get("limit", "")) for name in names]),
        (
            "**false alarms per pull request**, roles exchanged",
            [_rate(entries[name]["false_alarms"]) for name in names],
        ),
        (
            "**false alarms per pull request**, one build the base throughout",
            [_rate(entries[name]["false_alarms_fixed"]) for name in names],
        ),
        (
            "flagged in the first phase, whatever became of it",
            [_rate(entries[name]["flagged_first"]) for name in names],
        ),
        ("undecided", [_rate(entries[name]["undecided"]) for name in names]),
    ]
    effects = sorted({effect for name in names for effect in entries[name]["multiplied"]})
    for effect in effects:
        cells = [_power(entries[name]["multiplied"].get(effect)) for name in names]
        rows.append((f"detected, times multiplied by {effect}", cells))
    for effect in sorted({effect for name in names for effect in entries[name]["planted"]}):
        cells = [_planted(entries[name]["planted"].get(effect)) for name in names]
        rows.append((f"detected, build slowed by {effect}", cells))
    benchmarks = sorted({benchmark for name in names for benchmark in entries[name]["spread"]})
    spreads = [
        (benchmark, [_percent(entries[name]["spread"].get(benchmark)) for name in names]) for benchmark in benchmarks
    ]
    lines = [*_table("", names, rows), "", *_table("spread of one process", names, spreads)]
    return "\n".join(lines) + "\n"


def _table(corner: str, names: list[str], rows: list[tuple[str, list[str]]]) -> list[str]:
    head = [f"| {' | '.join([corner, *names])} |", f"|{'---|' * (len(names) + 1)}"]
    return head + [f"| {' | '.join([label, *cells])} |" for label, cells in rows]


def _conditions(conditions: Mapping[str, Any]) -> str:
    load = LOADS[conditions["load"]]
    commit = conditions["commit"][:10] + (" with changes" if conditions["changes"] else "")
    pace = f"{conditions['seconds_per_pair']:.1f} s a pair"
    return f"{conditions['machine']}; {load}; {conditions['date']}; {commit}; {pace}"


def _size(rate: Mapping[str, Any]) -> str:
    return f"{rate['trials']}, {rate['trials_per_chain']}"


def _rate(rate: Mapping[str, Any] | None) -> str:
    """Events of trials, the rate, and both intervals."""
    if rate is None or not rate["trials"]:
        return "no trial"
    low, high = rate["interval"]
    low_cautious, high_cautious = rate["interval_cautious"]
    trials = f"{rate['events']} of {rate['trials']}: {100 * rate['rate']:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{trials}; cautious [{100 * low_cautious:.1f}, {100 * high_cautious:.1f}]"


def _power(rate: Mapping[str, Any] | None) -> str:
    """And how many pairs it took, where it was detected."""
    pairs = rate and rate.get("pairs_median")  # older entries have none, nor the limit above
    return _rate(rate) + (f"; median {pairs} pairs" if pairs else "")


def _planted(rate: Mapping[str, Any] | None) -> str:
    return _power(rate) if rate is None else f"{_power(rate)}; measured × {rate['measured_ratio']:.3f}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"
