"""What a measurement was made on and with: processor, system, versions, threads, commit; no names, no paths."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.measure import THREAD_VARIABLES, processor

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("anisoap_opt", "numpy", "scipy", "torch", "numba", "ase")


def environment() -> dict[str, Any]:
    """Everything that a time depends on, as far as it can be read here; what cannot be read is None."""
    return {
        "cpu": {
            "model": _output("sysctl", "-n", "machdep.cpu.brand_string") or processor(),
            "cores": os.cpu_count(),
            "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
            "governor": _text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        },
        "os": {"system": platform.system() or None, "name": _system_name(), "architecture": platform.machine() or None},
        "python": {"version": platform.python_version(), "implementation": platform.python_implementation()},
        "versions": {name: _version(name) for name in PACKAGES},
        "blas": _blas(),
        "thread_variables": {name: os.environ.get(name) for name in (*THREAD_VARIABLES, "NUMBA_NUM_THREADS")},
        "git": _git(),
        "gpu": _gpu(),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def thread_pools() -> list[dict[str, Any]]:
    """Threads that the pools of the loaded libraries really have: ``{"pool": name, "threads": count}``.

    Those of BLAS and OpenMP as threadpoolctl finds them (none without it), Torch's and Numba's if they are loaded.
    """
    pools = [{"pool": f"{one['internal_api']} ({one['prefix']})", "threads": one["num_threads"]} for one in _native()]
    loaded = [name for name in ("torch", "numba") if name in sys.modules]
    return pools + [{"pool": name, "threads": sys.modules[name].get_num_threads()} for name in loaded]


def disagreements(threads: int) -> list[str]:
    """The pools whose number of threads is not the one asked for, in words."""
    others = [one for one in thread_pools() if one["threads"] != threads]
    return [f"{one['pool']}: {one['threads']} threads, {threads} asked for" for one in others]


def _system_name() -> str | None:
    """Distribution or release of the operating system."""
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    with suppress(OSError, KeyError):
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    return None


def _version(package: str) -> str | None:
    with suppress(PackageNotFoundError):
        return version(package)
    return None


def _native() -> list[dict[str, Any]]:
    with suppress(ImportError):
        from threadpoolctl import threadpool_info

        return threadpool_info()
    return []


def _blas() -> list[dict[str, Any]] | None:
    """Each BLAS that is loaded, or None if that cannot be known."""
    if _version("threadpoolctl") is None:
        return None
    fields = {"name": "internal_api", "version": "version", "architecture": "architecture", "threads": "num_threads"}
    return [{key: one.get(field) for key, field in fields.items()} for one in _native() if one["user_api"] == "blas"]


def _git() -> dict[str, Any]:
    """Commit, and whether files differ from it: of this checkout, or as ``study submit`` packed it for a job."""
    packed = _text(str(ROOT / "commit.json"))
    if packed is not None and not (ROOT / ".git").exists():
        found = json.loads(packed)
        return {"commit": found["commit"], "dirty": found["dirty"]}
    changes = _output("git", "status", "--porcelain", "--", ".", ":(exclude)results")  # measuring writes there
    return {"commit": _output("git", "rev-parse", "HEAD"), "dirty": None if changes is None else bool(changes)}


def _gpu() -> dict[str, Any]:
    """Names of CUDA's devices, and whether Torch can use Apple's; None where that cannot be known without Torch."""
    if torch := sys.modules.get("torch"):
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        names = [torch.cuda.get_device_name(k) for k in range(count)]
        return {"cuda": names, "mps": bool(torch.backends.mps.is_available())}
    listed = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return {"cuda": None if listed is None else listed.splitlines(), "mps": None}


def _output(*command: str) -> str | None:
    """What a command prints in the checkout, or None if it is not there or fails."""
    if shutil.which(command[0]) is None:
        return None
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return None if done.returncode else done.stdout.strip()


def _text(path: str) -> str | None:
    with suppress(OSError):
        return Path(path).read_text().strip()
    return None
