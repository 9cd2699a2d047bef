"""Energies of crystals of ellipsoids, learnt by ridge regression on AniSOAP features.

    python examples/crystal_energies.py --out docs/figures/crystal_energies.png

draws the figure of the documentation. The frames are those of data/ellipsoids.xyz and more of the same kind. Their
energies are sums of Gay–Berne energies (data/gay_berne.py). The hyperparameters of the descriptor are chosen by
cross-validation on the frames for training. The same is done with spheres in place of the ellipsoids: a descriptor that
knows positions only.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from anisoap_opt import ParticleBatch, read
from anisoap_opt.sklearn import AniSOAPTransformer, FeatureCache

DATA = Path(__file__).resolve().parents[1] / "data"
GRID: dict[str, list[Any]] = {
    "max_angular": [4, 6, 8],
    "cutoff_radius": [4.0, 5.0, 6.0],
    "radial_gaussian_width": [0.5, 0.75, 1.0],
}
SPHERES = (2.0, 2.0, 2.0)  # Å; as large as the ellipsoids
COLORS = {"mean": "#999999", "spheres": "#e69f00", "ellipsoids": "#0072b2"}


def make_data(num_frames: int) -> tuple[dict[str, ParticleBatch], Any]:
    """Frames, of spheres and of ellipsoids, and their energies for each particle, ε₀: by the generators of data/."""
    with tempfile.TemporaryDirectory() as folder:
        xyz, txt = Path(folder, "frames.xyz"), Path(folder, "energies.txt")
        for script, path in (("create_ellipsoids.py", xyz), ("create_ellipsoid_energies.py", txt)):
            command = [sys.executable, DATA / script, "--frames", str(num_frames), "--out", path]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return {"spheres": read(xyz, diameters=SPHERES), "ellipsoids": read(xyz)}, np.loadtxt(txt)


def choose_hypers(frames: ParticleBatch, energies: Any) -> GridSearchCV:
    """The model whose hyperparameters have the lowest error over five folds, fitted to all frames."""
    descriptor = AniSOAPTransformer(
        6, "gto", 5.0, radial_gaussian_width=1.0, max_radial=5, symmetric=True, memory=FeatureCache(**GRID)
    )
    model = make_pipeline(descriptor, StandardScaler(), RidgeCV(np.logspace(-6, 2, 9)))
    grid = {f"anisoaptransformer__{name}": values for name, values in GRID.items()}
    folds = KFold(5, shuffle=True, random_state=0)
    return GridSearchCV(model, grid, cv=folds, scoring="neg_root_mean_squared_error").fit(frames, energies)


def learning_curve(
    model: Any, frames: ParticleBatch, energies: Any, train: Any, test: Any, sizes: Any, repeats: int = 5
) -> Any:
    """Mean absolute errors on the frames for testing after training with fewer, drawn at random; [sizes, repeats]."""
    rng, errors = np.random.default_rng(0), []
    for size in np.repeat(sizes, repeats):
        chosen = rng.permutation(train)[:size]
        predicted = clone(model).fit(frames[chosen], energies[chosen]).predict(frames[test])
        errors.append(mean_absolute_error(energies[test], predicted))
    return np.reshape(errors, (-1, repeats))


def draw(sizes: Any, curves: dict[str, Any], energies: Any, predicted: dict[str, Any]) -> Any:
    """The figure: learning curves; what was predicted against what is."""
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    lowest = 1.05 * energies.min()
    right.plot([lowest, 0], [lowest, 0], color="#000000", linewidth=0.8, zorder=0)
    for name, errors in curves.items():
        color = COLORS[name]
        left.fill_between(sizes, errors.min(axis=1), errors.max(axis=1), color=color, alpha=0.2, linewidth=0)
        left.loglog(sizes, np.median(errors, axis=1), "o-", color=color, markersize=4, label=name)
        right.plot(energies, predicted[name], "o", color=color, markersize=4, alpha=0.6, markeredgewidth=0)
    left.legend(frameon=False)
    left.set_xticks(sizes, sizes)
    left.set_xticks([], minor=True)
    left.set_xlabel("frames for training")
    left.set_title("mean absolute error on the frames for testing, ε₀", fontsize=10)
    right.set_xlabel("energy for each particle, ε₀")
    right.set_title("predicted energy, ε₀", fontsize=10)
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Choose hyperparameters, print the errors, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=2000, help="how many, a quarter of them for testing (2000)")
    parser.add_argument("--out", type=Path, default=Path("crystal_energies.png"), help="file of the figure")
    options = parser.parse_args()
    if options.frames < 100:
        parser.error("--frames must be at least 100")
    batches, energies = make_data(options.frames)
    train, test = train_test_split(np.arange(len(energies)), test_size=0.25, random_state=0)
    sizes = np.unique(np.geomspace(50, len(train), 6).astype(int))
    print(f"{len(train)} frames for training, {len(test)} for testing; energies {energies.min()} to {energies.max()}")
    predicted, curves = {}, {}
    for name in COLORS:
        frames = batches.get(name, batches["spheres"])
        if name == "mean":
            model, how = DummyRegressor().fit(frames[train], energies[train]), ""
        else:
            search = choose_hypers(frames[train], energies[train])
            chosen = ", ".join(f"{key.rpartition('__')[2]} {value}" for key, value in search.best_params_.items())
            model, how = search.best_estimator_, f"; {-search.best_score_:.4f} cross-validated, {chosen}"
        predicted[name] = model.predict(frames[test])
        rmse, mae = (error(energies[test], predicted[name]) for error in (root_mean_squared_error, mean_absolute_error))
        print(f"{name}: RMSE {rmse:.4f}, MAE {mae:.4f}{how}")
        curves[name] = learning_curve(model, frames, energies, train, test, sizes)
    matplotlib.use("Agg")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    draw(sizes, curves, energies[test], predicted).savefig(options.out, dpi=160)


if __name__ == "__main__":
    main()
