"""``asv run`` over a list of commits, on one thread, with results where they are wanted."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from anisoap_bench.asv_files import configuration
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole
from benchmarks import measure

SOME_FAILED = 2
"""Exit code of ``asv run`` beside 0 if all went well, and 1 if nothing was selected or asv failed."""
LAUNCH_METHOD = "forkserver" if sys.platform == "linux" else "spawn"
"""How asv starts a benchmark's process: by forking where that is known to be safe, as it saves seconds each."""


def describe_machine(name: str) -> dict[str, str]:
    """What this machine is, in words that do not name the host; keys are asv's."""
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


def run(root: Path, commits: list[str], results: Path, machine: str, options: list[str]) -> None:
    """Measure commits of a checkout, with more options of ``asv run``; CannotMeasure if it ends with an error.

    asv saves each commit's results when it is done with it, so that an interrupted run can be taken up again.
    """
    from asv.machine import MachineCollection

    MachineCollection.save(machine, describe_machine(machine))  # in the home folder; asv copies it beside the results
    config = configuration(root)
    folder = (root / config["env_dir"]).resolve().parent / "history"
    # asv takes relative paths from where its configuration lies.
    paths = {key: str((root / config[key]).resolve()) for key in ("env_dir", "benchmark_dir", "html_dir", "repo")}
    changed = {"version": 1, **paths, "results_dir": str(results.resolve())}
    write_whole(folder / "asv.conf.json", json.dumps({**config, **changed}, indent=1))
    write_whole(folder / "commits.txt", "\n".join(commits) + "\n")
    command = [sys.executable, "-m", "asv", "--config", str(folder / "asv.conf.json"), "run", *options]
    command += ["--machine", machine, "--launch-method", LAUNCH_METHOD, f"HASHFILE:{folder / 'commits.txt'}"]
    one_thread = dict.fromkeys(measure.THREAD_VARIABLES, "1")
    done = subprocess.run(command, cwd=root, env={**os.environ, **one_thread}, check=False)
    if done.returncode not in (0, SOME_FAILED):
        raise CannotMeasure(f"asv run ended with exit code {done.returncode}; its messages are above")
