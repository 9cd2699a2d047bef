"""What this machine is, in words that do not name the host."""

from __future__ import annotations

import os
import platform
import re

from benchmarks import measure


def describe_machine(name: str) -> dict[str, str]:
    """What asv writes beside results of a machine of this name."""
    memory = ""
    if hasattr(os, "sysconf"):
        memory = f"{round(os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30)} GiB"
    return {
        "machine": name,
        "os": platform.system(),
        "arch": platform.machine(),
        "cpu": measure.processor(),
        "num_cpu": str(os.cpu_count()),
        "ram": memory,
    }


def machine_name() -> str:
    """A name for this machine that others of its kind share: processor and number of cores."""
    words = re.findall(r"[a-z0-9]+", measure.processor().lower())
    return "-".join([*words, str(os.cpu_count()), "cores"])
