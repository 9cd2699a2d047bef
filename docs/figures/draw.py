"""Draw the figures of the pages on the theory and on the gate: ``python docs/figures/draw.py``.

Numbers come from the package, from results/gate/calibration.json and from the tables of docs/gate.md. Needs matplotlib.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot as plt

HERE = Path(__file__).resolve().parent
GATE_PAGE = HERE.parent / "gate.md"
CALIBRATION = HERE.parents[1] / "results" / "gate" / "calibration.json"
COLORS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7"]  # Okabe and Ito's, told apart by the colour-blind
STEPS = [
    ("once per particle", "Gaussian", "C, K, w", COLORS[0]),
    ("once per pair", "place, weight", "μ, w", COLORS[1]),
    ("once per pair", "moments", "recurrence", COLORS[1]),
    ("once per segment", "change of basis", "of the sums", COLORS[2]),
    ("once per centre", "power spectrum", "products over m", COLORS[3]),
    ("once per frame", "mean", "over centres", "#999999"),
]


def table_rows(heading: str) -> list[list[str]]:
    """Cells of the table of docs/gate.md whose header begins with these words."""
    lines = GATE_PAGE.read_text(encoding="utf-8").splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith(f"| {heading}"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def numbers(text: str) -> list[float]:
    """All numbers in a cell."""
    return [float(one) for one in re.findall(r"\d+(?:\.\d+)?", text)]


def bare(axes: Any) -> None:
    """Take the upper and right side of the frame away."""
    axes.spines[["top", "right"]].set_visible(False)


def way() -> Any:
    """Boxes from particles to features, and how often each step is done."""
    figure, axes = plt.subplots(figsize=(9, 1.9), layout="constrained")
    for k, (often, what, how, color) in enumerate(STEPS):
        axes.add_patch(plt.Rectangle((k, 0), 0.84, 1, color=color, alpha=0.18))
        axes.text(k + 0.42, 0.64, what, ha="center", va="center", fontsize=9, weight="bold")
        axes.text(k + 0.42, 0.32, how, ha="center", va="center", fontsize=9)
        axes.text(k + 0.42, 1.14, often, ha="center", va="center", fontsize=9, color="#444444")
        if k:
            axes.annotate("", (k - 0.01, 0.5), (k - 0.15, 0.5), arrowprops={"arrowstyle": "->"})
    axes.annotate("added up: all pairs of a segment", (2.92, -0.05), (2.92, -0.42), ha="center", va="center",
                  fontsize=9, arrowprops={"arrowstyle": "->"})  # fmt: skip
    axes.set(xlim=(-0.05, 5.9), ylim=(-0.6, 1.3))
    axes.axis("off")
    return figure


def radial() -> Any:
    """The orthonormal radial functions of l = 0 of both bases."""
    from anisoap_opt import EllipsoidalDensityProjection

    figure, panels = plt.subplots(1, 2, figsize=(9, 3), sharey=True, layout="constrained")
    r, k = np.linspace(0, 7, 400), 2 * np.arange(4)
    made = {
        "gto, width 1.5 Å": {"radial_basis_name": "gto", "radial_gaussian_width": 1.5},
        "monomial, cutoff 7 Å": {"radial_basis_name": "monomial"},
    }
    for axes, (name, hypers) in zip(panels, made.items(), strict=True):
        basis = EllipsoidalDensityProjection(0, cutoff_radius=7.0, max_radial=3, **hypers).radial_basis
        powers = r[:, None] ** k * np.exp(-basis.precision * r[:, None] ** 2 / 2)  # [r, n]
        values = powers @ basis.orthonormalization(0)
        for n in range(4):
            axes.plot(r, values[:, n], color=COLORS[n], label=f"n = {n}")
        axes.axhline(0, color="#000000", linewidth=0.6)
        axes.set_title(f"{name}, l = 0", fontsize=10)
        axes.set_xlabel("r, Å")
        bare(axes)
    panels[0].legend(frameon=False)
    return figure


def rates() -> Any:
    """Part of the pull requests that the gate stops, against how much slower they are."""
    figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    for spread, *cells in table_rows("spread of a process"):
        false_alarms, _, *found = (numbers(cell)[0] for cell in cells[:5])
        axes.plot([0, 3, 5, 10], [false_alarms, *found], color="#999999", linewidth=0.8, zorder=0)
        if spread in ("1%", "3%"):
            axes.text(3.5, 84 if spread == "1%" else 50, spread, fontsize=8, color="#666666",
                      ha="right" if spread == "1%" else "left")  # fmt: skip
    calibration = json.loads(CALIBRATION.read_text(encoding="utf-8"))
    for k, (name, recording) in enumerate(calibration.items()):
        found = {0: recording["false_alarms"]}
        found |= {round(100 * float(factor) - 100): one for factor, one in recording["multiplied"].items()}
        rate = np.array([100 * one["rate"] for one in found.values()])
        low, high = 100 * np.array([one["interval"] for one in found.values()]).T
        # A rate of 0 or 1 may lie beyond its interval by rounding.
        error = np.maximum([rate - low, high - rate], 0)
        axes.errorbar(np.array(list(found)) + 0.16 * k - 0.08, rate, error, fmt="os"[k], color=COLORS[k], markersize=5,
                      capsize=3, label=f"recording, {name} machine")  # fmt: skip
    axes.plot([], [], color="#999999", linewidth=0.8, label="simulation: spread of a process 1 % to 3 %")
    axes.set_xticks([0, 3, 5, 10], ["no slower", "3 %", "5 %", "10 %"])
    axes.set_xlabel("head is slower by")
    axes.set_title("pull requests that the gate calls slower, %", fontsize=10)
    axes.legend(frameon=False, loc="lower right")
    bare(axes)
    return figure


def memory() -> Any:
    """Ratios of peak memory of equal builds, of a build that needs a fifth more, and the limit between them."""
    figure, axes = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
    rows = table_rows("benchmark | peak")[::-1]
    for k, (_, _, limit, equal, _, more, _) in enumerate(rows):
        for cell, color, label in ((equal, COLORS[0], "equal builds"), (more, COLORS[1], "a fifth more")):
            axes.plot(
                numbers(cell), [k, k], color=color, linewidth=6, solid_capstyle="butt", label=label if not k else None
            )
        axes.plot(numbers(limit) * 2, [k - 0.4, k + 0.4], color="#000000", linewidth=1.5, label=None if k else "limit")
    axes.set_yticks(range(len(rows)), [row[0] for row in rows])
    axes.set_xlabel("peak memory of head, times that of base (lowest to highest of ten)")
    axes.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, 1.1))
    bare(axes)
    return figure


def main() -> None:
    """Draw all of them."""
    for name, make in {"theory_way": way, "theory_radial": radial, "gate_rates": rates, "gate_memory": memory}.items():
        make().savefig(HERE / f"{name}.png", dpi=160)


if __name__ == "__main__":
    main()
