"""asv for tests: run in a folder, with machines' descriptions kept away from the home folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONFIG: dict[str, Any] = json.loads((ROOT / "asv.conf.json").read_text())


def run(*command: str, folder: Path, home: Path, code: int | None = 0, **variables: str) -> str:
    """Output of a Python module's command in a folder; fails with it for another exit code."""
    environment = {**os.environ, "HOME": str(home), "PIP_CACHE_DIR": pip_cache(), **variables}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )
    assert code is None or done.returncode == code, f"exit code {done.returncode}:\n{done.stdout[-6000:]}"
    return done.stdout


def pip_cache() -> str:
    """Where pip keeps downloads, whatever HOME is."""
    command = [sys.executable, "-m", "pip", "cache", "dir"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def git(folder: Path, *arguments: str, **variables: str) -> str:
    """Output of a git command as a user of no consequence."""
    person = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *person, *arguments],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def write_config(folder: Path, **changes: Any) -> None:
    """This project's configuration, changed; a change to None takes a key away."""
    config = {key: value for key, value in {**CONFIG, **changes}.items() if value is not None}
    (folder / "asv.conf.json").write_text(json.dumps(config))
