"""How often asv names a planted step: ``python -m anisoap_bench.history.detection`` prints the documentation's table.

Histories of twelve commits, equal but for scatter, with and without a step at the eighth, go through asv's detection.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from anisoap_bench.asv_files import configuration
from benchmarks.table import markdown

COMMITS, SLOW, STEP, HISTORIES = 12, 7, 0.3, 1000
SCATTERS = (0.005, 0.01, 0.02, 0.03, 0.05)


def found_at(values: np.ndarray, threshold: float) -> list[int]:
    """Commits that asv would name, by position, for the smallest relative step that counts."""
    from asv.step_detect import detect_regressions, detect_steps

    _, _, jumps = detect_regressions(detect_steps(values.tolist()), threshold)
    return [after for _, after, *_ in jumps or []]


def rates(scatter: float, threshold: float) -> tuple[float, float]:
    """Fraction of histories in which the step alone is found at its commit, and of those without one that have one.

    `scatter` is the relative standard deviation from commit to commit.
    """
    noise = 1 + scatter * np.random.default_rng(0).standard_normal((HISTORIES, COMMITS))
    level = 1 + STEP * (np.arange(COMMITS) >= SLOW)
    hits = sum(found_at(level * one, threshold) == [SLOW] for one in noise)
    alarms = sum(bool(found_at(one, threshold)) for one in noise)
    return hits / HISTORIES, alarms / HISTORIES


def main() -> None:
    """Print the table, for the threshold of ``asv.conf.json``."""
    threshold = configuration(Path())["regressions_thresholds"][".*"]
    body = []
    for scatter in SCATTERS:
        hits, alarms = rates(scatter, threshold)
        body.append([f"{scatter:.1%}", f"{hits:.0%}", f"{alarms:.1%}"])
    print(markdown(["scatter from commit to commit", "found", "false alarms without a step"], body))


if __name__ == "__main__":
    main()
