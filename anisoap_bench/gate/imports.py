"""What the benchmark `import` is made of: seconds of each module, from processes under ``python -X importtime``."""

from __future__ import annotations

import re
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.build import PACKAGE, Build
from anisoap_bench.gate.drive import variables
from anisoap_bench.gate.process import run
from anisoap_bench.gate.statistics import Floats

IMPORT = "import"
"""The benchmark, and the whole of what is measured here: from the start of a process until the package is there."""
LINE = re.compile(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", re.MULTILINE)
# Ends with a line like those of the modules. The clock is the same one in all processes.
CODE = f"import time, sys, {PACKAGE}; us = 1e6 * (time.monotonic() - float(sys.argv[1]))"
CODE += f"; print(f'import time: {{us:.0f}} | 0 | {IMPORT}')"


def import_times(base: Build, head: Build, suite: Path, pairs: int, least: int, deadline: float) -> dict[str, Floats]:
    """Seconds of IMPORT and of its groups, of base and of head, shape [2, pairs]; CannotMeasure if an import fails.

    Processes run one after the other. After the first pairs, `least`, none is begun after the deadline.
    """
    sides: list[tuple[Build, list[dict[str, float]]]] = [(base, []), (head, [])]
    for number in range(pairs + 1):  # the first one compiles
        if number > least and time.monotonic() > deadline:
            break
        for build, found in sides[:: -1 if number % 2 else 1]:
            words = (sys.executable, "-X", "importtime", "-c", CODE, str(time.monotonic()))
            done = run(words, folder=build.folder, variables=variables(build, suite), timeout=120)
            if done.code:
                raise CannotMeasure(f"{build.name} cannot be imported:\n{done.tail}")
            found.append(seconds_by_group(done.output))
    names = sorted({name for _, found in sides for one in found for name in one})
    return {name: np.array([[one.get(name, 0.0) for one in found[1:]] for _, found in sides]) for name in names}


def seconds_by_group(output: str) -> dict[str, float]:
    """Seconds that modules take without those that they import: each of the package, others by their first name."""
    seconds: dict[str, float] = defaultdict(float)
    for microseconds, module in LINE.findall(output):
        first = module.partition(".")[0]
        seconds[module if first == PACKAGE else first] += 1e-6 * int(microseconds)
    return seconds
