"""
A map of frames to click through
================================

Two hundred frames are too many to look at one by one. A map puts frames with similar features close to each other. A
click on a point shows its frame.
"""

# %%
# Each frame of ``benzenes.xyz`` is a small periodic cell with two benzene molecules. Every atom is a flat ellipsoid
# with the orientation of its molecule. The features of a frame are the mean over its atoms.

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

import anisoap_opt

DATA = Path(anisoap_opt.__file__).parents[1] / "data"
frames = anisoap_opt.read(DATA / "benzenes.xyz")
calculator = anisoap_opt.EllipsoidalDensityProjection(
    6, "gto", 7.0, radial_gaussian_width=1.5, backend="numpy_only"  # compiles nothing
)  # fmt: skip
features = calculator.power_spectrum(frames)
print(f"{features.shape[0]} frames, {features.shape[1]} features")

# %%
# What could the map show? The first twelve atoms of a frame are one molecule, the others are the second one. The short
# axis of an atom is the third column of its rotation matrix: the normal of its ring. That gives the angle between the
# two rings. The other number is the distance of their centres, or of the images of these in neighbouring cells.

normals = frames.rotations[:, :, 2].reshape(-1, 24, 3)  # [frames, atoms, xyz]
angles = np.degrees(np.arccos(np.abs(np.sum(normals[:, 0] * normals[:, 12], axis=1)).clip(0, 1)))
centers = frames.positions.reshape(-1, 2, 12, 3).mean(axis=2)  # [frames, molecules, xyz]
shifts = np.stack(np.meshgrid(*[[-2, -1, 0, 1, 2]] * 3), axis=-1).reshape(-1, 3)
distances = np.linalg.norm((centers[:, 1] - centers[:, 0])[:, None] + shifts @ frames.cells, axis=2).min(axis=1)

# %%
# Principal components are the directions in which the features differ most. All features are scaled to a variance of
# one before: else the few largest ones would decide alone.

scaled = StandardScaler().fit_transform(features)
model = PCA(n_components=3).fit(scaled)
components = model.transform(scaled)
for k, share in enumerate(model.explained_variance_ratio_):
    with_angle, with_distance = (np.corrcoef(components[:, k], values)[0, 1] for values in (angles, distances))
    print(f"component {k + 1}: {share:.0%} of the variance;", end=" ")
    print(f"correlation {with_angle:+.2f} with the angle, {with_distance:+.2f} with the distance")

# %%
# Color is the angle between the rings: dark points are frames with parallel rings.

figure, ax = plt.subplots(figsize=(6.5, 5), layout="constrained")
dots = ax.scatter(components[:, 0], components[:, 1], c=angles, cmap="viridis", s=36, edgecolor="white", linewidth=0.5)
figure.colorbar(dots, label="angle between the rings, degrees")
ax.set_xlabel(f"first component, {model.explained_variance_ratio_[0]:.0%} of the variance")
ax.set_ylabel(f"second component, {model.explained_variance_ratio_[1]:.0%}")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# The same map, to click through. Turn the frame with the mouse; the menus at the corners change colors and axes. Needs
# the extra ``view``. In a notebook this line shows the same, and ``.save("map.html")`` writes a page to pass on.

anisoap_opt.view(
    frames, components, feature_names=["component 1", "component 2", "component 3"],
    properties={"angle between rings": angles, "distance": distances},
)  # fmt: skip
