"""How often asv names a planted step: ``python -m anisoap_bench.history.detection`` prints the documentation's table.

Histories of twelve commits, equal but for scatter, with and without a step at the eighth, go through asv's detection.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

COMMITS, SLOW, STEP, HISTORIES = 12, 7, 0.3, 1000
SCATTERS = (0.005, 0.01, 0.02, 0.03, 0.05)


def found_at(values: np.ndarray, threshold: float) -> list[int]:
    """Commits that asv would name, by position."""
    from asv.step_detect import detect_regressions, detect_steps

    _, _, jumps = detect_regressions(detect_steps(values.tolist()), threshold)
    return [after for _, after, *_ in jumps or []]


def rates(scatter: float, threshold: float, slow: int = SLOW) -> tuple[float, float]:
    """Fraction of histories in which the step alone is found at its commit, and of those without one that have one.

    Parameters
    ----------
    scatter : float
        Standard deviation from commit to commit, relative.
    threshold : float
        Smallest relative step that counts.
    slow : int
        Position of the first slow commit.
    """
    rng = np.random.default_rng(0)
    noise = 1 + scatter * rng.standard_normal((HISTORIES, COMMITS))
    level = 1 + STEP * (np.arange(COMMITS) >= slow)
    hits = sum(found_at(level * one, threshold) == [slow] for one in noise)
    alarms = sum(bool(found_at(one, threshold)) for one in noise)
    return hits / HISTORIES, alarms / HISTORIES


def main() -> None:
    """Print the table, for the threshold of ``asv.conf.json``."""
    threshold = json.loads(Path("asv.conf.json").read_text(encoding="utf-8"))["regressions_thresholds"][".*"]
    print("| scatter from commit to commit | found | false alarms without a step |\n| --- | --- | --- |")
    for scatter in SCATTERS:
        hits, alarms = rates(scatter, threshold)
        print(f"| {scatter:.1%} | {hits:.0%} | {alarms:.1%} |")


if __name__ == "__main__":
    main()
