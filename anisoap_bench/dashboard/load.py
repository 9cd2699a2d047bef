"""Runs of asv on a busy machine: how much the times of a run spread, and from where on that is too much."""

from __future__ import annotations

import numpy as np

from anisoap_bench.asv_files import Results
from anisoap_bench.history.store import CLASS

WIDE = (0.08, 0.25)
"""A run is under load if half of its times spread by more than the first, or a tenth by more than the second."""
FEWEST = 10
"""Of fewer times nothing is said."""
LOADED = " (under load)"
"""Behind the name of a machine: its runs under load."""


def spread(results: Results) -> tuple[float, float] | None:
    """How much the times of a run spread: the median, and what a tenth of them reach.

    The spread of a time is that between the quartiles of its samples, relative to it. None if asv kept the samples'
    quartiles of too few times. A machine that is slow but even is not seen.
    """
    found = [
        (high - low) / value
        for row in results.rows.values()
        for value, low, high in zip(
            row.get("result") or [], row.get("stats_q_25") or [], row.get("stats_q_75") or [], strict=False
        )
        if None not in (value, low, high) and high > low  # a single sample has no spread
    ]
    if len(found) < FEWEST:
        return None
    middle, tenth = np.quantile(found, (0.5, 0.9))
    return float(middle), float(tenth)


def kept_apart(results: Results) -> dict[str, Results]:
    """What is shown of a file, by what comes behind the machine's name.

    Of a run under load that is everything but what a history measured in pairs, which bear a load.
    """
    found = spread(results)
    if found is None or (found[0] <= WIDE[0] and found[1] <= WIDE[1]):
        return {"": results}
    paired = {name: row for name, row in results.rows.items() if name.startswith(f"{CLASS}.")}
    others = {name: row for name, row in results.rows.items() if name not in paired}
    return {"": Results(results.file, results.about, paired), LOADED: Results(results.file, results.about, others)}
