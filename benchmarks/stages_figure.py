"""The figure of `benchmarks.stages` from its numbers: ``python -m benchmarks.stages_figure`` draws it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.stage_names import RESULTS, STAGES, WHOLE

COLOURS = ("#999999", "#56b4e9", "#f0e442", "#0072b2", "#e69f00", "#009e73", "#dddddd")
"""One a stage; Okabe and Ito's, told apart by the colour-blind, and two greys."""


def draw(found: dict[str, Any], path: Path) -> None:
    """Stacked bars of shares, one a workload and backend, with what `benchmarks.stages.measured` returns."""
    import matplotlib

    matplotlib.use("Agg")
    import pandas as pd

    bars = {
        f"{name}\n{backend}: {times[WHOLE]:.3g} µs a {of['unit']}": [max(times[stage], 0.0) for stage in STAGES]
        for name, of in found["workloads"].items()
        for backend, times in of["columns"].items()
    }  # a difference of two times may come out below zero
    table = pd.DataFrame(bars, index=STAGES).T
    shares = 100 * table.div(table.sum(axis=1), axis=0)
    axes = shares.plot.barh(stacked=True, width=0.7, color=COLOURS, edgecolor="white", figsize=(8, 5.6), legend=False)
    axes.invert_yaxis()
    axes.set(xlabel="share of the calculation, %", xlim=(0, 100))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params("y", labelsize=9)
    axes.figure.set_layout_engine("constrained")
    axes.figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    axes.figure.savefig(path, dpi=160)


if __name__ == "__main__":
    draw(json.loads(RESULTS.read_text()), RESULTS.with_suffix(".png"))
