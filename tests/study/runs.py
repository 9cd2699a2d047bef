"""The study's commands, and documents as ``study run`` writes them, with times that a test chooses."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anisoap_bench.__main__ import main

ENVIRONMENT: dict[str, Any] = {
    "cpu": {"model": "Test CPU", "cores": 4, "usable_cores": 4, "governor": None},
    "os": {"system": "Linux", "name": None, "architecture": "x86_64"},
    "python": {"version": "3.11.0", "implementation": "CPython"},
    "versions": {"numpy": "2.0", "scipy": "1.14", "torch": None, "numba": None},
    "blas": None,
    "thread_variables": {},
    "git": {"commit": "0" * 40, "dirty": False},
    "gpu": {"cuda": None, "mps": None},
    "date": "2025-01-01T00:00:00+00:00",
}


def study(*arguments: str) -> int:
    """Exit code of a command."""
    try:
        return main(["study", *arguments])
    except SystemExit as leaving:  # argparse's, of bad arguments
        return int(leaving.code or 0)


def document(
    backend: str, times: dict[str, Sequence[float]], frames: int = 10, cpu: str = "Test CPU", **changes: Any
) -> dict[str, Any]:
    """A run of several systems with 24 particles and 1740 pairs a frame."""
    environment = copy.deepcopy(ENVIRONMENT)
    environment["cpu"]["model"] = cpu
    found = {
        "schema_version": 1,
        "origin": "local",
        "job": None,
        "backend": backend,
        "repeats": len(next(iter(times.values()))),
        "threads": {"asked": 1, "pools": [{"pool": "torch", "threads": 1}], "disagreements": []},
        "environment": environment,
        "files": [record(system, seconds, frames, k + 1) for k, (system, seconds) in enumerate(times.items())],
    }
    return {**found, **changes}


def record(system: str, wall: Sequence[float], frames: int, species: int) -> dict[str, Any]:
    return {
        "file": f"{system}.xyz",
        "system": system,
        "hypers": {"max_angular": 6},
        "frames": frames,
        "particles": 24 * frames,
        "pairs": 1740 * frames,
        "species": species,
        "particles_per_frame": 24.0,
        "constant_particles": True,
        "n_squared": 576 * frames,
        "warm_up_seconds": 1.0,
        "wall_seconds": list(wall),
        "cpu_seconds": list(wall),
        "seconds_per": {"frame": 1.0, "particle": 1.0, "pair": 1.0, "n_squared": 1.0},
        "peak_memory": {"bytes": 1000000, "method": "test"},
        "conversion": None,
        "output": {
            "shape": [frames, 44],
            "dtype": "float64",
            "sha256": "0" * 64,
            "sum": 1.0,
            "norm": 1.0,
            "largest": 1.0,
        },
    }


def write(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path
