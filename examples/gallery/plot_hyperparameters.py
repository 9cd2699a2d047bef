"""
Cutoff, width, max_angular
==========================

Three numbers decide what a descriptor holds: how far it looks, how wide its radial functions are, and how fine the
directions are that it tells apart. What does each of them do to the picture that a model gets, and to the time?
"""

# %%
# What is left of the density
# ---------------------------
# A layer of a crystal of ellipsoids, and the density of ellipsoidal Gaussians around one of them. The coefficients of
# the expansion hold a part of that density. The functions of ``examples/front_page.py`` add up that part again.

import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import anisoap_opt

ROOT = Path(anisoap_opt.__file__).parents[1]
sys.path.insert(0, str(ROOT / "examples"))
from front_page import density, draw_ellipsoids, expanded_density, herringbone, part

USUAL = {"cutoff_radius": 6.0, "radial_gaussian_width": 1.5, "max_angular": 6}
LABELS = {
    "cutoff_radius": "cutoff_radius, Å",
    "radial_gaussian_width": "radial_gaussian_width, Å",
    "max_angular": "max_angular",
}
SHORT = {"cutoff_radius": "cutoff", "radial_gaussian_width": "width", "max_angular": "max_angular"}


def calculator(**changes):
    """The usual numbers, but for the changes. The backend is one that has nothing to compile."""
    return anisoap_opt.EllipsoidalDensityProjection(
        **{**USUAL, **changes}, radial_basis_name="gto", backend="numpy_only"
    )


crystal = herringbone(4)
distances = np.linalg.norm(crystal.positions, axis=1)
SIDE = 7.5  # Å
line = np.linspace(-SIDE, SIDE, 121)
points = np.stack(np.meshgrid(line, line, 1e-9), axis=-1).reshape(-1, 3)


def show(ax, values, title, cutoff=None):
    """A density in the plane of the layer; a dashed circle shows the cutoff."""
    ax.imshow(values.reshape(121, 121), origin="lower", extent=(-SIDE, SIDE) * 2, cmap="magma", vmin=0)
    if cutoff:
        ax.add_patch(plt.Circle((0, 0), cutoff, fill=False, color="#ffffff", linestyle="--"))
    ax.set_title(title, fontsize=10)
    ax.set(xticks=[], yticks=[])


figure, (left, right) = plt.subplots(1, 2, figsize=(6, 3.2), layout="constrained")
layer = part(crystal, (np.abs(crystal.positions) < (SIDE + 2, SIDE + 2, 1)).all(axis=1))
draw_ellipsoids(left, layer, ["#e69f00", *["#56b4e9"] * (len(layer.types) - 1)])
left.set(xlim=(-SIDE, SIDE), ylim=(-SIDE, SIDE), title="a layer of the crystal")
show(right, density(crystal, points), "its density", USUAL["cutoff_radius"])
plt.show()

# %%
# Now what the expansion keeps. In each row one number changes; the others are 6 Å, 1.5 Å and 6. ``max_radial`` is not
# given, so that the number of radial functions grows with ``max_angular``.

# sphinx_gallery_thumbnail_number = 2
rows = {
    "cutoff_radius": [3.0, 4.5, 6.0, 7.5],
    "radial_gaussian_width": [0.75, 1.0, 1.5, 2.5],
    "max_angular": [2, 4, 6, 10],
}
figure, panels = plt.subplots(3, 4, figsize=(8.5, 6.8), layout="constrained")
for (name, values), axes in zip(rows.items(), panels, strict=True):
    for ax, value in zip(axes, values, strict=True):
        made = calculator(**{name: value})
        near = part(crystal, distances < made.cutoff_radius)
        show(ax, expanded_density(made, near, points), f"{SHORT[name]} {value:g}", made.cutoff_radius)
    axes[0].set_ylabel(LABELS[name], fontsize=10)
plt.show()

# %%
# - The **cutoff** decides which particles there are. It acts on distances between particles: a neighbour is there as a
#   whole or not at all.
# - The **width** is how far the radial functions reach, :math:`r^{l+2n} \exp(-r^2/2\sigma^2)`. Narrow ones resolve what
#   is near and see nothing of what is far: then a larger cutoff costs time and adds little. Wide ones see everything,
#   as if out of focus.
# - **max_angular** is the resolution. At a distance r, directions are resolved by about r π / max_angular.
#
# What it costs
# -------------
# Twenty frames of ``data/benzenes.xyz``, 24 particles of two types in each. Times are those of the processor, the
# shortest of ten runs. They depend on the machine and on the backend; the tendency is what matters. Numbers at the
# points are numbers of features.

frames = anisoap_opt.read(ROOT / "data" / "benzenes.xyz", index=":20")
scans = {
    "cutoff_radius": np.arange(3.0, 10.0),
    "radial_gaussian_width": np.arange(0.5, 3.1, 0.5),
    "max_angular": np.arange(1, 11),
}
figure, panels = plt.subplots(1, 3, figsize=(9.5, 3.2), layout="constrained", sharey=True)
for ax, (name, values) in zip(panels, scans.items(), strict=True):
    milliseconds, num_features = [], []
    for value in values.tolist():
        made = calculator(**{name: value})
        runs = []
        for _ in range(10):
            start = time.process_time()
            features = made.power_spectrum(frames)
            runs.append(time.process_time() - start)
        milliseconds.append(1e3 * min(runs) / 20)
        num_features.append(features.shape[1])
    ax.semilogy(values, milliseconds, "o-", color="#0072b2")
    for k in range(0, len(values), 3):
        place = (values[k], milliseconds[k])
        ax.annotate(num_features[k], place, xytext=(0, 7), textcoords="offset points", ha="center", fontsize=8)
    ax.set_xlabel(LABELS[name])
    ax.margins(y=0.2)
    ax.spines[["top", "right"]].set_visible(False)
panels[0].set_ylabel("ms a frame")
plt.show()

# %%
# A larger cutoff has more pairs, their number grows with its third power. The width changes neither pairs nor features,
# and the time by little. ``max_angular`` costs time and features, and features cost memory and more crystals to learn
# from.
