"""What this machine is, in words that do not name the host."""

from __future__ import annotations

import os
import re

from benchmarks import measure


def describe_machine(name: str) -> dict[str, str]:
    """What asv writes beside results of a machine of this name: as asv finds it, but for the host and its release."""
    from asv.machine import Machine

    found = Machine.get_defaults()
    return {**found, "machine": name, "os": found["os"].split()[0], "cpu": measure.processor()}


def machine_name() -> str:
    """A name for this machine that others of its kind share: processor and number of cores."""
    words = re.findall(r"[a-z0-9]+", measure.processor().lower())
    return "-".join([*words, str(os.cpu_count()), "cores"])
