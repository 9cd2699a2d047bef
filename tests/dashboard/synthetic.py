"""A small repository with asv results that were made up: for tests of pages, not of speed."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np

from anisoap_bench.history.book import read_book
from anisoap_bench.history.store import store
from tests.history import lines
from tests.suite import asv_tools

SYSTEMS, BACKENDS = ("benzenes", "ellipsoids"), ("reference", "numba")
SYSTEM_PARAMETERS = ("system", "backend"), (SYSTEMS, BACKENDS)
BENCHMARKS = {
    "descriptors.Systems.track_seconds_per_frame": (*SYSTEM_PARAMETERS, "s/frame", 1e-3),
    "descriptors.Systems.track_peak_memory": (*SYSTEM_PARAMETERS, "bytes", 3e7),
    "descriptors.Systems.track_error": (*SYSTEM_PARAMETERS, "relative", 1e-14),
    "scaling.Bulk.time_power_spectrum": (("N",), (tuple(range(24, 264, 24)),), "seconds", 2e-3),
    "starting.Import.timeraw_import": ((), (), "seconds", 0.4),
}
COMMITS = 12
SLOWED = 7
"""Position of the commit from which on the first benchmark takes 30 % longer."""
CHANGED = {
    "kernel-slower": [1.0] * SLOWED + [1.3] * (COMMITS - SLOWED),
    "reading-repaired": [1.0] * 3 + [1.1] * 2 + [1.0] * (COMMITS - 5),
}
"""Times of the benchmarks that some commit changed in the recorded history."""
ABOUT = {"cpu": "made up", "num_cpu": "2"}
START, DAY = 1_700_000_000, 86_400  # seconds


def repository(root: Path) -> list[str]:
    """Make a repository with COMMITS empty commits and an asv configuration; their hashes, oldest first."""
    root.mkdir(parents=True, exist_ok=True)
    config = {
        "version": 1,
        "project": "made_up",
        "show_commit_url": "https://example.org/",
        "environment_type": "virtualenv",
        "matrix": {"req": {}},
        "repo": ".",
        "branches": ["HEAD"],
        "results_dir": ".asv/results",
        "html_dir": ".asv/html",
        "regressions_thresholds": {".*": 0.1},
    }
    write(root / "asv.conf.json", config)
    asv_tools.git(root, "init", "--quiet", "--initial-branch=main")
    return [asv_tools.commit(root, f"Change {k}", f"{START + k * DAY} +0000") for k in range(COMMITS)]


def write_results(
    folder: Path,
    machine: str,
    hashes: list[str],
    *,
    names: Any = BENCHMARKS,
    later: int = 0,
    busy: bool = False,
) -> None:
    """Write results of one machine for the commits of `repository`, slower from SLOWED on; "" leaves one out.

    `names` are some of BENCHMARKS, `later` the milliseconds after the usual time at which these were started. A
    busy machine takes three times as long, and the quartiles of its samples are far apart.
    """
    rng = np.random.default_rng(0)
    for k, commit in enumerate(hashes):
        if commit:
            date = 1000 * (START + k * DAY)
            rows = {name: [values(name, k, rng), describe(name)["params"], "1", date + later, 1.0] for name in names}
            for name, row in rows.items():
                if busy and describe(name)["unit"].startswith("s"):
                    row[0] = [3 * value for value in row[0]]
                if describe(name)["type"] == "time":
                    spread = 0.6 if busy else 0.05
                    low, high = ([value * (1 + side * spread / 2) for value in row[0]] for side in (-1, 1))
                    row += [low, high, low, high, [1] * len(low), [5] * len(low)]
            asv_tools.write_results(folder, machine, commit, rows, date, **ABOUT)
    write(folder / machine / "machine.json", {"machine": machine, **ABOUT, "version": 1})
    write(folder / "benchmarks.json", {**{name: describe(name) for name in names}, "version": 2})


def describe(name: str, version: str = "1") -> dict[str, Any]:
    """What asv says of a benchmark in ``benchmarks.json``."""
    param_names, params, unit, _ = BENCHMARKS[name]
    return {
        "name": name,
        "code": f"def {name.rpartition('.')[2]}(): ...",
        "type": "track" if ".track_" in name else "time",
        "unit": unit,
        "param_names": list(param_names),
        "params": [[repr(value) for value in axis] for axis in params],
        "version": version,
    }


def values(name: str, position: int, rng: np.random.Generator) -> list[float]:
    """One benchmark's results for all combinations of its parameters."""
    _, params, _, scale = BENCHMARKS[name]
    slow = 1.3 if "seconds_per_frame" in name and position >= SLOWED else 1.0
    sizes = [200.0 if "reference" in chosen else 1.0 for chosen in itertools.product(*params)]
    return [scale * size * slow * (1 + 0.005 * rng.standard_normal()) for size in sizes]


def write(path: Path, content: dict[str, Any]) -> None:
    """Write JSON."""
    path.write_text(json.dumps(content))


def site(root: Path) -> list[str]:
    """Make a repository with a recorded history and tracked results of all commits, and ordinary ones of the last.

    Ordinary ones are of the last two on another machine, which did not measure the last benchmark; and of the last one
    on a machine that was busy.
    """
    hashes = repository(root)
    write_results(root / "results" / "asv", "local", hashes)
    write_results(root / ".asv" / "results", "other", [""] * 10 + hashes[-2:], names=list(BENCHMARKS)[:-1])
    write(root / ".asv" / "results" / "other" / "machine.json", {"machine": "other", "version": 1})
    write_results(root / ".asv" / "results", "busy", [""] * 11 + hashes[-1:], busy=True)
    write_recording(root / "results" / "history" / "local.jsonl", hashes)
    store(read_book(root / "results" / "history" / "local.jsonl"), root / "results" / "asv", "local", root)
    return hashes


def write_recording(file: Path, hashes: list[str]) -> None:
    """Write a history in which `CHANGED` says what changed; pairs scatter by one per cent."""
    rng = np.random.default_rng(0)
    names = [*CHANGED, *(f"quiet-{k}" for k in range(6))]
    python = {"python": "3.11"}  # as of the other results
    known = [
        lines.commit(k, names, commit=one, date=1000 * (START + k * DAY), before=hashes[k - 1], versions=python)
        for k, one in enumerate(hashes)
    ]
    for k in range(1, len(hashes)):
        for base in (k - 1, 0):
            for _ in range(6):
                noise = 1 + 0.007 * rng.standard_normal((len(names), 2))
                times = [[CHANGED.get(name, [1.0] * COMMITS)[at] for at in (base, k)] for name in names]
                pair = lines.pair(base, k, START + k * DAY, **dict(zip(names, (noise * times).tolist(), strict=True)))
                known.append({**pair, "base": hashes[base], "head": hashes[k]})
    why = {"benchmark": "kernel-slower", "why": "slower: kernel, +35 % [30, 40]", "at": 0}
    known.append({"change": hashes[SLOWED], **why})
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(line) + "\n" for line in [{"history of": "made-up"}, *known]))
