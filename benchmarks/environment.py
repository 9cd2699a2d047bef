"""What a measurement was made on and with: processor, system, versions, threads, commit; no names, no paths."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from benchmarks.measure import THREAD_VARIABLES, processor

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("anisoap_opt", "numpy", "scipy", "torch", "numba", "ase")


def environment() -> dict[str, Any]:
    """Everything that a time depends on, as far as it can be read here; what cannot be read is None."""
    torch = sys.modules.get("torch")
    cuda = range(torch.cuda.device_count()) if torch and torch.cuda.is_available() else ()
    blas = [one for one in threadpool_info() if one["user_api"] == "blas"]
    fields = {"name": "internal_api", "version": "version", "architecture": "architecture", "threads": "num_threads"}
    return {
        "cpu": {
            "model": _output("sysctl", "-n", "machdep.cpu.brand_string") or processor(),
            "cores": os.cpu_count(),
            "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
            "governor": _text(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")),
        },
        "os": {"system": platform.system(), "name": platform.platform(), "architecture": platform.machine()},
        "python": {"version": platform.python_version(), "implementation": platform.python_implementation()},
        "versions": {name: _version(name) for name in PACKAGES},
        "blas": [{key: one.get(field) for key, field in fields.items()} for one in blas],
        "thread_variables": {name: os.environ.get(name) for name in (*THREAD_VARIABLES, "NUMBA_NUM_THREADS")},
        "git": _git(),
        "gpu": {
            "cuda": [torch.cuda.get_device_name(k) for k in cuda] if torch else None,
            "mps": bool(torch.backends.mps.is_available()) if torch else None,
        },
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def thread_pools() -> list[dict[str, Any]]:
    """Threads that the pools of the loaded libraries really have: ``{"pool": name, "threads": count}``.

    Those of BLAS and OpenMP as threadpoolctl finds them, Torch's and Numba's if they are loaded.
    """
    native = [(f"{one['internal_api']} ({one['prefix']})", one["num_threads"]) for one in threadpool_info()]
    loaded = [(name, sys.modules[name].get_num_threads()) for name in ("torch", "numba") if name in sys.modules]
    return [{"pool": name, "threads": count} for name, count in native + loaded]


def disagreements(threads: int) -> list[str]:
    """The pools whose number of threads is not the one asked for, in words."""
    others = [one for one in thread_pools() if one["threads"] != threads]
    return [f"{one['pool']}: {one['threads']} threads, {threads} asked for" for one in others]


def _version(package: str) -> str | None:
    with suppress(PackageNotFoundError):
        return version(package)
    return None


def _git() -> dict[str, Any]:
    """Commit, and whether files differ from it: of this checkout, or as ``study submit`` packed it for a job."""
    if (packed := _text(ROOT / "commit.json")) and not (ROOT / ".git").exists():
        return dict(json.loads(packed))
    changes = _output("git", "status", "--porcelain", "--", ".", ":(exclude)results")  # measuring writes there
    return {"commit": _output("git", "rev-parse", "HEAD"), "dirty": None if changes is None else bool(changes)}


def _output(*command: str) -> str | None:
    """What a command prints in the checkout, or None if it is not there or fails."""
    with suppress(OSError, subprocess.CalledProcessError):
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    return None


def _text(path: Path) -> str | None:
    with suppress(OSError):
        return path.read_text().strip()
    return None
