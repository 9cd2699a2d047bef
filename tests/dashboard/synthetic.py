"""A small repository with asv results that were made up: for tests of pages, not of speed."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.suite import asv_tools

SYSTEMS, BACKENDS = ("benzenes", "ellipsoids"), ("reference", "numba")
SYSTEM_PARAMETERS = ("system", "backend"), (SYSTEMS, BACKENDS)
BENCHMARKS = {
    "descriptors.Systems.track_seconds_per_frame": (*SYSTEM_PARAMETERS, "s/frame", 1e-3),
    "descriptors.Systems.track_peak_memory": (*SYSTEM_PARAMETERS, "bytes", 3e7),
    "descriptors.Systems.track_error": (*SYSTEM_PARAMETERS, "relative", 1e-14),
    "scaling.Bulk.time_power_spectrum": (("N",), ((24, 192, 1536),), "seconds", 2e-3),
    "starting.Import.timeraw_import": ((), (), "seconds", 0.4),
}
COMMITS = 12
SLOWED = 7
"""Position of the commit from which on the first benchmark takes 30 % longer."""
START, DAY = 1_700_000_000, 86_400  # seconds


def repository(root: Path) -> list[str]:
    """Make a repository with COMMITS empty commits and an asv configuration; their hashes, oldest first."""
    root.mkdir(parents=True, exist_ok=True)
    config = {
        "version": 1,
        "project": "made_up",
        "repo": ".",
        "branches": ["HEAD"],
        "results_dir": ".asv/results",
        "html_dir": ".asv/html",
        "regressions_thresholds": {".*": 0.1},
    }
    write(root / "asv.conf.json", config)
    asv_tools.git(root, "init", "--quiet", "--initial-branch=main")
    return [asv_tools.commit(root, f"Change {k}", f"{START + k * DAY} +0000") for k in range(COMMITS)]


def write_results(folder: Path, machine: str, hashes: list[str], *, names: Any = BENCHMARKS, later: int = 0) -> None:
    """Write results of one machine for the commits of `repository`, slower from SLOWED on; "" leaves one out.

    `names` are some of BENCHMARKS, `later` the milliseconds after the usual time at which these were started.
    """
    rng = np.random.default_rng(0)
    for k, commit in enumerate(hashes):
        if commit:
            date = 1000 * (START + k * DAY)
            rows = {name: [values(name, k, rng), describe(name)["params"], "1", date + later, 1.0] for name in names}
            asv_tools.write_results(folder, machine, commit, rows, date)
    write(folder / machine / "machine.json", {"machine": machine, "cpu": "made up", "num_cpu": "2", "version": 1})
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
    """Make a repository with tracked results of all commits, and ordinary ones of the last two on another machine.

    The other machine has the same name and another description, and did not measure the last benchmark.
    """
    hashes = repository(root)
    write_results(root / "results" / "asv", "local", hashes)
    write_results(root / ".asv" / "results", "local", [""] * 10 + hashes[-2:], names=list(BENCHMARKS)[:-1])
    write(root / ".asv" / "results" / "local" / "machine.json", {"machine": "local", "version": 1})
    return hashes
