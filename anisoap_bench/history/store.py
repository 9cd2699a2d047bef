"""A history as results of asv, so that its graphs, ``asv compare`` and the dashboard show it.

Relative times are benchmarks of kind ``track``: the level of a commit relative to the first one, with its interval of
99 % in the columns where asv keeps those. Seconds, memory, counts and errors are others of one class.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from anisoap_bench.asv_files import Json, Results, configuration, read_json, read_results
from anisoap_bench.files import write_whole
from anisoap_bench.history.book import Book, Commit
from anisoap_bench.machines import describe_machine
from benchmarks.common import SMALLEST_ERROR

CLASS = "history.Pairs"
VERSION = "1"
QUANTITIES = {
    "relative_time": ("of the first commit", "Level of a commit by least squares over pairs of processes in turns."),
    "seconds": ("s/call", "Median over the processes of a commit, of the median of each."),
    "peak_memory": ("bytes", "What one call adds at its highest point."),
    "allocated": ("bytes", "Most that Python and NumPy held at once."),
    "torch_operations": ("operations", "What torch dispatches in one call."),
    "error": ("largest relative error", "Largest deviation from stored values."),
}
"""Unit and meaning."""
RELATIVE, SECONDS = f"{CLASS}.track_relative_time", f"{CLASS}.track_seconds"

COLUMNS = ("result", "stats_ci_99_a", "stats_q_25", "stats_q_75", "stats_ci_99_b")
Cells = dict[str, tuple[float, ...]]
"""By benchmark of the history the values of COLUMNS, or the first one alone."""


def store(book: Book, folder: Path, machine: str, root: Path) -> None:
    """Write all that a recording says into asv's folder of results; what other benchmarks have there stays."""
    commits, config = book.commits, configuration(root)
    cells: dict[str, dict[str, Cells]] = {one.hash: {quantity: {} for quantity in QUANTITIES} for one in commits}
    for name, line in book.levels().items():
        for place, at in enumerate(line.commits):
            (level, low, high), (_, *middle) = line.interval(place, risk=0.01), line.interval(place, risk=0.5)
            cells[commits[at].hash]["relative_time"][name] = (level, low, *middle, high)
    for one in commits:
        for name in one.runs:
            if seconds := book.seconds(name, one.hash):
                cells[one.hash]["seconds"][name] = _spread(seconds)
        for name, found in book.amounts.get(one.hash, {}).items():
            for quantity, value in found.items():
                value = max(value, SMALLEST_ERROR) if quantity == "error" else value
                cells[one.hash][quantity.replace(" ", "_")][name] = (value,)
    names = book.benchmarks
    described = folder / machine / "machine.json"
    if not described.exists():
        write_whole(described, json.dumps({**describe_machine(machine), "version": 1}, indent=4) + "\n")
    known = {one.file: one for one in read_results(folder / machine)}
    for one in commits:
        if any(cells[one.hash].values()):
            at = book.written.get(one.hash, 0.0)
            _write_commit(folder / machine, known, one, cells[one.hash], names, config, at)
    _describe(folder / "benchmarks.json", names)


def _spread(seconds: list[float]) -> tuple[float, ...]:
    """Median, its interval of 99 % (as wide as the values, if there are too few for one), and quartiles."""
    interval = stats.quantile_test(seconds, p=0.5).confidence_interval(0.99)
    low = min(seconds) if np.isnan(interval.low) else interval.low
    high = max(seconds) if np.isnan(interval.high) else interval.high
    first, middle, third = np.quantile(seconds, (0.25, 0.5, 0.75))
    return tuple(float(one) for one in (middle, low, first, third, high))


def _write_commit(
    folder: Path,
    known: dict[str, Results],
    commit: Commit,
    cells: dict[str, Cells],
    names: list[str],
    config: Json,
    at: float,
) -> None:
    from asv.results import get_filename

    environment = _environment(commit, config)
    path = Path(get_filename(folder.name, commit.hash, environment["env_name"]))
    params = {name: value for name, value in read_json(folder / "machine.json").items() if name != "version"}
    about = {
        "commit_hash": commit.hash,
        "date": commit.date,
        **environment,
        "durations": {},
        "env_vars": {},
        "version": 2,
    }
    about["params"] = {**params, "python": environment["python"], **environment["requirements"]}
    before = known.get(path.name)
    about, rows = (before.about, before.rows) if before else (about, {})
    for quantity, found in cells.items():
        if found:
            values = [(*found.get(name, (float("nan"),)), *[None] * len(COLUMNS)) for name in names]
            rows[f"{CLASS}.track_{quantity}"] = {
                **{column: [one[place] for one in values] for place, column in enumerate(COLUMNS)},
                "params": _axis(names),
                "version": VERSION,
                "started_at": int(1000 * at),
                "duration": 0.0,
            }
    Results(path.name, about, rows).write(folder)


def _axis(names: list[str]) -> list[list[str]]:
    return [[repr(name) for name in names]]  # as asv writes parameters


def _environment(commit: Commit, config: Json) -> dict[str, Any]:
    """What asv calls an environment with the Python and the libraries that a commit was measured with."""
    from asv.environment import get_env_name

    requirements = dict(commit.versions)
    python = requirements.pop("python", "")
    name = get_env_name(config["environment_type"], python, requirements, {})
    return {"env_name": name, "python": python, "requirements": requirements}


def _describe(path: Path, names: list[str]) -> None:
    """Add what asv's pages have to know of the benchmarks."""
    known: Json = read_json(path) if path.exists() else {"version": 2}
    for quantity, (unit, meaning) in QUANTITIES.items():
        name = f"{CLASS}.track_{quantity}"
        known[name] = {
            "name": name,
            "type": "track",
            "unit": unit,
            "version": VERSION,
            "param_names": ["benchmark"],
            "params": _axis(names),
            "code": meaning,
            "timeout": 0.0,
        }
    write_whole(path, json.dumps(known, indent=1) + "\n")
