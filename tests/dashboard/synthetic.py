"""A small repository with asv results that were made up: for tests of pages, not of speed."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

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
COLUMNS = ["result", "params", "version", "started_at", "duration"]
START = 1_700_000_000  # seconds since 1970
DAY = 86_400


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
    (root / "asv.conf.json").write_text(json.dumps(config))
    git(root, "init", "-q", "-b", "main")
    hashes = []
    for k in range(COMMITS):
        date = f"{START + k * DAY} +0000"
        git(root, "commit", "-q", "--allow-empty", "-m", f"Change {k}", date=date)
        hashes.append(git(root, "rev-parse", "HEAD"))
    return hashes


def git(root: Path, *arguments: str, date: str = f"{START} +0000") -> str:
    """Output of a git command that depends on nobody's configuration."""
    who = {f"GIT_{role}_{what}": "nobody" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    no_files = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    command = ["git", *arguments]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=True, env={**who, **dates, **no_files}
    )
    return done.stdout.strip()


def write_results(folder: Path, machine: str, hashes: list[str], *, names: Any = BENCHMARKS, later: int = 0) -> None:
    """Write results of one machine for some commits of `repository`, slower from SLOWED on.

    Parameters
    ----------
    folder : pathlib.Path
        asv's ``results_dir``.
    machine : str
    hashes : list of str
        All commits of the repository; an empty string leaves one out.
    names : iterable of str
        Which of BENCHMARKS.
    later : int
        Milliseconds after the usual time at which these were started.
    """
    rng = np.random.default_rng(0)
    (folder / machine).mkdir(parents=True)
    write(folder / machine / "machine.json", {"machine": machine, "cpu": "made up", "num_cpu": "2", "version": 1})
    write(folder / "benchmarks.json", {**{name: describe(name) for name in names}, "version": 2})
    for k, commit in enumerate(hashes):
        if not commit:
            continue
        results = {name: row(name, k, rng, later) for name in names}
        content = {
            "commit_hash": commit,
            "env_name": "env",
            "date": 1000 * (START + k * DAY),
            "params": {"machine": machine, "python": "3.11"},
            "python": "3.11",
            "requirements": {},
            "env_vars": {},
            "result_columns": COLUMNS,
            "results": results,
            "durations": {},
            "version": 2,
        }
        write(folder / machine / f"{commit[:8]}-env.json", content)


def describe(name: str, version: str = "1") -> dict[str, Any]:
    """What asv says of a benchmark in ``benchmarks.json``."""
    param_names, params, unit, _ = BENCHMARKS[name]
    kind = "track" if ".track_" in name else "time"
    return {
        "name": name,
        "code": f"def {name.rpartition('.')[2]}(): ...",
        "type": kind,
        "unit": unit,
        "param_names": list(param_names),
        "params": [[repr(value) for value in axis] for axis in params],
        "version": version,
    }


def row(name: str, position: int, rng: np.random.Generator, later: int) -> list[Any]:
    """One benchmark's row of a result file."""
    _, params, _, scale = BENCHMARKS[name]
    values = []
    for chosen in itertools.product(*params):
        slow = 1.3 if "seconds_per_frame" in name and position >= SLOWED else 1.0
        size = 200.0 if "reference" in chosen else 1.0
        values.append(scale * size * slow * (1 + 0.005 * rng.standard_normal()))
    return [values, describe(name)["params"], "1", 1000 * (START + position * DAY) + later, 1.0]


def write(path: Path, content: dict[str, Any]) -> None:
    """Write JSON."""
    path.write_text(json.dumps(content))


def site(root: Path) -> list[str]:
    """Make a repository with tracked results of all commits, and ordinary ones of the last two on another machine.

    The other machine has the same name and another description.
    """
    hashes = repository(root)
    write_results(root / "results" / "asv", "local", hashes)
    write_results(root / ".asv" / "results", "local", [""] * (COMMITS - 2) + hashes[-2:])
    write(root / ".asv" / "results" / "local" / "machine.json", {"machine": "local", "version": 1})
    return hashes
