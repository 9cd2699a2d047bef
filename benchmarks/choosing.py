"""What hyperparameters cost and what diameters are worth: ``python -m benchmarks.choosing``.

Prints the tables of docs/choosing.md and draws docs/figures/choosing.png. The errors are those of ridge regression on
crystals like data/ellipsoids.xyz, whose energies are those of data/gay_berne.py. Needs the extras ``compiled`` and
``sklearn``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import timeit
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure, workloads
from benchmarks.table import markdown

START: dict[str, Any] = {
    "max_angular": 6,
    "radial_basis_name": "gto",
    "cutoff_radius": 5.0,
    "radial_gaussian_width": 1.0,
}
"""Where docs/choosing.md says to start; every row of the first table changes what it names and keeps the rest."""
CHANGES: list[dict[str, Any]] = [
    {},
    {"cutoff_radius": 4.0},
    {"cutoff_radius": 7.0},
    {"radial_gaussian_width": 1.5},
    {"max_angular": 9},
    {"max_radial": 3},
    {"max_radial": 6},
    {"max_angular": 9, "max_radial": 6, "cutoff_radius": 7.0},
]
CRYSTALS = 2000
"""To learn from."""
REPEATS = 25
"""Calls of which the shortest counts: other work on the machine empties the caches."""
DIAMETERS = (4.0, 4.0, 0.5)
"""Those of the frames, Å; the discs of the potential have half of these."""
SCALES = (0.125, 0.25, 0.5, 1.0, 1.5)
WIDTHS = (0.75, 1.0, 1.5)


def cost_rows() -> list[list[str]]:
    """Columns, and time and memory for each frame, of the sizes in CHANGES on two files of data/."""
    from anisoap_opt import EllipsoidalDensityProjection, ParticleBatch

    batches = {name: ParticleBatch.from_frames(workloads.system(name)) for name in ("ellipsoids", "benzenes")}
    rows = []
    for change in CHANGES:
        made = EllipsoidalDensityProjection(**{**START, **change}, backend="numba")
        cells = [", ".join(f"{name} {value}" for name, value in change.items()) or "the start"]
        for batch in batches.values():
            features = made.power_spectrum(batch)
            call = partial(made.power_spectrum, batch)
            # Processor time: on a busy machine the time on the wall says more about others.
            seconds = min(timeit.repeat(call, timer=time.process_time, number=1, repeat=REPEATS))
            num_frames, columns = features.shape
            cells += [f"{columns:,}".replace(",", " "), f"{1e6 * seconds / num_frames:.3g}", f"{8 * columns / 1e3:.3g}"]
        rows.append(cells)
    return rows


def crystals(num_frames: int) -> tuple[Any, Any]:
    """Arrays of a batch of crystals, and their energies for each particle, ε₀; by the generators of data/."""
    from anisoap_opt import read

    data = Path(__file__).resolve().parents[1] / "data"
    with tempfile.TemporaryDirectory() as folder:
        xyz, txt = Path(folder, "frames.xyz"), Path(folder, "energies.txt")
        for script, path in (("create_ellipsoids.py", xyz), ("create_ellipsoid_energies.py", txt)):
            command = [sys.executable, str(data / script), "--frames", str(num_frames), "--out", str(path)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        batches = {scale: read(xyz, diameters=tuple(scale * one for one in DIAMETERS)) for scale in SCALES}
        return batches, np.loadtxt(txt)


def error(features: Any, energies: Any) -> float:
    """Mean absolute error over five folds, ε₀."""
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-6, 2, 9)))
    predicted = cross_val_predict(model, features, energies, cv=KFold(5, shuffle=True, random_state=0))
    return float(np.abs(predicted - energies).mean())


def errors(num_frames: int) -> dict[float, list[float]]:
    """For each scale of the diameters the errors with each of WIDTHS."""
    from anisoap_opt import EllipsoidalDensityProjection

    batches, energies = crystals(num_frames)
    made = [EllipsoidalDensityProjection(**{**START, "radial_gaussian_width": width}) for width in WIDTHS]
    return {
        scale: [error(one.power_spectrum(batch, symmetric=True), energies) for one in made]
        for scale, batch in batches.items()
    }


def draw(found: dict[float, list[float]], path: Path) -> None:
    """Errors against the diameters, a line for each width."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    for width, color, marker, values in zip(
        WIDTHS, ("#0072b2", "#e69f00", "#009e73"), "os^", zip(*found.values(), strict=True), strict=True
    ):
        axes.plot(list(found), values, f"{marker}-", color=color, markersize=5, label=f"width {width} Å")
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(found), ["\n".join(f"{scale * one:.3g}" for one in DIAMETERS) for scale in found])
    axes.minorticks_off()
    axes.set_ylim(0)
    axes.set_xlabel("the three diameters, Å")
    axes.set_title("mean absolute error of energies, ε₀", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=160)


def main() -> None:
    """Print the tables and draw the figure."""
    measure.pin_threads(1)
    header = ["changed", *(f"{name}: {what}" for name in ("ellipsoids", "benzenes")
                           for what in ("columns", "µs a frame", "kB a frame"))]  # fmt: skip
    print(markdown(header, cost_rows()), end=f"\n\n{measure.machine()}\n\n", flush=True)
    found = errors(CRYSTALS)
    rows = [[" × ".join(f"{scale * one:g}" for one in DIAMETERS), *(f"{one:.4f}" for one in values)]
            for scale, values in found.items()]  # fmt: skip
    print(markdown(["diameters", *(f"width {width}" for width in WIDTHS)], rows))
    draw(found, Path("docs/figures/choosing.png"))


if __name__ == "__main__":
    main()
