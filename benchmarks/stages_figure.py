"""The figure of `benchmarks.stages` from its numbers: ``python -m benchmarks.stages_figure`` draws it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.stage_names import BEFORE, NOW, RESULTS, STAGES, WHOLE

COLOURS = ("#999999", "#56b4e9", "#f0e442", "#0072b2", "#e69f00", "#009e73", "#dddddd")
"""One a stage; Okabe and Ito's, told apart by the colour-blind, and two greys."""


def draw(found: dict[str, Any], path: Path) -> None:
    """Stacked bars of microseconds, one panel a workload, with what `benchmarks.stages.measured` returns."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(len(found["workloads"]), figsize=(8, 6.4), layout="constrained")
    for axes, (name, of) in zip(panels, found["workloads"].items(), strict=True):
        bars = {column.removeprefix("numba "): of["columns"].get(column) for column in (BEFORE, NOW)}
        bars = {label: times for label, times in bars.items() if times}
        for row, times in enumerate(bars.values()):
            left = 0.0
            for stage, colour in zip(STAGES, COLOURS, strict=True):
                width = max(times[stage], 0.0)  # a difference of two times may come out below zero
                axes.barh(row, width, 0.7, left, label=None if row else stage, color=colour, edgecolor="white")
                left += width
            axes.text(left, row, f" {times[WHOLE]:.3g}", va="center", fontsize=9)
        axes.set_yticks(range(len(bars)), list(bars))
        axes.invert_yaxis()
        axes.margins(x=0.08)
        axes.set_xlim(left=0)
        axes.set_title(f"{name}: µs a {of['unit']}", fontsize=10, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.savefig(path, dpi=160)
    plt.close(figure)


if __name__ == "__main__":
    draw(json.loads(RESULTS.read_text()), RESULTS.with_suffix(".png"))
