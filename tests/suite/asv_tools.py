"""asv for tests: run in a folder, with machines' descriptions kept away from the home folder; repositories, results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONFIG: dict[str, Any] = json.loads((ROOT / "asv.conf.json").read_text())
QUARTILES = ("stats_ci_99_a", "stats_ci_99_b", "stats_q_25", "stats_q_75")
COLUMNS = ("result", "params", "version", "started_at", "duration", *QUARTILES, "stats_number", "stats_repeat")
"""Of a row in a file of results."""


def run(*command: str, folder: Path, home: Path, code: int = 0) -> str:
    """Output of a Python module's command in a folder; fails with it for another exit code."""
    cache = subprocess.run([sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=True)
    variables = {**os.environ, "HOME": str(home), "PIP_CACHE_DIR": cache.stdout.strip()}
    python = [sys.executable, "-m", *command]
    done = subprocess.run(python, cwd=folder, env=variables, capture_output=True, text=True, timeout=900)
    output = done.stdout + done.stderr
    assert done.returncode == code, f"exit code {done.returncode}:\n{output[-6000:]}"
    return output


def run_asv(reference: str, folder: Path, home: Path, *options: str, code: int = 0) -> str:
    """Output of ``asv run`` of a range in another checkout, on a machine called "test"."""
    run("asv", "machine", "--yes", "--machine", "test", folder=folder, home=home)
    method = "forkserver" if sys.platform == "linux" else "spawn"
    words = ("asv", "run", "--machine", "test", "--launch-method", method, *options, reference)
    return run(*words, folder=folder, home=home, code=code)


def git(folder: Path, *arguments: str, **variables: str) -> str:
    """Output of a git command as a user of no consequence."""
    person = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    command, environment = ["git", *person, *arguments], {**os.environ, **variables}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, message: str, date: str = "2026-01-01T12:00:00+00:00") -> str:
    """Commit all that is there, if anything changed or not; the hash."""
    git(folder, "add", "--all")
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    git(folder, "commit", "--quiet", "--allow-empty", f"--message={message}", **dates)
    return git(folder, "rev-parse", "HEAD")


def write_config(folder: Path, **changes: Any) -> None:
    """This project's configuration, changed."""
    (folder / "asv.conf.json").write_text(json.dumps({**CONFIG, **changes}))


def write_results(
    folder: Path, machine: str, commit: str, rows: dict[str, list[Any]], date: int = 0, **about: str
) -> Path:
    """A file of results as asv writes it, with COLUMNS; `about` is said of the machine."""
    content = {
        "commit_hash": commit,
        "env_name": "env",
        "date": date,
        "params": {"machine": machine, "python": "3.11", **about},
        "python": "3.11",
        "requirements": {},
        "env_vars": {},
        "result_columns": COLUMNS,
        "results": rows,
        "durations": {},
        "version": 2,
    }
    path = folder / machine / f"{commit[:8]}-env.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path
